import { rmdirSync, unlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Pace, walkTree } from './walk-tree.ts'

/**
 * Removes a folder with all that is in it, however deep: fs.rm() goes by paths, which end at PATH_MAX, and who filled
 * the folder may have meant that. Nothing happens where there is none.
 */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENAMETOOLONG')) throw error
    await walkTree(
      folder,
      {
        entry: (path, status) => {
          if (!status.isDirectory()) unlinkSync(path)
        },
        left: path => rmdirSync(path),
      },
      new Pace(),
    )
    await rm(folder, { recursive: true, force: true })
  }
}
