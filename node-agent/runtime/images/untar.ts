// One layer's archive becomes one directory that overlayfs can stack. Archives come from strangers: whatever they hold,
// nothing is written, linked or removed outside that directory. Every parent directory is found by openat2(2) inside
// the layer's root, and the entry itself is always made new, by a single name below that descriptor.
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lutimesSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs'
import { hasCode, ignoring } from '../../sys/errno.ts'
import { closeFd } from '../../sys/fd.ts'
import { makeNodeAt, openDirectoryIn, setXattrOf } from '../../sys/tree.ts'
import { ImageError } from './errors.ts'
import {
  below,
  bytes,
  checkOwner,
  linkText,
  makeDirectory,
  makeFile,
  makeNode,
  maxPathBytes,
  removeTree,
  setXattrs,
  status,
} from './layer-entry.ts'
import type { TarEntry, TarReader } from './tar.ts'
import { printable } from './tar-header.ts'

export interface UnpackLimits {
  /** Entries of all kinds in one layer. */
  readonly maxEntries: number
  /** Bytes of file contents in one layer. */
  readonly maxBytes: number
}

export interface Unpacked {
  readonly entries: number
  readonly sizeBytes: number
}

const whiteoutPrefix = '.wh.'
const opaqueMarker = '.wh..wh..opq'
/** AUFS's own bookkeeping, which old Docker versions left in layers. */
const aufsPrefix = '.wh..wh.'
const maxNameBytes = 255

/**
 * Unpacks the archive into an empty directory. Whiteouts become overlayfs's (a character device 0:0, the xattr
 * trusted.overlay.opaque).
 * @param rootFd an O_PATH descriptor of the directory
 * @throws ImageError `invalid` naming the entry that cannot be, `too-big`
 */
export async function untar(reader: TarReader, rootFd: number, limits: UnpackLimits): Promise<Unpacked> {
  const layer = new LayerTree(rootFd)
  let entries = 0
  let sizeBytes = 0
  try {
    for (let entry = await reader.next(); entry; entry = await reader.next()) {
      if (++entries > limits.maxEntries)
        throw new ImageError('too-big', `a layer has over ${limits.maxEntries} entries`)
      sizeBytes += entry.sizeBytes
      if (sizeBytes > limits.maxBytes) throw new ImageError('too-big', `a layer holds over ${limits.maxBytes} bytes`)
      await layer.add(entry, reader.content())
    }
    layer.finish()
  } finally {
    layer.close()
  }
  return { entries, sizeBytes }
}

/** Path components of an entry. Leading slashes mean nothing, as in tar(1). @throws ImageError */
function components(path: string, what: string): string[] {
  const parts = path.split('/').filter(part => part !== '' && part !== '.')
  const refuse = (why: string): ImageError => new ImageError('invalid', `${what} ${printable(path)} ${why}`)
  if (parts.includes('..')) throw refuse('leads out of the archive by ".."')
  if (path.includes('\0')) throw refuse('has a zero byte in it')
  if (path.length > maxPathBytes) throw refuse(`is longer than ${maxPathBytes} bytes`)
  if (parts.some(part => part.length > maxNameBytes)) throw refuse(`has a name longer than ${maxNameBytes} bytes`)
  return parts
}

class LayerTree {
  readonly #rootFd: number
  /** The directory of the latest entry: archives list a directory's files one after another. */
  #parent: { readonly path: string; readonly fd: number } | undefined
  /** Set at the end: making entries changes their directory's time. */
  readonly #directoryTimes = new Map<string, number>()
  /** Names removed from lower layers by this one. */
  readonly #whiteouts = new Set<string>()

  constructor(rootFd: number) {
    this.#rootFd = rootFd
  }

