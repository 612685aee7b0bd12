// One stream of the store's events, shared by all watchers of this process. A watcher that starts in
// the past first replays history from the driver and then joins; one that can't keep up is cut off
// from the shared stream and replays what it missed, so nobody buffers without bound.
import { isAborted } from '../../lib/abort.ts'
import type { Revision, StoreEvent, WatchBatch } from './store.ts'

/** How many events a watcher may lag behind before it has to replay them from history. */
const maxBuffered = 4096

/** Yields every event of the prefix in (after, upTo], in order; the last batch's revision is upTo. */
export type Replay = (prefix: string, after: Revision, upTo: Revision, signal: AbortSignal) => AsyncIterable<WatchBatch>

class Subscription {
  readonly #prefix: string
  #batches: WatchBatch[] = []
  #buffered = 0
  #overflowed = false
  #wake: (() => void) | undefined

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  push(batch: WatchBatch): void {
    if (this.#overflowed) return
    const events = batch.events.filter(event => event.key.startsWith(this.#prefix))
    const last = this.#batches.at(-1)
    if (events.length === 0 && last) {
      this.#batches[this.#batches.length - 1] = { events: last.events, revision: batch.revision }
    } else {
      this.#batches.push({ events, revision: batch.revision })
      this.#buffered += events.length
    }
    if (this.#buffered > maxBuffered) {
      this.#overflowed = true
      this.#batches = []
    }
    this.wake()
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  /** All that is buffered; undefined once the watcher has fallen too far behind. */
  take(): WatchBatch[] | undefined {
    if (this.#overflowed) return undefined
    const batches = this.#batches
    this.#batches = []
    this.#buffered = 0
    return batches
  }

  /** Resolves when there is something to take, or at `wake`. */
  ready(): Promise<void> {
    if (this.#overflowed || this.#batches.length > 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}

export class Fanout {
  #position: Revision
  #failure: Error | undefined
  readonly #subscriptions = new Set<Subscription>()
  readonly #cut = new WeakMap<Subscription, Error>()

  /** @param position the revision up to which nothing will be published any more */
  constructor(position: Revision) {
    this.#position = position
  }

  /** Everything up to this revision has been published. */
  get position(): Revision {
    return this.#position
  }

  /** Events must come in order; a batch that lies wholly in the past is ignored. */
  publish(batch: WatchBatch): void {
    if (batch.revision <= this.#position) return
    const fresh = { events: after(batch.events, this.#position), revision: batch.revision }
    this.#position = batch.revision
    for (const subscription of this.#subscriptions) subscription.push(fresh)
  }

  /** Ends every watch, present and future, with this error. */
  fail(error: Error): void {
    this.#failure ??= error
    for (const subscription of this.#subscriptions) subscription.wake()
  }

  /** Ends the present watches with this error and goes on from another position. */
  reset(error: Error, position: Revision): void {
    const cut = [...this.#subscriptions]
    this.#subscriptions.clear()
    this.#position = position
    for (const subscription of cut) {
      this.#cut.set(subscription, error)
      subscription.wake()
    }
  }

  /** The `watch` of the store's contract. */
  async *watch(prefix: string, from: Revision, signal: AbortSignal, replay: Replay): AsyncGenerator<WatchBatch> {
    let seen = from
    while (!signal.aborted) {
      if (this.#failure) throw this.#failure
      // Subscribe before replaying: what is published meanwhile waits in the subscription.
      const subscription = new Subscription(prefix)
      this.#subscriptions.add(subscription)
      const wake = (): void => subscription.wake()
      signal.addEventListener('abort', wake, { once: true })
      try {
        const upTo = this.#position
        if (seen < upTo) {
          for await (const batch of replay(prefix, seen, upTo, signal)) {
            if (isAborted(signal)) return
            seen = batch.revision
            yield batch
          }
        }
        for (;;) {
          await subscription.ready()
          if (isAborted(signal)) return
          const failure = this.#failureOf(subscription)
          const batches = subscription.take()
          for (const batch of batches ?? []) {
            if (batch.revision <= seen) continue
            const events = after(batch.events, seen)
            seen = batch.revision
            yield { events, revision: seen }
            if (isAborted(signal)) return
          }
          if (failure) throw failure
          if (!batches) break
        }
      } finally {
        this.#subscriptions.delete(subscription)
        signal.removeEventListener('abort', wake)
      }
    }
  }

  #failureOf(subscription: Subscription): Error | undefined {
    return this.#failure ?? this.#cut.get(subscription)
  }
}

/** The events behind a revision; the same array when that is all of them. */
function after(events: readonly StoreEvent[], revision: Revision): readonly StoreEvent[] {
  const first = events[0]
  return first && first.revision <= revision ? events.filter(event => event.revision > revision) : events
}
