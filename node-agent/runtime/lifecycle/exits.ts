// What follows when a process ends: the last lines of its log, how it ended on record, then the launcher may forget it.
import { messageOf } from '../errors.ts'
import type { ExitRecord } from '../launcher/messages.ts'
import { outputPaths, removeOutputs } from '../logs/container-log.ts'
import type { ContainerExit, ContainerRecord } from '../records/records.ts'
import { noteInitExit } from './pod-init.ts'
import type { Runtime } from './runtime.ts'

/** How long what a container leaves behind in shared PID namespaces may take to die. */
const killTimeoutMs = 5_000

/** Takes note of exits from now on, those the launcher has kept included. Answers how to stop. */
export function followExits(runtime: Runtime): () => void {
  return runtime.launcher.onExit(exit => {
    void noteExit(runtime, exit).catch((error: unknown) => {
      runtime.logger.error({ id: exit.id, error: messageOf(error) }, 'an exit could not be recorded')
    })
  })
}

/** Idempotent: the launcher repeats an exit until it is acknowledged. */
async function noteExit(runtime: Runtime, exit: ExitRecord): Promise<void> {
  if (exit.kind === 'container') {
    await runtime.locks.run(exit.id, async () => {
      const record = runtime.containerRecords.get(exit.id)
      if (!record || record.exit) return
      const { pid, startTime, startedAtMs } = exit
      const started = { ...record, start: record.start ?? { pid, startTime, startedAtMs } }
      await recordExit(runtime, started, exit)
    })
  }
  if (exit.kind === 'sandbox') await runtime.locks.run(exit.id, () => noteInitExit(runtime, exit))
  runtime.exits.announce(exit)
  await runtime.launcher.acknowledge([exit.id])
}

/** Ends a container on record. The caller holds its lock. */
export async function recordExit(
  runtime: Runtime,
  record: ContainerRecord,
  how: ExitRecord | ContainerExit,
): Promise<void> {
  const cgroup = runtime.cgroups.open(record.cgroupPath)
  // With a PID namespace of its own, all its processes went with the first one.
  if (record.start && record.spec.namespaces.pid !== 'new') await cgroup.kill(killTimeoutMs)
  await runtime.logs.finish(record.id)
  const exit = 'reason' in how ? how : describe(how, cgroup.oomKills())
  runtime.containerRecords.save({ ...record, exit })
  runtime.events.publish({ kind: 'stopped', containerId: record.id, sandboxId: record.sandboxId })
  removeOutputs(outputPaths(runtime.ioDir, record.id))
  // Its memory is accounted to it until the cgroup is gone; nothing waits for that.
  void cgroup.remove().catch((error: unknown) => {
    runtime.logger.warn({ container: record.id, error: messageOf(error) }, 'a cgroup could not be removed')
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