  async add(entry: TarEntry, content: AsyncIterable<Buffer>): Promise<void> {
    const parts = components(entry.path, 'the path')
    const name = parts.pop()
    if (name === undefined) {
      if (entry.type === 'directory') this.#describeDirectory(this.#rootFd, '', entry)
      return
    }
    const directory = parts.join('/')
    const parentFd = this.#openParent(directory, entry)
    if (name === opaqueMarker) {
      setXattrOf(parentFd, 'trusted.overlay.opaque', bytes('y'))
      return
    }
    if (name.startsWith(aufsPrefix)) return
    const path = directory === '' ? name : `${directory}/${name}`
    if (name.startsWith(whiteoutPrefix)) this.#whiteout(parentFd, directory, name.slice(whiteoutPrefix.length), entry)
    else await this.#make(entry, content, parentFd, path, name)
  }

  /** Sets the directories' times. */
  finish(): void {
    for (const [path, seconds] of this.#directoryTimes) {
      let fd: number
      try {
        fd = openDirectoryIn(this.#rootFd, bytes(path === '' ? '.' : path), false)
      } catch (error) {
        // A later entry of the archive took its place.
        if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) continue
        throw error
      }
      utimesSync(`/proc/self/fd/${fd}`, seconds, seconds)
      closeFd(fd)
    }
  }

  close(): void {
    if (this.#parent) closeFd(this.#parent.fd)
    this.#parent = undefined
  }

  async #make(
    entry: TarEntry,
    content: AsyncIterable<Buffer>,
    parentFd: number,
    path: string,
    name: string,
  ): Promise<void> {
    const place = below(parentFd, name)
    // Before the old entry goes: a hard link to itself must not lose its target.
    const target = entry.type === 'hardlink' ? this.#linkTarget(entry, path) : undefined
    if (target === 'itself') return
    this.#clear(place, entry.type === 'directory')
    try {
      switch (entry.type) {
        case 'directory':
          this.#makeDirectory(entry, parentFd, path, name)
          break
        case 'file':
          await makeFile(entry, content, place)
          break
        case 'symlink':
          checkOwner(entry)
          symlinkSync(linkText(entry), place)
          lchownSync(place, entry.uid, entry.gid)
          lutimesSync(place, entry.mtimeSeconds, entry.mtimeSeconds)
          break
        case 'hardlink':
          if (target) linkSync(target.place, place)
          break
        case 'char':
        case 'block':
        case 'fifo':
          makeNode(entry, parentFd, name, place)
      }
    } finally {
      if (target) closeFd(target.fd)
    }
  }

  #makeDirectory(entry: TarEntry, parentFd: number, path: string, name: string): void {
    const made = makeDirectory(below(parentFd, name))
    const fd = openDirectoryIn(parentFd, bytes(name), false)
    try {
      this.#describeDirectory(fd, path, entry)
      // It replaces what lower layers had under this name instead of joining it.
      if (made && this.#whiteouts.has(path)) setXattrOf(fd, 'trusted.overlay.opaque', bytes('y'))
    } finally {
      closeFd(fd)
    }
  }

