// Why a step failed, in the words of container statuses and events.
import { UnavailableError } from '../../../client/call-error.ts'
import { RuntimeError } from '../../../client/runtime.ts'

export class StepError extends Error {
  override readonly name = 'StepError'
  /** As in a waiting container: ErrImagePull, CreateContainerConfigError … */
  readonly reason: string

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** Whether nothing was tried, because nobody was there to do it. */
export function isAway(error: unknown): boolean {
  const cause = error instanceof StepError ? error.cause : error
  return (
    cause instanceof UnavailableError ||
    (cause instanceof RuntimeError && (cause.code === 'UNAVAILABLE' || cause.code === 'CANCELLED'))
  )
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Runs part of a step; what goes wrong in it gets a reason. */
export async function reasoned<T>(reason: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof StepError ? error : new StepError(reason, messageOf(error), { cause: error })
  }
}
