// The project's own files, without what is installed or built.
import { readdirSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const foreign = new Set(['node_modules', 'dist', '.git'])

/**
 * All files of the project whose name ends so, relative to its root, sorted.
 * @param {string} suffix
 * @param {string} [folder]
 * @returns {string[]}
 */
export function sources(suffix, folder = '.') {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap(entry => {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory()) return foreign.has(entry.name) ? [] : sources(suffix, file)
      return entry.name.endsWith(suffix) ? [file] : []
    })
    .sort()
}
