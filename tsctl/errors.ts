// What can go wrong on this side of the wire, and how anything that went wrong is told.
import { StatusError } from '../api/errors.ts'

/** The command was given something it can't work with; the message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** One line for a person, in kubectl's form for what the server answered. */
export function explainError(error: unknown): string {
  if (error instanceof StatusError) {
    const { reason, message } = error.status
    return reason === undefined
      ? `Error from server: ${message ?? ''}`
      : `Error from server (${reason}): ${message ?? ''}`
  }
  return `error: ${error instanceof Error ? error.message : String(error)}`
}
