// Hard links of a layer. Their target may be a file of a layer below, which is copied up then, as overlayfs does when a
// container links one. https://github.com/opencontainers/image-spec/blob/main/layer.md#hardlinks
import { type BigIntStats, chmodSync, constants, copyFileSync, lchownSync, linkSync, symlinkSync } from 'node:fs'
import { hasCode } from '../../sys/errno.ts'
import { closeFd } from '../../sys/fd.ts'
import { makeNodeAt, openDirectoryIn, setTimesAt } from '../../sys/tree.ts'
import { components } from './entry-path.ts'
import { ImageError } from './errors.ts'
import { copyAttributes, copyXattrs, ownerOf, setTimes, setXattrs, timeOf } from './file-attributes.ts'
import { FoundFile } from './found-file.ts'
import { below, bytes, type LayerTree, type OpenDirectory } from './layer-tree.ts'
import { endOf } from './merged-path.ts'
import type { TarEntry } from './tar.ts'
import { printable } from './tar-header.ts'
import type { UnpackBudget } from './unpack-budget.ts'

/** A name of the layer's own to link to; its directory stays open until it is disposed of. */
export class LinkTarget implements Disposable {
  readonly #directoryFd: number
  readonly #name: string
  /** Of its directory, within the layer and without links. */
  readonly #path: string

  constructor(directoryFd: number, path: string, name: string) {
    this.#directoryFd = directoryFd
    this.#path = path
    this.#name = name
  }

  /** Whether this is the target. */
  isAt(parent: OpenDirectory, name: string): boolean {
    return this.#path === parent.path && this.#name === name
  }

  get place(): Buffer {
    return below(this.#directoryFd, this.#name)
  }

  [Symbol.dispose](): void {
    closeFd(this.#directoryFd)
  }
}

/** What a hard link's entry leads to, copied up when it lies below. @throws ImageError when there is no such file */
export function linkTarget(tree: LayerTree, entry: TarEntry, budget: UnpackBudget): LinkTarget {
  const what = `the hard link ${printable(entry.path)}`
  const refuse = (why: string): ImageError =>
    new ImageError('invalid', `${what} points to ${printable(entry.linkPath)}, ${why}`)
  const parts = components(entry.linkPath, `${what}: its target`)
  const name = parts.pop()
  if (name === undefined) throw refuse('which is no file')
  const way = tree.walk(parts, entry.path)
  const at = endOf(way)
  if (at.directory?.get(name)) throw refuse('which is a directory')
  const seen = tree.lookUp(at, name)
  if (!seen) throw refuse('which neither this layer nor one below it holds')
  using found = seen.found
  if (found.status.isDirectory()) throw refuse('which is a directory')
  const parent = tree.make(way)
  if (!seen.own) {
    if (found.status.isFile()) budget.spendBytes(Number(found.status.size))
    copyUp(found, parent, name)
  }
  return new LinkTarget(openDirectoryIn(parent.fd, bytes('.')), parent.path, name)
}

/** Makes the link, unless its target is itself, and applies what its entry says of the file. @throws ImageError */
export function makeHardLink(entry: TarEntry, target: LinkTarget, parent: OpenDirectory, name: string): void {
  // A copy of a lower layer's file is the layer's own as soon as an entry names it.
  if (target.isAt(parent, name)) parent.directory.deleteStand(name)
  else {
    try {
      linkSync(target.place, below(parent.fd, name))
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
      const message = `the hard link ${printable(entry.path)} takes the place of its own target ${printable(entry.linkPath)}`
      throw new ImageError('invalid', message, { cause: error })
    }
  }
  describe(entry, parent.fd, name)
}

function describe(entry: TarEntry, parentFd: number, name: string): void {
  using made = FoundFile.in(parentFd, name)
  if (!made) return
  const place = below(parentFd, name)
  const { uid, gid } = ownerOf(entry)
  const { status } = made
  // Not when it is the same: a change of owner takes setuid bits and file capabilities away.
  if (status.uid !== BigInt(uid) || status.gid !== BigInt(gid)) lchownSync(place, uid, gid)
  // A symbolic link has no mode of its own.
  if (!status.isSymbolicLink()) chmodSync(place, entry.mode)
  setXattrs(made.fd, entry)
  setTimes(made.fd, entry.mtime)
}

function copyUp(found: FoundFile, parent: OpenDirectory, name: string): void {
  const { status } = found
  const place = below(parent.fd, name)
  if (status.isFile()) {
    copyFileSync(`/proc/self/fd/${found.fd}`, place, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  } else if (status.isSymbolicLink()) symlinkSync(bytes(found.linkText()), place)
  else makeNodeAt(parent.fd, bytes(name), { type: nodeType(status), mode: 0, device: Number(status.rdev) })
  parent.directory.setStand(name, 'copy')
  using copy = FoundFile.in(parent.fd, name)
  if (!copy) return
  if (status.isSymbolicLink()) {
    lchownSync(place, Number(status.uid), Number(status.gid))
    copyXattrs(found.fd, copy.fd)
  } else copyAttributes(found.fd, status, copy.fd)
  setTimesAt(parent.fd, bytes(name), timeOf(status))
}

function nodeType(status: BigIntStats): 'char' | 'block' | 'fifo' {
  if (status.isFIFO()) return 'fifo'
  return status.isBlockDevice() ? 'block' : 'char'
}
