// What the supervisor is told, and what it tells others of the processes it keeps.
import { readFileSync } from 'node:fs'
import type { Program } from './layout.ts'
import { isRunning, type ProcessIdentity } from './process-identity.ts'

export interface SupervisorConfig {
  readonly record: string
  readonly logs: string
  readonly programs: readonly Program[]
}

export interface SupervisorRecord extends ProcessIdentity {
  readonly programs: Record<string, ProgramRecord>
}

export interface ProgramRecord extends Partial<ProcessIdentity> {
  readonly restarts: number
  /** How the latest run ended, when it did. */
  readonly lastExit?: string
}

/** @returns what a supervisor wrote, undefined when there is none (or a torn one) */
export function readRecord(file: string): SupervisorRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SupervisorRecord
  } catch {
    return undefined
  }
}

/** @returns the record of a supervisor that is alive */
export function liveRecord(file: string): SupervisorRecord | undefined {
  const record = readRecord(file)
  return record && isRunning(record) ? record : undefined
}
