// A pid alone is no identity: it is used again. With its start time it is one (proc(5), stat field 22).
import { readFileSync } from 'node:fs'
import { sleep } from '../../lib/abort.ts'

export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks since boot. */
  readonly startTime: number
}

/** @throws Error when there is no such process */
export function processIdentity(pid: number): ProcessIdentity {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command name, in parentheses, may hold anything; what follows the last one is regular.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { pid, startTime: Number(fields[19]) }
}

/** The process is there and not a zombie. */
export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return processIdentity(pid).startTime === startTime && stat[stat.lastIndexOf(')') + 2] !== 'Z'
  } catch {
    return false
  }
}

/** Asks the process to end, and after the time makes it. */
export async function endProcess(identity: ProcessIdentity, timeoutMs: number): Promise<void> {
  if (!isRunning(identity)) return
  process.kill(identity.pid, 'SIGTERM')
  const deadline = performance.now() + timeoutMs
  while (isRunning(identity)) {
    if (performance.now() > deadline) {
      process.kill(identity.pid, 'SIGKILL')
      while (isRunning(identity)) await sleep(10)
      return
    }
    await sleep(10)
  }
}
