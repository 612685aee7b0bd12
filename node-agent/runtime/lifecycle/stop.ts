// Stopping and removing containers and sandboxes. All of it is idempotent: what is gone, or was never there, is no error.
import { messageOf, RuntimeError } from '../errors.ts'
import { outputPaths, removeOutputs } from '../logs/container-log.ts'
import type { SandboxRecord } from '../records/records.ts'
import { find } from './ids.ts'
import type { Parts } from './parts.ts'
import { weighGroup } from './pod-groups.ts'
import { endInit } from './pod-init.ts'

const SIGKILL = 9
/** How long a killed process may take to be gone before we say so. */
const killTimeoutMs = 30_000

/** Asks, waits, kills. @param graceMs 0 kills at once */
export async function stopContainer(parts: Parts, containerId: string | undefined, graceMs: number): Promise<void> {
  const found = find(parts.containerRecords, containerId, 'container')
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
    if (graceMs > 0 && (await parts.launcher.signal(id, running.stopSignal))) {
      if (await within(ended.exit, graceMs)) return
    }
    await parts.launcher.signal(id, SIGKILL)
    if (await within(ended.exit, killTimeoutMs)) return
    const message = `container ${id} was killed and is still not gone: its process may hang in a system call`
    throw new RuntimeError('timeout', message)
  } finally {
    ended.cancel()
  }
}

/** Whether the promise came to a value in time. */
async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  const result = await Promise.race([promise, late])
  clearTimeout(timer)
  return result !== undefined
}

/** Kills it first, if it runs. Its log file stays: whoever asked for it decides. */
export async function removeContainer(parts: Parts, containerId: string | undefined): Promise<void> {
  const found = find(parts.containerRecords, containerId, 'container')
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
    parts.events.publish({ kind: 'deleted', containerId: id, sandboxId, atMs: Date.now() })
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
  const sandbox = find(parts.sandboxRecords, sandboxId, 'sandbox')
  if (!sandbox) return
  // On record first: from here on no container can be added or started. The rest is done again for one that is stopped
  // already, since what stopped it may have been cut short.
  if (!sandbox.notReady) parts.sandboxRecords.save({ ...sandbox, notReady: true })
  await Promise.all(containersOf(parts, sandbox.id).map(id => stopContainer(parts, id, 0)))
  await endInit(parts, sandbox)
  parts.sandboxes.remove(sandbox.id)
  weighGroup(parts, sandbox.cgroupParent)
}

/** Stops it and removes it with all its containers. */
export async function removeSandbox(parts: Parts, sandboxId: string | undefined): Promise<void> {
  const sandbox = find(parts.sandboxRecords, sandboxId, 'sandbox')
  if (!sandbox) return
  await stopSandbox(parts, sandbox.id)
  await Promise.all(containersOf(parts, sandbox.id).map(id => removeContainer(parts, id)))
  await removePodCgroup(parts, sandbox)
  parts.sandboxRecords.delete(sandbox.id)
}

/** The pod's own cgroup goes with its last sandbox; one that others use stays. */
async function removePodCgroup(parts: Parts, { id, cgroupParent }: SandboxRecord): Promise<void> {
  const shared = parts.sandboxRecords.list().some(other => other.id !== id && other.cgroupParent === cgroupParent)
  if (shared || parts.cgroups.children(cgroupParent).length > 0) return
  try {
    await parts.cgroups.open(cgroupParent).remove()
  } catch (error) {
    parts.logger.warn({ sandbox: id, cgroup: cgroupParent, error: messageOf(error) }, 'a cgroup could not be removed')
  }
}
