// What follows when a process ends: the last lines of its log, how it ended on record, then the launcher may forget it.
import { messageOf } from '../errors.ts'
import type { ExitRecord } from '../launcher/messages.ts'
import { outputPaths, removeOutputs } from '../logs/container-log.ts'
import type { ContainerExit, ContainerRecord } from '../records/records.ts'
import type { Parts } from './parts.ts'
import { noteInitExit } from './pod-init.ts'

/** How long what a container leaves behind in shared PID namespaces may take to die. */
const killTimeoutMs = 5_000

/** Takes note of exits from now on, those the launcher has kept included. Answers how to stop. */
export function followExits(parts: Parts): () => void {
  return parts.launcher.onExit(exit => {
    void noteExit(parts, exit).catch((error: unknown) => {
      parts.logger.error({ id: exit.id, error: messageOf(error) }, 'an exit could not be recorded')
    })
  })
}

/** Idempotent: the launcher repeats an exit until it is acknowledged. */
async function noteExit(parts: Parts, exit: ExitRecord): Promise<void> {
  if (exit.kind === 'container') {
    await parts.locks.run(exit.id, async () => {
      const record = parts.containerRecords.get(exit.id)
      if (!record || record.exit) return
      const { pid, startTime, startedAtMs } = exit
      const started = { ...record, start: record.start ?? { pid, startTime, startedAtMs } }
      await recordExit(parts, started, exit)
    })
  }
  if (exit.kind === 'sandbox') await parts.locks.run(exit.id, () => noteInitExit(parts, exit))
  parts.exits.announce(exit)
  await parts.launcher.acknowledge([exit.id])
}

/** Ends a container on record. The caller holds its lock. */
export async function recordExit(
  parts: Parts,
  record: ContainerRecord,
  how: ExitRecord | ContainerExit,
): Promise<void> {
  const cgroup = parts.cgroups.open(record.cgroupPath)
  // With a PID namespace of its own, all its processes went with the first one.
  if (record.start && record.spec.namespaces.pid !== 'new') await cgroup.kill(killTimeoutMs)
  await parts.logs.finish(record.id)
  const exit = 'reason' in how ? how : describe(how, cgroup.oomKills())
  parts.containerRecords.save({ ...record, exit })
  parts.events.publish({ kind: 'stopped', containerId: record.id, sandboxId: record.sandboxId })
  removeOutputs(outputPaths(parts.ioDir, record.id))
  // Its memory is accounted to it until the cgroup is gone; nothing waits for that.
  void cgroup.remove().catch((error: unknown) => {
    parts.logger.warn({ container: record.id, error: messageOf(error) }, 'a cgroup could not be removed')
  })
}

function describe(exit: ExitRecord, oomKills: number): ContainerExit {
  const { exitCode, exitedAtMs: finishedAtMs } = exit
  if (exit.lost) {
    const message = 'how it ended is not known: the launcher was not running then'
    return { finishedAtMs, exitCode, reason: 'Unknown', message }
  }
  const reason = exitCode === 0 ? 'Completed' : oomKills > 0 ? 'OOMKilled' : 'Error'
  return { finishedAtMs, exitCode, reason, message: '' }
}
