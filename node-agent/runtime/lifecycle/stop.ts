// Stopping and removing containers and sandboxes. All of it is idempotent: what is gone, or was never there, is no error.
import { messageOf, RuntimeError } from '../errors.ts'
import { outputPaths, removeOutputs } from '../logs/container-log.ts'
import type { SandboxRecord } from '../records/records.ts'
import { askToStop } from './ask-to-stop.ts'
import { ofSandbox } from './events.ts'
import { findContainer, findSandbox } from './ids.ts'
import { weighGroup } from './pod-groups.ts'
import { endInit } from './pod-init.ts'
import type { Runtime } from './runtime.ts'
import { within } from './within.ts'

const SIGKILL = 9
/** How long a killed process may take to be gone before we say so. */
const killTimeoutMs = 30_000

/** Asks, waits, kills. @param graceMs 0 kills at once */
export async function stopContainer(runtime: Runtime, containerId: string | undefined, graceMs: number): Promise<void> {
  const found = findContainer(runtime, containerId)
  if (!found) return
  const { id } = found
  // After a start that is under way.
  const running = await runtime.locks.run(id, () => {
    const record = runtime.containerRecords.get(id)
    return record?.start && !record.exit ? record : undefined
  })
  if (!running) return
  const ended = runtime.exits.wait(id)
  try {
    if (graceMs > 0) {
      using _asking = await askToStop(runtime, running)
      if ((await within(ended.exit, graceMs)) !== 'late') return
    }
    await runtime.launcher.signal(id, SIGKILL)
    if ((await within(ended.exit, killTimeoutMs)) !== 'late') return
    const message = `container ${id} was killed and is still not gone: its process may hang in a system call`
    throw new RuntimeError('timeout', message)
  } finally {
    ended.cancel()
  }
}

/** Kills it first, if it runs. Its log file stays: whoever asked for it decides. */
export async function removeContainer(runtime: Runtime, containerId: string | undefined): Promise<void> {
  const found = findContainer(runtime, containerId)
  if (!found) return
  const { id, sandboxId } = found
  await stopContainer(runtime, id, 0)
  await runtime.locks.run(id, async () => {
    const record = runtime.containerRecords.get(id)
    if (!record) return
    await runtime.logs.finish(id)
    removeOutputs(outputPaths(runtime.ioDir, id))
    await runtime.cgroups.open(record.cgroupPath).remove()
    runtime.containerRecords.delete(id)
    runtime.events.publish({ kind: 'deleted', containerId: id, sandboxId })
  })
}

function containersOf(runtime: Runtime, sandboxId: string): string[] {
  return runtime.containerRecords
    .list()
    .filter(container => container.sandboxId === sandboxId)
    .map(container => container.id)
}

/** Kills the sandbox's containers and takes network and namespaces down. */
export async function stopSandbox(runtime: Runtime, sandboxId: string | undefined): Promise<void> {
  const sandbox = findSandbox(runtime, sandboxId)
  if (!sandbox) return
  // On record first: from here on no container can be added or started. The rest is done again for one that is stopped
  // already, since what stopped it may have been cut short.
  const wasReady = sandbox.notReady !== true
  if (wasReady) runtime.sandboxRecords.save({ ...sandbox, notReady: true })
  try {
    await Promise.all(containersOf(runtime, sandbox.id).map(id => stopContainer(runtime, id, 0)))
    await endInit(runtime, sandbox)
    runtime.sandboxes.remove(sandbox.id)
    weighGroup(runtime, sandbox.cgroupParent)
  } finally {
    // After its containers', and though one of them hangs: the sandbox is stopped once.
    if (wasReady) runtime.events.publish(ofSandbox('stopped', sandbox.id))
  }
}

/** Stops it and removes it with all its containers. */
export async function removeSandbox(runtime: Runtime, sandboxId: string | undefined): Promise<void> {
  const sandbox = findSandbox(runtime, sandboxId)
  if (!sandbox) return
  await stopSandbox(runtime, sandbox.id)
  await Promise.all(containersOf(runtime, sandbox.id).map(id => removeContainer(runtime, id)))
  await removePodCgroup(runtime, sandbox)
  if (!runtime.sandboxRecords.get(sandbox.id)) return
  // Still on record, since whoever hears of it is told whose it was.
  runtime.events.publish(ofSandbox('deleted', sandbox.id))
  runtime.sandboxRecords.delete(sandbox.id)
}

/** The pod's cgroup goes with its last sandbox, and what was made above it; what others made, or use, stays. */
export async function removePodCgroup(
  { sandboxRecords, cgroups, cgroupRoot, logger }: Runtime,
  { id, cgroupParent }: Pick<SandboxRecord, 'id' | 'cgroupParent'>,
): Promise<void> {
  if (sandboxRecords.list().some(other => other.id !== id && other.cgroupParent === cgroupParent)) return
  try {
    await cgroups.removeOwn(cgroupParent, cgroupRoot)
  } catch (error) {
    logger.warn({ sandbox: id, cgroup: cgroupParent, error: messageOf(error) }, 'a cgroup could not be removed')
  }
}
