// Where a path leads in the tree that a layer and those below it make together: links are followed inside that tree, as
// the kernel will follow them in the container. Every component is looked at by itself, below a descriptor, so nothing
// leads out of the layers.
import { ImageError } from './errors.ts'
import { FoundFile } from './found-file.ts'
import type { LayerDirectory } from './layer-directory.ts'
import type { LowerLayers } from './lower-layers.ts'
import { printable } from './tar-header.ts'

export const maxPathBytes = 4096
export const maxNameBytes = 255
/** MAXSYMLINKS of the kernel. */
const maxLinks = 40

/** A directory on a way through the merged tree. Paths are byte strings without links; "" is the root. */
export interface Place {
  readonly path: string
  readonly name: string
  /** Undefined when the layer itself has no such directory. */
  readonly directory: LayerDirectory | undefined
  /** What lies below the layer does not show here. */
  readonly covered: boolean
  /** Neither the layer nor those below have it. */
  readonly absent: boolean
}

/** The layer being unpacked, and what is below it. */
export interface MergedTree {
  readonly rootFd: number
  readonly root: LayerDirectory
  readonly lower: LowerLayers
  /** Of a directory's path, so that the tree stays removable by path. */
  readonly maxDirectoryBytes: number
}

/** From the root to a directory. */
export type Way = readonly [Place, ...Place[]]

export function endOf(way: Way): Place {
  return way.at(-1) ?? way[0]
}

export interface Seen {
  readonly found: FoundFile
  /** Of the layer itself. */
  readonly own: boolean
}

export function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

/** What shows under a name in a directory, from the layer itself or from below; the caller disposes of it. */
export function lookUp(tree: MergedTree, at: Place, name: string): Seen | undefined {
  if (at.absent) return undefined
  const path = join(at.path, name)
  const own = at.directory && FoundFile.in(tree.rootFd, path)
  if (own?.isWhiteout) {
    own[Symbol.dispose]()
    return undefined
  }
  if (own) return { found: own, own: true }
  const found = at.covered ? undefined : tree.lower.find(path)
  return found && { found, own: false }
}

/**
 * The way from the root to a directory. What is not there is part of it, marked absent.
 * @param whose the archive's name for the entry, for messages
 * @throws ImageError for loops, files on the way, and too long a path
 */
export function walk(tree: MergedTree, parts: readonly string[], whose: string): Way {
  const refuse = (why: string): ImageError =>
    new ImageError('invalid', `${printable(whose)} cannot be unpacked: ${printable(parts.join('/'))} ${why}`)
  const { root } = tree
  const way: [Place, ...Place[]] = [{ path: '', name: '', directory: root, covered: root.severed, absent: false }]
  const pending = [...parts].reverse()
  let links = 0
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    const at = endOf(way)
    if (part === '..') {
      if (way.length > 1) way.pop()
      continue
    }
    if (part.length > maxNameBytes) throw refuse(`leads to a name longer than ${maxNameBytes} bytes`)
    const next = step(tree, at, part)
    if (next === 'file') throw refuse('passes through a file')
    if ('link' in next) {
      if (++links > maxLinks) throw refuse('is a loop of symbolic links')
      if (next.link.startsWith('/')) way.length = 1
      pending.push(...next.link.split('/').filter(isName).reverse())
      continue
    }
    if (next.path.length > tree.maxDirectoryBytes) throw refuse('is nested too deep')
    way.push(next)
  }
  return way
}

/** Whether a part of a path names something, and not the directory it stands in. */
export function isName(part: string): boolean {
  return part !== '' && part !== '.'
}

function step(tree: MergedTree, at: Place, name: string): Place | { readonly link: string } | 'file' {
  const path = join(at.path, name)
  const directory = at.directory?.get(name)
  if (directory) return { path, name, directory, covered: at.covered || directory.severed, absent: false }
  const below = { path, name, directory, covered: at.covered }
  // Most often a directory of the layers below, which they remember, where the layer itself has nothing at all.
  const onlyBelow = at.directory === undefined && !at.absent && !at.covered
  if (onlyBelow && tree.lower.hasDirectory(path)) return { ...below, absent: false }
  const seen = lookUp(tree, at, name)
  if (!seen) return { ...below, absent: true }
  using found = seen.found
  if (found.status.isDirectory()) return { ...below, absent: false }
  return found.status.isSymbolicLink() ? { link: found.linkText() } : 'file'
}
