// The last stop of an error on its way out: what a client is told, and what only the log is.
import { randomBytes } from 'node:crypto'
import { StatusError } from '../../api/errors.ts'
import type { Logger } from '../../lib/logger.ts'

/**
 * A StatusError is the answer itself. Anything else is a fault of ours: it is logged whole, and the client gets an
 * InternalError that names the log entry instead of its insides.
 */
export function presentable(error: unknown, logger: Logger, what: string): StatusError {
  if (error instanceof StatusError) return error
  const incident = randomBytes(4).toString('hex')
  logger.error({ err: error, incident, request: what }, 'request failed unexpectedly')
  return StatusError.internalError(`the control plane failed; look for incident ${incident} in its log`)
}
