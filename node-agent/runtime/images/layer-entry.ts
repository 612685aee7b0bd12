// Single entries of a layer, each made new under one name below a directory's descriptor.
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  lchownSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { deviceNumber } from '../../sys/fifo.ts'
import { makeNodeAt, setTimesAt } from '../../sys/tree.ts'
import { ImageError } from './errors.ts'
import { ownerOf, setTimes, setXattrs } from './file-attributes.ts'
import { FoundFile } from './found-file.ts'
import { below, bytes } from './layer-tree.ts'
import { maxPathBytes } from './merged-path.ts'
import type { TarEntry } from './tar.ts'
import { printable } from './tar-header.ts'
import type { Segment } from './tar-sparse.ts'

export async function makeFile(
  entry: TarEntry,
  content: AsyncIterable<Buffer>,
  parentFd: number,
  name: string,
): Promise<void> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants
  const { uid, gid } = ownerOf(entry)
  const fd = openSync(below(parentFd, name), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600)
  try {
    if (entry.segments) await writeSegments(fd, content, entry.segments, entry.sizeBytes)
    else for await (const chunk of content) writeAll(fd, chunk)
    // In this order: a change of owner takes setuid bits and file capabilities away.
    fchownSync(fd, uid, gid)
    fchmodSync(fd, entry.mode)
    setXattrs(fd, entry)
    setTimes(fd, entry.mtime)
  } finally {
    closeSync(fd)
  }
}

function writeAll(fd: number, chunk: Uint8Array, position: number | null = null): void {
  for (let offset = 0; offset < chunk.length; ) {
    const at = position === null ? null : position + offset
    offset += writeSync(fd, chunk, offset, chunk.length - offset, at)
  }
}

/** Writes a content to where its pieces belong, and leaves the rest a hole. */
async function writeSegments(
  fd: number,
  content: AsyncIterable<Buffer>,
  segments: readonly Segment[],
  sizeBytes: number,
): Promise<void> {
  let index = 0
  let written = 0
  for await (const chunk of content) {
    for (let rest: Uint8Array = chunk; rest.length > 0; ) {
      const segment = segments[index]
      if (segment === undefined) break
      const piece = rest.subarray(0, segment.length - written)
      writeAll(fd, piece, segment.offset + written)
      rest = rest.subarray(piece.length)
      written += piece.length
      if (written < segment.length) continue
      index++
      written = 0
    }
  }
  ftruncateSync(fd, sizeBytes)
}

export function makeSymlink(entry: TarEntry, parentFd: number, name: string): void {
  if (entry.linkPath === '' || entry.linkPath.length >= maxPathBytes || entry.linkPath.includes('\0')) {
    throw new ImageError('invalid', `the symbolic link ${printable(entry.path)} has no usable target`)
  }
  const { uid, gid } = ownerOf(entry)
  const place = below(parentFd, name)
  symlinkSync(bytes(entry.linkPath), place)
  lchownSync(place, uid, gid)
  setXattrsAt(entry, parentFd, name)
  setTimesAt(parentFd, bytes(name), entry.mtime)
}

export function makeNode(entry: TarEntry, type: 'char' | 'block' | 'fifo', parentFd: number, name: string): void {
  if (type === 'char' && entry.deviceMajor === 0 && entry.deviceMinor === 0) {
    throw new ImageError(
      'invalid',
      `${printable(entry.path)} is a character device 0:0, which means "removed" to overlayfs`,
    )
  }
  const { uid, gid } = ownerOf(entry)
  const place = below(parentFd, name)
  const device = type === 'fifo' ? 0 : deviceNumber(entry.deviceMajor, entry.deviceMinor)
  makeNodeAt(parentFd, bytes(name), { type, mode: 0, device })
  lchownSync(place, uid, gid)
  // Just made, and no symbolic link: chmod(2) has nothing to follow.
  chmodSync(place, entry.mode)
  setXattrsAt(entry, parentFd, name)
  setTimesAt(parentFd, bytes(name), entry.mtime)
}

/** On whatever has the name, a symbolic link itself included. */
function setXattrsAt(entry: TarEntry, parentFd: number, name: string): void {
  if (entry.xattrs.size === 0) return
  using made = FoundFile.in(parentFd, name)
  if (made) setXattrs(made.fd, entry)
}
