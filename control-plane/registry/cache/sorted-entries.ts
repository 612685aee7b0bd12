// The present objects of a resource, sorted by key, so that a namespace is a range and a page is a slice.
import type { Revision } from '../../store/store.ts'
import type { Encoded } from '../contract.ts'

export interface CacheEntry extends Encoded {
  /** `namespace/name`, or `name` at cluster scope. */
  readonly key: string
  readonly revision: Revision
}

export class SortedEntries {
  readonly #byKey = new Map<string, CacheEntry>()
  #sorted: CacheEntry[] = []

  get size(): number {
    return this.#sorted.length
  }

  get(key: string): CacheEntry | undefined {
    return this.#byKey.get(key)
  }

  set(entry: CacheEntry): void {
    const index = this.#firstFrom(entry.key)
    if (this.#byKey.has(entry.key)) this.#sorted[index] = entry
    else if (index === this.#sorted.length) this.#sorted.push(entry)
    else this.#sorted.splice(index, 0, entry)
    this.#byKey.set(entry.key, entry)
  }

  delete(key: string): void {
    if (this.#byKey.delete(key)) this.#sorted.splice(this.#firstFrom(key), 1)
  }

  /** Entries whose key begins with the prefix and isn't below `from`. */
  range(prefix = '', from = ''): readonly CacheEntry[] {
    const start = this.#firstFrom(from > prefix ? from : prefix)
    // The keys are paths of ASCII names, so nothing that begins with the prefix sorts above prefix + U+FFFF.
    const end = prefix === '' ? this.#sorted.length : this.#firstFrom(`${prefix}\uffff`)
    return start === 0 && end === this.#sorted.length
      ? [...this.#sorted]
      : this.#sorted.slice(start, Math.max(start, end))
  }

  /** The index of the first entry whose key isn't below this one. */
  #firstFrom(key: string): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const entry = this.#sorted[middle]
      if (entry !== undefined && entry.key < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
