// The recent changes of a resource, so that a watch can resume where it was cut.
import type { Revision } from '../../store/store.ts'
import type { Change } from './events.ts'

export interface RingLimits {
  /** Never more changes than this. */
  readonly most: number
  /** Never fewer, however old they are. */
  readonly fewest: number
  /** Between the two, changes older than this are forgotten. */
  readonly maxAgeMs: number
}

const defaultLimits: RingLimits = { most: 8192, fewest: 512, maxAgeMs: 5 * 60_000 }

export class ChangeRing {
  readonly #limits: RingLimits
  #kept: { readonly change: Change; readonly atMs: number }[] = []
  #first = 0
  /** Everything after this revision is here. */
  #complete: Revision

  constructor(completeAfter: Revision, limits: RingLimits = defaultLimits) {
    this.#complete = completeAfter
    this.#limits = limits
  }

  push(change: Change, nowMs: number): void {
    this.#kept.push({ change, atMs: nowMs })
    const { most, fewest, maxAgeMs } = this.#limits
    for (;;) {
      const length = this.#kept.length - this.#first
      const oldest = this.#kept[this.#first]
      if (oldest === undefined || length <= fewest) break
      if (length <= most && nowMs - oldest.atMs <= maxAgeMs) break
      this.#complete = Math.max(this.#complete, oldest.change.revision)
      this.#first++
    }
    // Forgotten places are given back in bulk, so that a push costs the same however long the ring is.
    if (this.#first > 1024 && this.#first * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#first)
      this.#first = 0
    }
  }

  /** Resuming at or before this revision is no longer possible without loss. */
  forgetThrough(revision: Revision): void {
    this.#kept = []
    this.#first = 0
    this.#complete = revision
  }

  /** Every change after a revision; undefined when some of them are forgotten. */
  after(revision: Revision): readonly Change[] | undefined {
    if (revision < this.#complete) return undefined
    let low = this.#first
    let high = this.#kept.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const kept = this.#kept[middle]
      if (kept !== undefined && kept.change.revision <= revision) low = middle + 1
      else high = middle
    }
    return this.#kept.slice(low).map(kept => kept.change)
  }

  get oldest(): Revision {
    return this.#complete
  }
}
