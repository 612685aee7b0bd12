/** A volume can't be made as its pod asks; the message says what is missing. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError'
  /** Each problem by itself. */
  readonly problems: readonly string[]

  constructor(problem: string | readonly string[], options?: ErrorOptions) {
    const problems = typeof problem === 'string' ? [problem] : problem
    super(together(problems), options)
    this.problems = problems
  }
}

/** Several problems as Kubernetes writes them in one message: `[a, b]`, none twice. */
function together(problems: readonly string[]): string {
  const distinct = [...new Set(problems)]
  return distinct.length === 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]`
}

/**
 * Does all of several things, though some fail.
 * @throws VolumeError with what all of them lack
 */
export async function allOrProblems<T, R>(items: readonly T[], make: (item: T) => R | Promise<R>): Promise<R[]> {
  const made: R[] = []
  const problems: string[] = []
  for (const item of items) {
    try {
      made.push(await make(item))
    } catch (error) {
      if (error instanceof VolumeError) problems.push(...error.problems)
      else problems.push(error instanceof Error ? error.message : String(error))
    }
  }
  if (problems.length > 0) throw new VolumeError(problems)
  return made
}
