// Logs that grew too large are moved aside; the runtime then goes on in a new file. The runtime itself never rotates:
// CRI leaves that to whoever manages the pods.
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import type { RuntimeClient } from '../../../client/runtime.ts'
import { sleep } from '../../../lib/abort.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { ObservedContainer } from '../observation/observation.ts'

/** Kubernetes' containerLogMaxSize and containerLogMaxFiles. */
const mostBytes = 10 * 1024 * 1024
const mostFiles = 5
const everyMs = 30_000

/** A container's log files, the newest first: the one being written, then those moved aside. */
export function logFiles(logPath: string): string[] {
  const folder = path.dirname(logPath)
  if (logPath === '' || !existsSync(folder)) return []
  const aside = `${path.basename(logPath)}.`
  const rotated = readdirSync(folder)
    .filter(name => name.startsWith(aside))
    .sort()
    .reverse()
  return [logPath, ...rotated.map(name => path.join(folder, name))]
}

/** Moves a log aside if it is too large, and lets go of the oldest. */
export async function rotate(
  logPath: string,
  containerId: string,
  runtime: Pick<RuntimeClient, 'reopenContainerLog'>,
  nowMs: number,
  limitBytes = mostBytes,
): Promise<void> {
  const size = statSync(logPath, { throwIfNoEntry: false })?.size ?? 0
  if (size <= limitBytes) return
  const aside = `${logPath}.${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`
  renameSync(logPath, aside)
  try {
    await runtime.reopenContainerLog({ containerId })
  } catch (error) {
    // Nobody writes to the new name yet, so the old one can have it back.
    if (!existsSync(logPath)) renameSync(aside, logPath)
    throw error
  }
  for (const file of logFiles(logPath).slice(mostFiles)) rmSync(file, { force: true })
}

/** Watches over the logs of running containers until the signal aborts. */
export async function keepLogsSmall(
  running: () => Iterable<ObservedContainer>,
  runtime: Pick<RuntimeClient, 'reopenContainerLog'>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const stopped = (): boolean => signal.aborted
  while (!stopped()) {
    await sleep(everyMs, signal)
    for (const { id, logPath } of running()) {
      if (stopped()) return
      try {
        if (logPath !== '') await rotate(logPath, id, runtime, Date.now())
      } catch (error) {
        log.warn({ err: error, logPath }, 'a log could not be rotated')
      }
    }
  }
}
