// Why a process could not be started, as the child finds out.
import { type StartFailureReason } from '../messages.ts'

/** A start that fails for a reason the plan's author can understand; other errors count as failed system calls. */
export class StartRefusal extends Error {
  readonly reason: StartFailureReason
  readonly exitCode: number

  constructor(reason: StartFailureReason, message: string, exitCode = 128) {
    super(message)
    this.name = 'StartRefusal'
    this.reason = reason
    this.exitCode = exitCode
  }
}
