/** How an action on a container went; the output is for people. */
export interface Outcome {
  readonly ok: boolean
  readonly output: string
}
