// What a file carries besides its content: owner, mode, times and extended attributes; from an archive's entry, or from
// a file of a layer below.
import { type BigIntStats, chmodSync, chownSync } from 'node:fs'
import { hasCode } from '../../sys/errno.ts'
import { type FileTime, setTimesAt } from '../../sys/tree.ts'
import { getXattrOf, listXattrsOf, setXattrOf } from '../../sys/xattr.ts'
import { ImageError } from './errors.ts'
import type { TarEntry } from './tar.ts'
import { printable } from './tar-header.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Owners are 32 bits wide, and the highest number means "leave it" to chown(2). */
const leaveIt = 0xffff_ffff

/**
 * An entry's owner. Archives in base 256 can say -1 and -2, as unpackers take them from chown(2): who unpacks (root), and
 * the last number there is.
 * @throws ImageError
 */
export function ownerOf(entry: TarEntry): Owner {
  const id = (value: number): number => {
    if (value === -1) return 0
    if (value < 0 && value >= -(2 ** 31)) return value + leaveIt + 1
    if (value >= 0 && value < leaveIt) return value
    const owner = `${entry.uid}:${entry.gid}`
    throw new ImageError('invalid', `${printable(entry.path)} belongs to ${owner}, which no system has`)
  }
  return { uid: id(entry.uid), gid: id(entry.gid) }
}

export function timeOf(status: BigIntStats): FileTime {
  const seconds = status.mtimeNs / 1_000_000_000n
  const nanoseconds = status.mtimeNs % 1_000_000_000n
  if (nanoseconds >= 0n) return { seconds: Number(seconds), nanoseconds: Number(nanoseconds) }
  return { seconds: Number(seconds) - 1, nanoseconds: Number(nanoseconds) + 1_000_000_000 }
}

/** Sets the times of what a descriptor (O_PATH too) refers to. */
export function setTimes(fd: number, time: FileTime): void {
  setTimesAt(fd, new Uint8Array(), time)
}

/** What overlayfs keeps for itself, and the labels of one machine's policy, mean nothing on another. */
function staysBehind(name: string): boolean {
  return name.startsWith('trusted.overlay.') || name === 'security.selinux'
}

/** Sets an entry's attributes on what a descriptor refers to. @throws ImageError for a malformed one */
export function setXattrs(fd: number, entry: TarEntry): void {
  for (const [name, value] of entry.xattrs) {
    if (staysBehind(name)) continue
    try {
      setXattrOf(fd, name, value)
    } catch (error) {
      if (hasCode(error, 'EINVAL', 'ERANGE', 'E2BIG')) {
        throw new ImageError('invalid', `${printable(entry.path)} has a malformed attribute ${name}`)
      }
      // Only files and folders can have users' attributes (xattr(7)).
      const odd = name.startsWith('user.') && entry.type !== 'file' && entry.type !== 'directory'
      // What the file system has no place for (ACLs where they are off) is not worth failing for.
      if (!hasCode(error, 'EOPNOTSUPP') && !(odd && hasCode(error, 'EPERM'))) throw error
    }
  }
}

/** Copies owner, mode and attributes; times are the caller's, since much else changes them. No symbolic links. */
export function copyAttributes(fromFd: number, status: BigIntStats, toFd: number): void {
  const to = `/proc/self/fd/${toFd}`
  // In this order: a change of owner takes setuid bits and file capabilities away.
  chownSync(to, Number(status.uid), Number(status.gid))
  chmodSync(to, Number(status.mode) & 0o7777)
  copyXattrs(fromFd, toFd)
}

export function copyXattrs(fromFd: number, toFd: number): void {
  for (const name of listXattrsOf(fromFd)) {
    const value = staysBehind(name) ? undefined : getXattrOf(fromFd, name)
    if (value) setXattrOf(toFd, name, value)
  }
}