  #describeDirectory(fd: number, path: string, entry: TarEntry): void {
    const self = `/proc/self/fd/${fd}`
    checkOwner(entry)
    chownSync(self, entry.uid, entry.gid)
    chmodSync(self, entry.mode)
    setXattrs(fd, entry)
    this.#directoryTimes.set(path, entry.mtimeSeconds)
  }

  #whiteout(parentFd: number, directory: string, name: string, entry: TarEntry): void {
    if (name === '' || name === '.' || name === '..') {
      throw new ImageError('invalid', `the whiteout ${printable(entry.path)} names nothing`)
    }
    const path = directory === '' ? name : `${directory}/${name}`
    this.#whiteouts.add(path)
    const existing = status(below(parentFd, name))
    // Whiteouts concern lower layers only: what this layer has made itself stays.
    if (existing === undefined) makeNodeAt(parentFd, bytes(name), { type: 'char', mode: 0, device: 0 })
    else if (existing.isDirectory()) {
      const fd = openDirectoryIn(parentFd, bytes(name), false)
      setXattrOf(fd, 'trusted.overlay.opaque', bytes('y'))
      closeFd(fd)
    }
  }

  /** Removes what stands where an entry goes, as tar(1) does; a directory is kept for a directory. */
  #clear(place: Buffer, forDirectory: boolean): void {
    const existing = status(place)
    if (existing === undefined || (forDirectory && existing.isDirectory())) return
    if (existing.isDirectory()) {
      // The cached parent may be the one that goes; nothing may be made in it afterwards.
      this.#forgetParent()
      removeTree(place)
    } else unlinkSync(place)
  }

  #linkTarget(entry: TarEntry, path: string): { readonly place: Buffer; readonly fd: number } | 'itself' {
    const parts = components(entry.linkPath, `the hard link ${printable(entry.path)}: its target`)
    const name = parts.pop()
    const refuse = (why: string): ImageError =>
      new ImageError('invalid', `the hard link ${printable(entry.path)} points to ${printable(entry.linkPath)}, ${why}`)
    if (name === undefined) throw refuse('which is no file')
    let fd: number
    try {
      fd = openDirectoryIn(this.#rootFd, bytes(parts.join('/') || '.'), true)
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw refuse('which this layer does not hold')
      throw error
    }
    const place = below(fd, name)
    const existing = status(place)
    if (existing === undefined || existing.isDirectory()) {
      closeFd(fd)
      throw refuse(existing ? 'which is a directory' : 'which this layer does not hold')
    }
    if ([...parts, name].join('/') === path) {
      closeFd(fd)
      return 'itself'
    }
    return { place, fd }
  }

  #forgetParent(): void {
    this.close()
  }

  /** The directory's descriptor, valid until the next call; missing directories are made. @throws ImageError */
  #openParent(directory: string, entry: TarEntry): number {
    if (directory === '') return this.#rootFd
    if (this.#parent?.path === directory) return this.#parent.fd
    this.#forgetParent()
    const fd = this.#openOrMake(directory, entry)
    this.#parent = { path: directory, fd }
    return fd
  }

  #openOrMake(directory: string, entry: TarEntry): number {
    const refuse = (why: string): ImageError =>
      new ImageError('invalid', `${printable(entry.path)} cannot be unpacked: ${printable(directory)} ${why}`)
    try {
      return shallow(openDirectoryIn(this.#rootFd, bytes(directory), true), refuse)
    } catch (error) {
      if (hasCode(error, 'ELOOP')) throw refuse('is a loop of symbolic links')
      if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error
    }
    let current = openDirectoryIn(this.#rootFd, bytes('.'), false)
    const walked: string[] = []
    for (const part of directory.split('/')) {
      walked.push(part)
      const path = walked.join('/')
      const place = below(current, part)
      const whiteout = this.#whiteouts.has(path) && status(place)?.isCharacterDevice() === true
      if (whiteout) unlinkSync(place)
      makeDirectory(place)
      closeFd(current)
      try {
        current = shallow(openDirectoryIn(this.#rootFd, bytes(path), true), refuse)
      } catch (error) {
        if (hasCode(error, 'ENOTDIR')) throw refuse('passes through a file')
        if (hasCode(error, 'ENOENT')) throw refuse('passes through a symbolic link to nothing')
        throw error
      }
      if (whiteout) setXattrOf(current, 'trusted.overlay.opaque', bytes('y'))
    }
    return current
  }
}

/**
 * Passes a directory's descriptor on, or closes it and refuses. Symbolic links let an archive nest deeper than its own
 * paths are long; the tree must stay removable by path.
 */
function shallow(fd: number, refuse: (why: string) => ImageError): number {
  // A path that is too long for the kernel to tell is one, too.
  let length = maxPathBytes
  ignoring(['ENAMETOOLONG'], () => {
    length = readlinkSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' }).length
  })
  if (length <= maxPathBytes - 2 * (maxNameBytes + 1)) return fd
  closeFd(fd)
  throw refuse('is nested too deep')
}
