// Which cgroups this runtime has made. Each bears a mark in the kernel (an extended attribute, which cgroup file systems of
// both versions keep), so that what is removed is ours whoever removes it, a later runtime too; nothing is to be kept on
// disk, and a reboot forgets marks and cgroups together.
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { hasCode, ignoring } from '../../sys/errno.ts'
import { getXattr, setXattr } from '../../sys/xattr.ts'
import { read, subfolders } from './files.ts'

const mark = 'trusted.tessera'
const pollMs = 2
const removeTimeoutMs = 5000

/** Makes one cgroup and marks it. Answers false when it was there already: then it is whoever's it was. */
export function makeOwn(folder: string): boolean {
  if (!ignoring(['EEXIST'], () => mkdirSync(folder))) return false
  // Without the mark it is used all the same, and left to whoever cleans up.
  ignoring(['EOPNOTSUPP', 'EPERM'], () => setXattr(folder, mark, Buffer.alloc(0)))
  return true
}

/**
 * Whether this runtime has made a cgroup, or it is not there.
 * @param root as for `removeOwn`
 */
export function isOwn(mount: string, name: string, root: string): boolean {
  const folder = path.join(mount, name)
  return name.startsWith(`${root}/`) || !existsSync(folder) || isMarked(folder)
}

/**
 * Removes a path's cgroups that this runtime has made and nobody uses, from its end upwards.
 * @param name relative to the hierarchy
 * @param root the runtime's own cgroup: below it all is its own, marked or not; it stays itself
 */
export async function removeOwn(mount: string, name: string, root: string): Promise<void> {
  for (let each = name; each !== '.' && each !== root; each = path.dirname(each)) {
    if (!isOwn(mount, each, root) || !(await removeUnused(path.join(mount, each)))) return
  }
}

/** Whether it is gone. */
async function removeUnused(folder: string): Promise<boolean> {
  const deadline = performance.now() + removeTimeoutMs
  for (;;) {
    if (isUsed(folder)) return false
    try {
      rmdirSync(folder)
      return true
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENODEV')) return true
      // The kernel may take a moment to see that it is empty.
      if (!hasCode(error, 'EBUSY') || performance.now() > deadline) return false
      await delay(pollMs)
    }
  }
}

function isUsed(folder: string): boolean {
  return subfolders(folder).length > 0 || (read(folder, 'cgroup.procs') ?? '').trim() !== ''
}

function isMarked(folder: string): boolean {
  try {
    return getXattr(folder, mark) !== undefined
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EOPNOTSUPP', 'EPERM')) return false
    throw error
  }
}
