// One layer's archive becomes one directory that overlayfs stacks on those of the layers below. What the archive says is
// meant for the tree that all of them make together, as if each were unpacked over the one before: so paths lead through
// links of lower layers, and directories that are only on the way stay as they are below. Archives come from strangers:
// whatever they hold, nothing is written, linked or removed outside the layer's directory. Every parent directory is found
// component by component below the layers' roots, and the entry itself is always made new, by a single name below it.
import { chmodSync, chownSync } from 'node:fs'
import { closeFd } from '../../sys/fd.ts'
import { components } from './entry-path.ts'
import { ImageError } from './errors.ts'
import { ownerOf, setXattrs } from './file-attributes.ts'
import { linkTarget, makeHardLink } from './hard-link.ts'
import { makeFile, makeNode, makeSymlink } from './layer-entry.ts'
import { LayerTree, type OpenDirectory } from './layer-tree.ts'
import type { LowerLayers } from './lower-layers.ts'
import { removeContent, removeName } from './removals.ts'
import type { TarEntry, TarReader } from './tar.ts'
import { printable } from './tar-header.ts'
import { UnpackBudget, type UnpackLimits } from './unpack-budget.ts'

export interface Unpacked {
  readonly entries: number
  /** Of files' contents, those copied up from layers below included. */
  readonly sizeBytes: number
  /** Whether nothing of the layers below shows through, which overlayfs cannot be told by a mark. */
  readonly opaque: boolean
}

const whiteoutPrefix = '.wh.'
const opaqueMarker = '.wh..wh..opq'
/** AUFS's own bookkeeping, which old Docker versions left in layers. */
const aufsPrefix = '.wh..wh.'

/**
 * Unpacks the archive into an empty directory.
 * @param rootFd an O_PATH descriptor of the directory
 * @param lower the layers below
 * @throws ImageError `invalid` naming the entry that cannot be, `too-big`
 */
export async function untar(
  reader: TarReader,
  rootFd: number,
  lower: LowerLayers,
  limits: UnpackLimits,
): Promise<Unpacked> {
  using tree = new LayerTree(rootFd, lower)
  const budget = new UnpackBudget(limits)
  for (let entry = await reader.next(); entry; entry = await reader.next()) {
    budget.spendEntry()
    budget.spendBytes(entry.sizeBytes)
    await add(tree, entry, reader.content(), budget)
  }
  tree.finish()
  return { entries: budget.entries, sizeBytes: budget.bytes, opaque: tree.root.covered }
}

async function add(
  tree: LayerTree,
  entry: TarEntry,
  content: AsyncIterable<Buffer>,
  budget: UnpackBudget,
): Promise<void> {
  const parts = components(entry.path, 'the path')
  const name = parts.pop()
  if (name === undefined) {
    if (entry.type === 'directory') describeDirectory(tree.root, entry)
  } else if (name === opaqueMarker) removeContent(tree, parts, entry.path)
  else if (name.startsWith(aufsPrefix)) return
  else if (name.startsWith(whiteoutPrefix)) removeName(tree, parts, removedName(name, entry), entry.path)
  else await make(tree, entry, content, parts, name, budget)
}

function removedName(name: string, entry: TarEntry): string {
  const removed = name.slice(whiteoutPrefix.length)
  if (removed !== '' && removed !== '.' && removed !== '..') return removed
  throw new ImageError('invalid', `the whiteout ${printable(entry.path)} names nothing`)
}

async function make(
  tree: LayerTree,
  entry: TarEntry,
  content: AsyncIterable<Buffer>,
  parts: readonly string[],
  name: string,
  budget: UnpackBudget,
): Promise<void> {
  // Before its directory is opened, and before an old entry goes: a hard link to itself must not lose its target.
  using target = entry.type === 'hardlink' ? linkTarget(tree, entry, budget) : undefined
  const parent = tree.enter(parts, entry.path)
  parent.directory.markEntry()
  if (entry.type === 'directory') {
    const made = tree.makeDirectory(parent, name)
    try {
      describeDirectory(made, entry)
    } finally {
      closeFd(made.fd)
    }
    return
  }
  if (target?.isAt(parent, name) !== true) tree.clear(parent, name)
  if (target) makeHardLink(entry, target, parent, name)
  else if (entry.type === 'file') await makeFile(entry, content, parent.fd, name)
  else if (entry.type === 'symlink') makeSymlink(entry, parent.fd, name)
  else if (entry.type !== 'hardlink') makeNode(entry, entry.type, parent.fd, name)
}

function describeDirectory({ fd, directory }: OpenDirectory, entry: TarEntry): void {
  const { uid, gid } = ownerOf(entry)
  const self = `/proc/self/fd/${fd}`
  chownSync(self, uid, gid)
  chmodSync(self, entry.mode)
  setXattrs(fd, entry)
  directory.markEntry()
  directory.mtime = entry.mtime
}
