// One file system in memory for all volumes that must not reach a disk: secrets, projections, the downward API. One
// mount a node instead of one a volume, because a mount is a process to spawn and a pod's start should spawn none.
import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { isMountPoint, mountTmpfs, unmount } from './mount.ts'

/** The machine does not let the agent work; the message says what it needs. */
export class MountError extends Error {
  override readonly name = 'MountError'
}

/** Mounts it unless it is there already (an agent before this one mounted it). */
export async function mountMemory(root: string): Promise<void> {
  const target = path.join(root, 'memory')
  mkdirSync(target, { recursive: true, mode: 0o700 })
  if (isMountPoint(target)) return
  try {
    await mountTmpfs(target, ['mode=755', 'nosuid', 'nodev', 'noexec'])
  } catch (error) {
    const why = error instanceof Error ? error.message.trim() : String(error)
    throw new MountError(`cannot mount a tmpfs for secrets at ${target}: ${why}; run the node agent as root`)
  }
}

/** Unmounts it when no pod uses it any more. */
export async function unmountUnusedMemory(root: string): Promise<void> {
  const target = path.join(root, 'memory')
  if (isMountPoint(target) && readdirSync(target).length === 0) await unmount([target])
}
