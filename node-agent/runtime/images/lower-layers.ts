// The layers below one that is being unpacked, as overlayfs shows them stacked: whiteouts hide, directories of one name
// join until one is opaque or something else lies between.
// https://docs.kernel.org/filesystems/overlayfs.html
import { closeFd } from '../../sys/fd.ts'
import { openRoot } from '../../sys/rooted.ts'
import { getXattrOf } from '../../sys/xattr.ts'
import { FoundFile } from './found-file.ts'

export const opaqueAttribute = 'trusted.overlay.opaque'

/** Directories whose layers are remembered; archives list a directory's files one after another. */
const maxRemembered = 10_000

export class LowerLayers implements Disposable {
  readonly #roots: number[] = []
  readonly #remembered = new Map<string, readonly number[]>()

  /** @param directories topmost first */
  constructor(directories: readonly string[]) {
    try {
      for (const directory of directories) this.#roots.push(openRoot(directory))
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  /** What shows at a path whose parent is a directory here; undefined when nothing does. The caller disposes of it. */
  find(path: string): FoundFile | undefined {
    if (path === '') return this.#roots[0] === undefined ? undefined : FoundFile.in(this.#roots[0], '')
    for (const root of this.#joining(parentOf(path))) {
      const found = FoundFile.in(root, path)
      if (found?.isWhiteout) {
        found[Symbol.dispose]()
        return undefined
      }
      if (found) return found
    }
    return undefined
  }

  /** Whether a directory shows at the path. */
  hasDirectory(path: string): boolean {
    return this.#joining(path).length > 0
  }

  [Symbol.dispose](): void {
    for (const fd of this.#roots.splice(0)) closeFd(fd)
  }

  /** The layers whose directories of this path make up the one that shows, topmost first. */
  #joining(path: string): readonly number[] {
    if (path === '') return this.#roots
    const known = this.#remembered.get(path)
    if (known) return known
    const layers: number[] = []
    for (const root of this.#joining(parentOf(path))) {
      using found = FoundFile.in(root, path)
      if (!found) continue
      if (!found.status.isDirectory()) break
      layers.push(root)
      if (getXattrOf(found.fd, opaqueAttribute)?.toString() === 'y') break
    }
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear()
    this.#remembered.set(path, layers)
    return layers
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
