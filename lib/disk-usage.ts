import { lstatSync } from 'node:fs'
import { type Pace, walkTree } from './walk-tree.ts'

export interface DiskUsage {
  readonly bytes: number
  readonly inodes: number
}

/** Beyond these the rest of a tree is not counted, so that a count takes some tens of megabytes at most. */
const mostInodes = 1_000_000

/**
 * What files take of their disk, counted as du(1) counts: blocks, and every inode once.
 * @param path a folder, or a file; what does not exist takes nothing
 */
export async function diskUsage(path: string, pace: Pace): Promise<DiskUsage> {
  const root = lstatSync(path, { throwIfNoEntry: false })
  if (root === undefined) return { bytes: 0, inodes: 0 }
  let bytes = root.blocks * 512
  let inodes = 1
  /** Of files with several names, those that were counted. */
  const counted = new Set<number>()
  await walkTree(
    path,
    {
      entry(_, status) {
        if (status.nlink > 1 && !status.isDirectory()) {
          if (counted.has(status.ino)) return
          counted.add(status.ino)
        }
        bytes += status.blocks * 512
        inodes++
      },
      isDone: () => inodes >= mostInodes,
    },
    pace,
  )
  return { bytes, inodes }
}
