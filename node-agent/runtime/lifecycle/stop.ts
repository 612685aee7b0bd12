// Stopping and removing containers and sandboxes. All of it is idempotent: what is gone, or was never there, is no error.
import { messageOf, RuntimeError } from '../errors.ts'
import { outputPaths, removeOutputs } from '../logs/container-log.ts'
import type { SandboxRecord } from '../records/records.ts'
import { askToStop } from './ask-to-stop.ts'
import { ofSandbox } from './events.ts'
import { findContainer, findSandbox } from './ids.ts'
import type { Parts } from './parts.ts'
import { weighGroup } from './pod-groups.ts'
import { endInit } from './pod-init.ts'
import { within } from './within.ts'

const SIGKILL = 9
/** How long a killed process may take to be gone before we say so. */
const killTimeoutMs = 30_000

/** Asks, waits, kills. @param graceMs 0 kills at once */
export async function stopContainer(parts: Parts, containerId: string | undefined, graceMs: number): Promise<void> {
  const found = findContainer(parts, containerId)
  if (!found) return
  const { id } = found
  // After a start that is under way.
  const running = await parts.locks.run(id, () => {
    const record = parts.containerRecords.get(id)
    return record?.start && !record.exit ? record : undefined
  })
  if (!running) return
  const ended = parts.exits.wait(id)
  try {
    if (graceMs > 0) {
      using _asking = await askToStop(parts, running)
      if ((await within(ended.exit, graceMs)) !== 'late') return
    }
    await parts.launcher.signal(id, SIGKILL)
    if ((await within(ended.exit, killTimeoutMs)) !== 'late') return
    const message = `container ${id} was killed and is still not gone: its process may hang in a system call`
    throw new RuntimeError('timeout', message)
  } finally {
    ended.cancel()
  }
}

/** Kills it first, if it runs. Its log file stays: whoever asked for it decides. */
export async function removeContainer(parts: Parts, containerId: string | undefined): Promise<void> {
  const found = findContainer(parts, containerId)
  if (!found) return
  const { id, sandboxId } = found
  await stopContainer(parts, id, 0)
  await parts.locks.run(id, async () => {
    const record = parts.containerRecords.get(id)
    if (!record) return
    await parts.logs.finish(id)
    removeOutputs(outputPaths(parts.ioDir, id))
    await parts.cgroups.open(record.cgroupPath).remove()
    parts.containerRecords.delete(id)
    parts.events.publish({ kind: 'deleted', containerId: id, sandboxId })
  })
}

function containersOf(parts: Parts, sandboxId: string): string[] {
  return parts.containerRecords
    .list()
    .filter(container => container.sandboxId === sandboxId)
    .map(container => container.id)
}

/** Kills the sandbox's containers and takes network and namespaces down. */
export async function stopSandbox(parts: Parts, sandboxId: string | undefined): Promise<void> {
  const sandbox = findSandbox(parts, sandboxId)
  if (!sandbox) return
  // On record first: from here on no container can be added or started. The rest is done again for one that is stopped
  // already, since what stopped it may have been cut short.
  const wasReady = sandbox.notReady !== true
  if (wasReady) parts.sandboxRecords.save({ ...sandbox, notReady: true })
  try {
    await Promise.all(containersOf(parts, sandbox.id).map(id => stopContainer(parts, id, 0)))
    await endInit(parts, sandbox)
    parts.sandboxes.remove(sandbox.id)
    weighGroup(parts, sandbox.cgroupParent)
  } finally {
    // After its containers', and though one of them hangs: the sandbox is stopped once.
    if (wasReady) parts.events.publish(ofSandbox('stopped', sandbox.id))
  }
}

/** Stops it and removes it with all its containers. */
export async function removeSandbox(parts: Parts, sandboxId: string | undefined): Promise<void> {
  const sandbox = findSandbox(parts, sandboxId)
  if (!sandbox) return
  await stopSandbox(parts, sandbox.id)
  await Promise.all(containersOf(parts, sandbox.id).map(id => removeContainer(parts, id)))
  await removePodCgroup(parts, sandbox)
  if (!parts.sandboxRecords.get(sandbox.id)) return
  // Still on record, since whoever hears of it is told whose it was.
  parts.events.publish(ofSandbox('deleted', sandbox.id))
  parts.sandboxRecords.delete(sandbox.id)
}

/** The pod's cgroup goes with its last sandbox, and what was made above it; what others made, or use, stays. */
export async function removePodCgroup(
  { sandboxRecords, cgroups, cgroupRoot, logger }: Parts,
  { id, cgroupParent }: Pick<SandboxRecord, 'id' | 'cgroupParent'>,
): Promise<void> {
  if (sandboxRecords.list().some(other => other.id !== id && other.cgroupParent === cgroupParent)) return
  try {
    await cgroups.removeOwn(cgroupParent, cgroupRoot)
  } catch (error) {
    logger.warn({ sandbox: id, cgroup: cgroupParent, error: messageOf(error) }, 'a cgroup could not be removed')
  }
}
