/** How a probe went; the output is for people. */
export interface Outcome {
  /** `warning` is a success that somebody should look at; `unknown` says nothing about the container. */
  readonly result: 'success' | 'warning' | 'failure' | 'unknown'
  /** The probe itself went wrong: whatever the result, it is told and not counted. */
  readonly errored?: true
  readonly output: string
}

export const success = (output = ''): Outcome => ({ result: 'success', output })
export const failure = (output: string): Outcome => ({ result: 'failure', output })

/** A probe that went wrong itself. */
export const errored = (result: 'failure' | 'unknown', error: unknown): Outcome => ({
  result,
  errored: true,
  output: error instanceof Error ? error.message : String(error),
})
