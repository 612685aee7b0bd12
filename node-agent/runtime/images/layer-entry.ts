// Single entries of a layer, each made new under one name below a directory's descriptor, and what they carry: owners,
// modes, times and attributes.
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { hasCode } from '../../sys/errno.ts'
import { deviceNumber } from '../../sys/fifo.ts'
import { makeNodeAt, setXattrOf } from '../../sys/tree.ts'
import { ImageError } from './errors.ts'
import type { TarEntry } from './tar.ts'
import { printable } from './tar-header.ts'

export const maxPathBytes = 4096

/** Names are byte strings (latin1). */
export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

/** The path of a name in the directory a descriptor refers to, whatever happens to the directory's own path. */
export function below(directoryFd: number, name: string): Buffer {
  return Buffer.concat([bytes(`/proc/self/fd/${directoryFd}/`), bytes(name)])
}

export function status(place: Buffer): Stats | undefined {
  return lstatSync(place, { throwIfNoEntry: false })
}

/** Whether it was not there before. */
export function makeDirectory(place: Buffer): boolean {
  try {
    mkdirSync(place, 0o755)
    chmodSync(place, 0o755)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

export function linkText(entry: TarEntry): Buffer {
  if (entry.linkPath === '' || entry.linkPath.length > maxPathBytes || entry.linkPath.includes('\0')) {
    throw new ImageError('invalid', `the symbolic link ${printable(entry.path)} has no usable target`)
  }
  return bytes(entry.linkPath)
}

export async function makeFile(entry: TarEntry, content: AsyncIterable<Buffer>, place: Buffer): Promise<void> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants
  const fd = openSync(place, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600)
  try {
    for await (const chunk of content) {
      for (let offset = 0; offset < chunk.length; ) offset += writeSync(fd, chunk, offset)
    }
    checkOwner(entry)
    // In this order: a change of owner takes setuid bits and file capabilities away.
    fchownSync(fd, entry.uid, entry.gid)
    fchmodSync(fd, entry.mode)
    setXattrs(fd, entry)
    futimesSync(fd, entry.mtimeSeconds, entry.mtimeSeconds)
  } finally {
    closeSync(fd)
  }
}

export function makeNode(entry: TarEntry, parentFd: number, name: string, place: Buffer): void {
  const { type } = entry
  if (type !== 'char' && type !== 'block' && type !== 'fifo') return
  if (type === 'char' && entry.deviceMajor === 0 && entry.deviceMinor === 0) {
    throw new ImageError(
      'invalid',
      `${printable(entry.path)} is a character device 0:0, which means "removed" to overlayfs`,
    )
  }
  checkOwner(entry)
  const device = type === 'fifo' ? 0 : deviceNumber(entry.deviceMajor, entry.deviceMinor)
  makeNodeAt(parentFd, bytes(name), { type, mode: 0, device })
  lchownSync(place, entry.uid, entry.gid)
  // Just made, and no symbolic link: chmod(2) has nothing to follow.
  chmodSync(place, entry.mode)
  lutimesSync(place, entry.mtimeSeconds, entry.mtimeSeconds)
}

export function checkOwner(entry: TarEntry): void {
  const maxId = 0xffff_fffe
  if (entry.uid < 0 || entry.uid > maxId || entry.gid < 0 || entry.gid > maxId) {
    throw new ImageError(
      'invalid',
      `${printable(entry.path)} belongs to ${entry.uid}:${entry.gid}, which no system has`,
    )
  }
}

/** File capabilities, ACLs and users' attributes; other name spaces belong to the host. */
export function setXattrs(fd: number, entry: TarEntry): void {
  for (const [name, value] of entry.xattrs) {
    if (name.startsWith('trusted.overlay.')) {
      throw new ImageError('invalid', `${printable(entry.path)} brings overlayfs's own attribute ${name}`)
    }
    if (!/^(security\.capability|user\..+|system\.posix_acl_(access|default))$/.test(name)) continue
    try {
      setXattrOf(fd, name, value)
    } catch (error) {
      if (hasCode(error, 'EINVAL', 'ERANGE', 'E2BIG')) {
        throw new ImageError('invalid', `${printable(entry.path)} has a malformed attribute ${name}`)
      }
      // What the file system has no place for (ACLs where they are off) is not worth failing for.
      if (!hasCode(error, 'EOPNOTSUPP')) throw error
    }
  }
}

/** Removes a directory and all below it, names that are not UTF-8 included; symbolic links are not followed. */
export function removeTree(place: Buffer): void {
  for (const name of readdirSync(place, { encoding: 'buffer' })) {
    const child = Buffer.concat([place, bytes('/'), name])
    if (lstatSync(child).isDirectory()) removeTree(child)
    else unlinkSync(child)
  }
  rmdirSync(place)
}
