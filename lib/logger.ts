// Structured logs, one JSON line an event, to standard error.
import { pino } from 'pino'

export type Logger = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'> & {
  child(bindings: Record<string, unknown>): Logger
}

/** @param level from TESSERA_LOG: debug, info, warn, error or silent */
export function createLogger(component: string, level = process.env['TESSERA_LOG'] ?? 'info'): Logger {
  return pino(
    { level, base: { component }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  )
}

export const silentLogger: Logger = pino({ level: 'silent' })
