// What a layer removes of those below it, told in archives by files called ".wh.NAME" and ".wh..wh..opq", and to overlayfs
// by character devices 0:0 and an attribute. Removals concern lower layers only: what the layer itself has stays, wherever
// in the archive the removal stands. A mark is made only where something shows, since overlayfs lists marks in directories
// that join nothing. https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
import { unlinkSync } from 'node:fs'
import { makeNodeAt } from '../../sys/tree.ts'
import type { LayerDirectory } from './layer-directory.ts'
import { below, bytes, type LayerTree, removeTree } from './layer-tree.ts'
import { endOf, join, type Place } from './merged-path.ts'

/** Hides what the layers below have under a name. @param whose entry, for messages @throws ImageError */
export function removeName(tree: LayerTree, parts: readonly string[], name: string, whose: string): void {
  const way = tree.walk(parts, whose)
  const at = endOf(way)
  if (at.absent) return
  if (at.directory?.get(name)?.holdsEntries) {
    removeContent(tree, [...parts, name], whose)
    return
  }
  if (at.directory?.stand(name) === 'whiteout' || hasOwn(tree, at, name)) return
  using shown = at.covered ? undefined : tree.lower.find(join(at.path, name))
  if (!shown && !at.directory) return
  const parent = tree.make(way)
  // A directory that was only on the way to other removals, or a copy made for a hard link.
  tree.clear(parent, name)
  if (!shown) return
  makeNodeAt(parent.fd, bytes(name), { type: 'char', mode: 0, device: 0 })
  parent.directory.setStand(name, 'whiteout')
}

/** Hides what the layers below have in a directory. @param whose entry, for messages @throws ImageError */
export function removeContent(tree: LayerTree, parts: readonly string[], whose: string): void {
  const way = tree.walk(parts, whose)
  const { absent, covered } = endOf(way)
  if (absent || covered) return
  const opened = tree.make(way)
  removeStands(tree, opened.path, opened.directory)
  tree.sever(opened)
}

/** Whether an entry of the layer made a file there. */
function hasOwn(tree: LayerTree, at: Place, name: string): boolean {
  if (!at.directory || at.directory.get(name) || at.directory.stand(name)) return false
  const seen = tree.lookUp(at, name)
  seen?.found[Symbol.dispose]()
  return seen?.own === true
}

/** Takes away what stands in a directory for lower layers' sake, and the directories that hold nothing else. */
function removeStands(tree: LayerTree, path: string, directory: LayerDirectory): void {
  const kept = directory.subdirectories().filter(([, child]) => child.holdsEntries)
  tree.within(path, fd => {
    for (const name of directory.stands()) {
      unlinkSync(below(fd, name))
      directory.deleteStand(name)
    }
    for (const [name, child] of directory.subdirectories()) {
      if (child.holdsEntries) continue
      removeTree(below(fd, name))
      directory.delete(name)
    }
  })
  for (const [name, child] of kept) if (!child.severed) removeStands(tree, join(path, name), child)
}
