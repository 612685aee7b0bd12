// One watch: the events it has not yet taken, bounded. Who falls behind is let go and starts over.
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
  readonly #onEnd: () => void

  constructor(selection: Selection, bookmarks: boolean, onEnd: () => void) {
    this.selection = selection
    this.bookmarks = bookmarks
    this.#onEnd = onEnd
  }

  /** A change passes by. */
  offer(change: Change): void {
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

  /** No more events; those that wait can still be taken. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#wake?.()
    this.#onEnd()
  }

  /** The first events, then batches of what came meanwhile, until the end. */
  async *batches(first: readonly WatchEvent[]): AsyncGenerator<readonly WatchEvent[]> {
    try {
      if (first.length > 0) yield first
      for (;;) {
        if (this.#waiting.length > 0) {
          const batch = this.#waiting
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
      this.end()
    }
  }
}
