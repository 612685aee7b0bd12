/** How an action on a container went; the output is for people. */
export interface Outcome {
  readonly ok: boolean
  /** Nobody could ask: it says nothing about the container. */
  readonly unknown?: true
  readonly output: string
}
