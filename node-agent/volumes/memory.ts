// One file system in memory for all volumes that must not reach a disk: secrets, projections, the downward API. One a
// node instead of one a volume: taking a mount away has the kernel wait, and a pod's end need not.
import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { isMountPoint, mountMemoryFileSystem, unmountBelow } from './mount.ts'

/** The machine does not let the agent work; the message says what it needs. */
export class MountError extends Error {
  override readonly name = 'MountError'
}

/** Mounts it unless it is there already (an agent before this one mounted it). */
export function mountMemory(root: string): void {
  const target = path.join(root, 'memory')
  mkdirSync(target, { recursive: true, mode: 0o700 })
  try {
    // Programs in it may be run: a projection can hold scripts.
    if (!isMountPoint(target)) {
      mountMemoryFileSystem(target, { mode: 0o700, attributes: { noSuid: true, noDev: true } })
    }
    // Containers see what is mounted from it; nobody else on the machine is to read secrets.
    chmodSync(target, 0o700)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new MountError(`cannot mount a tmpfs for secrets at ${target}: ${why}; run the node agent as root`)
  }
}

/** Unmounts it when no pod uses it any more. */
export function unmountUnusedMemory(root: string): void {
  const target = path.join(root, 'memory')
  if (isMountPoint(target) && readdirSync(target).length === 0) unmountBelow(target)
}
