// One watch: the events it has not yet taken, bounded. Who falls behind is let go and starts over.
import type { Revision } from '../../store/store.ts'
import type { WatchEvent } from '../contract.ts'
import type { Change } from './events.ts'
import type { Selection } from './selection.ts'

/** More events than this waiting means that the reader does not keep up. */
const maxWaiting = 16_384

export class Watcher {
  readonly selection: Selection
  readonly bookmarks: boolean
  #waiting: WatchEvent[] = []
  #ended = false
  #wake: (() => void) | undefined
  /** Changes up to here are known to the watcher already. */
  readonly #after: Revision

  constructor(selection: Selection, after: Revision, bookmarks: boolean) {
    this.selection = selection
    this.bookmarks = bookmarks
    this.#after = after
  }

  get ended(): boolean {
    return this.#ended
  }

  /** A change passes by. */
  offer(change: Change): void {
    if (change.revision <= this.#after) return
    const event = change.seenBy(this.selection.selects)
    if (event !== undefined) this.push(event)
  }

  push(event: WatchEvent): void {
    if (this.#ended) return
    if (this.#waiting.length >= maxWaiting) {
      this.#waiting = []
      this.end()
      return
    }
    this.#waiting.push(event)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  /** Batches until the end; what waited before the end still comes, unless there was too much of it. */
  async *batches(first: readonly WatchEvent[], signal: AbortSignal | undefined, onEnd: () => void) {
    const abort = (): void => this.end()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      if (signal?.aborted) return
      if (first.length > 0) yield first
      for (;;) {
        if (this.#waiting.length > 0) {
          const batch: readonly WatchEvent[] = this.#waiting
          this.#waiting = []
          yield batch
        } else if (this.#ended) return
        else {
          await new Promise<void>(resolve => {
            this.#wake = resolve
          })
          this.#wake = undefined
        }
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      this.end()
      onEnd()
    }
  }
}
