// The directories of a layer that is being unpacked, in memory: what the file system does not say of them.
import type { FileTime } from '../../sys/tree.ts'

/** What the layer holds under a name without an entry for it: a mark of removal, or a copy of a file of a lower layer. */
type Stand = 'whiteout' | 'copy'

export class LayerDirectory {
  /** What lies below the layer does not show in this directory, by its own mark or because of what it replaced. */
  severed = false
  /** Set at the end: making entries changes their directory's time. */
  mtime: FileTime | undefined
  readonly #parent: LayerDirectory | undefined
  #holdsEntries = false
  #subdirectories: Map<string, LayerDirectory> | undefined
  #stands: Map<string, Stand> | undefined

  constructor(parent?: LayerDirectory) {
    this.#parent = parent
  }

  /** Whether it, or anything in it however deep, is an entry of the archive; otherwise it is only on the way to a removal. */
  get holdsEntries(): boolean {
    return this.#holdsEntries
  }

  markEntry(): void {
    if (this.#holdsEntries) return
    this.#holdsEntries = true
    this.#parent?.markEntry()
  }

  get(name: string): LayerDirectory | undefined {
    return this.#subdirectories?.get(name)
  }

  add(name: string): LayerDirectory {
    const child = new LayerDirectory(this)
    this.#subdirectories ??= new Map()
    this.#subdirectories.set(name, child)
    return child
  }

  delete(name: string): void {
    this.#subdirectories?.delete(name)
  }

  subdirectories(): readonly [string, LayerDirectory][] {
    return [...(this.#subdirectories ?? [])]
  }

  stand(name: string): Stand | undefined {
    return this.#stands?.get(name)
  }

  setStand(name: string, stand: Stand): void {
    this.#stands ??= new Map()
    this.#stands.set(name, stand)
  }

  deleteStand(name: string): void {
    this.#stands?.delete(name)
  }

  stands(): readonly string[] {
    return [...(this.#stands?.keys() ?? [])]
  }
}
