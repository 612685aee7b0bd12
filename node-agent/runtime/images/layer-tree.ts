// A layer being unpacked: its directories on the file system, made on the way to an entry with what the layers below have
// of them.
import { chmodSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmdirSync, unlinkSync } from 'node:fs'
import { closeFd } from '../../sys/fd.ts'
import { openDirectoryIn } from '../../sys/tree.ts'
import { setXattrOf } from '../../sys/xattr.ts'
import { copyAttributes, setTimes, timeOf } from './file-attributes.ts'
import { LayerDirectory } from './layer-directory.ts'
import { type LowerLayers, opaqueAttribute } from './lower-layers.ts'
import {
  join,
  lookUp,
  type MergedTree,
  maxNameBytes,
  maxPathBytes,
  type Place,
  type Seen,
  type Way,
  walk,
} from './merged-path.ts'

/** Names are byte strings (latin1). */
export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

/** The path of a name in the directory a descriptor refers to, whatever happens to the directory's own path. */
export function below(directoryFd: number, name: string): Buffer {
  return bytes(`/proc/self/fd/${directoryFd}/${name}`)
}

/** A directory of the layer, open. */
export interface OpenDirectory {
  readonly fd: number
  /** Within the layer, without links. */
  readonly path: string
  readonly directory: LayerDirectory
  /** What lies below the layer does not show here. */
  readonly covered: boolean
}

export class LayerTree implements Disposable {
  readonly lower: LowerLayers
  readonly #tree: MergedTree
  /** The directory of the latest entry: archives list a directory's files one after another. */
  #latest: OpenDirectory | undefined

  /** @param rootFd an O_PATH descriptor of the layer's empty directory */
  constructor(rootFd: number, lower: LowerLayers) {
    const root = new LayerDirectory()
    const rootBytes = readlinkSync(`/proc/self/fd/${rootFd}`, { encoding: 'buffer' }).length
    const maxDirectoryBytes = maxPathBytes - rootBytes - 2 * (maxNameBytes + 1)
    this.lower = lower
    this.#tree = { rootFd, root, lower, maxDirectoryBytes }
    this.#inherit(rootFd, root, '')
  }

  /** Its descriptor stays the caller's. */
  get root(): OpenDirectory {
    const { rootFd, root } = this.#tree
    return { fd: rootFd, path: '', directory: root, covered: root.severed }
  }

  /** The way to a directory, through links of all layers. @param whose entry, for messages @throws ImageError */
  walk(parts: readonly string[], whose: string): Way {
    return walk(this.#tree, parts, whose)
  }

  /** What shows under a name; the caller disposes of it. */
  lookUp(at: Place, name: string): Seen | undefined {
    return lookUp(this.#tree, at, name)
  }

  /** The directory an entry goes into, made when missing. Valid until the next call that opens one. @throws ImageError */
  enter(parts: readonly string[], whose: string): OpenDirectory {
    // Not where a link led there: the entry made last may have taken that link's place.
    if (this.#latest?.path === parts.join('/')) return this.#latest
    return this.make(this.walk(parts, whose))
  }

  /** The directory at the end of a way, made when missing. Valid until the next call that opens one. */
  make(way: Way): OpenDirectory {
    this.#forget()
    const last = way.findLastIndex(place => place.directory !== undefined)
    let opened = this.#openMade(way[last] ?? way[0])
    try {
      for (const place of way.slice(last + 1)) {
        const next = this.#makeOnTheWay(opened, place)
        this.#close(opened)
        opened = next
      }
    } catch (error) {
      this.#close(opened)
      throw error
    }
    this.#latest = opened
    return opened
  }

  /** Removes what the layer itself has under a name; a directory may be kept. @returns what was there */
  clear(parent: OpenDirectory, name: string, keepDirectory = false): 'nothing' | 'directory' | 'other' {
    const place = below(parent.fd, name)
    if (parent.directory.get(name)) {
      if (keepDirectory) return 'directory'
      removeTree(place)
      parent.directory.delete(name)
      return 'directory'
    }
    if (lstatSync(place, { throwIfNoEntry: false }) === undefined) return 'nothing'
    unlinkSync(place)
    parent.directory.deleteStand(name)
    return 'other'
  }

  /** The directory an entry names, made when missing, in place of anything else. The caller closes the descriptor. */
  makeDirectory(parent: OpenDirectory, name: string): OpenDirectory {
    const before = this.clear(parent, name, true)
    const path = join(parent.path, name)
    const existing = parent.directory.get(name)
    const directory = existing ?? makeDirectoryAt(parent, name)
    const fd = openDirectoryIn(parent.fd, bytes(name))
    // It replaces what the layer had there, and that what was below.
    if (before === 'other') this.sever({ fd, path, directory, covered: parent.covered })
    return { fd, path, directory, covered: parent.covered || directory.severed }
  }

  /** From now on nothing that lies below the layer shows in the directory. */
  sever({ fd, path, directory, covered }: OpenDirectory): void {
    directory.severed = true
    // Overlayfs heeds no mark on a layer's root: who stacks the layers ends with this one.
    if (path !== '' && !covered && this.lower.hasDirectory(path)) setXattrOf(fd, opaqueAttribute, bytes('y'))
  }

  /** Sets the directories' times, once nothing is made in them any more. */
  finish(): void {
    this.#setTimes('', this.#tree.root)
  }

  /** Opens a directory the layer has by its path for an action. */
  within(path: string, action: (fd: number) => void): void {
    const fd = openDirectoryIn(this.#tree.rootFd, bytes(path === '' ? '.' : path))
    try {
      action(fd)
    } finally {
      closeFd(fd)
    }
  }

  [Symbol.dispose](): void {
    this.#forget()
  }

  #forget(): void {
    if (this.#latest) this.#close(this.#latest)
    this.#latest = undefined
  }

  #openMade({ path, directory, covered }: Place): OpenDirectory {
    if (path === '' || directory === undefined) return this.root
    return { fd: openDirectoryIn(this.#tree.rootFd, bytes(path)), path, directory, covered }
  }

  #close({ fd }: OpenDirectory): void {
    if (fd !== this.#tree.rootFd) closeFd(fd)
  }

  /** A directory that no entry has named yet: as the layers below have it, else root's. */
  #makeOnTheWay(parent: OpenDirectory, { name, path, absent }: Place): OpenDirectory {
    // Only the layer's own mark of removal can be there: anything else would have been on the way.
    const removed = this.clear(parent, name) === 'other'
    const directory = makeDirectoryAt(parent, name)
    const fd = openDirectoryIn(parent.fd, bytes(name))
    if (removed) this.sever({ fd, path, directory, covered: parent.covered })
    else if (!absent) this.#inherit(fd, directory, path)
    return { fd, path, directory, covered: parent.covered || directory.severed }
  }

  #setTimes(path: string, directory: LayerDirectory): void {
    for (const [name, child] of directory.subdirectories()) this.#setTimes(join(path, name), child)
    const { mtime } = directory
    if (mtime) this.within(path, fd => setTimes(fd, mtime))
  }

  /** Takes over what the layers below say of a directory that this one does not describe. */
  #inherit(fd: number, directory: LayerDirectory, path: string): void {
    using shown = this.lower.find(path)
    if (!shown) return
    copyAttributes(shown.fd, shown.status, fd)
    directory.mtime = timeOf(shown.status)
  }
}

function makeDirectoryAt(parent: OpenDirectory, name: string): LayerDirectory {
  const place = below(parent.fd, name)
  mkdirSync(place, 0o755)
  // mkdir(2)'s mode passes through the umask.
  chmodSync(place, 0o755)
  return parent.directory.add(name)
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
