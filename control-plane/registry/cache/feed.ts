// One reader of one store for all its resources: lists everything once, then follows every write, in order. So all
// caches stand at the same revision, and to wait until they have seen a write is to wait for a number.
import { sleep } from '../../../lib/abort.ts'
import { backoffMs } from '../../../lib/backoff.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { Entry, Revision, Store, StoreEvent, WatchBatch } from '../../store/store.ts'
import type { Encoded } from '../contract.ts'
import type { ResourceCache } from './resource-cache.ts'
import type { CacheEntry } from './sorted-entries.ts'

export interface FeedOptions {
  readonly store: Store
  /** By `<group or "core">/<resource>`; what the store holds of others is left alone. */
  readonly caches: ReadonlyMap<string, ResourceCache>
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
  /** How often bookmarks are sent; default one minute. */
  readonly bookmarkEveryMs?: number
}

export const rootPrefix = '/registry/'
const pageSize = 1000
/** How long a read waits for the caches to see a revision that it names. */
const catchUpMs = 3000
/** How long it waits for the newest one before it asks the store instead. */
const newestMs = 250
/** A watch that lived so long was well; the next failure is a first one. */
const healthyMs = 10_000
const retry = { initialMs: 50, maxMs: 5000, jitter: 0.5 }

interface Waiter {
  readonly revision: Revision
  readonly arrive: () => void
}

export class Feed {
  readonly #options: FeedOptions
  #revision: Revision = 0
  readonly #waiters = new Set<Waiter>()
  /** What this process wrote and the watch has not brought yet: saves decoding it. */
  readonly #own = new Map<Revision, Encoded>()
  #asking: Promise<Revision> | undefined
  #askingNext: Promise<Revision> | undefined

  private constructor(options: FeedOptions) {
    this.#options = options
  }

  /**
   * Fills the caches and keeps them until the signal aborts.
   * @throws StoreUnavailableError when the store can't be read now
   */
  static async open(options: FeedOptions): Promise<Feed> {
    const feed = new Feed(options)
    await feed.#list()
    void feed.#follow()
    feed.#bookmarks(options.bookmarkEveryMs ?? 60_000)
    return feed
  }

  /** Every write up to this revision is in the caches. */
  get revision(): Revision {
    return this.#revision
  }

  /** Tells of a write of this process, before the watch does. @param written undefined: a deletion */
  announce(cache: ResourceCache, revision: Revision, written: Encoded | undefined): void {
    cache.acknowledge(revision)
    if (written !== undefined && revision > this.#revision) this.#own.set(revision, written)
  }

  /**
   * Waits until the caches hold every write acknowledged before this call; false: they did not get there in time,
   * so the store has to be asked.
   * @throws StoreUnavailableError
   */
  async fresh(signal?: AbortSignal): Promise<boolean> {
    return this.reached(await this.#newest(), signal, newestMs)
  }

  /** Waits a while until the caches stand at a revision; false: they don't. */
  reached(revision: Revision, signal?: AbortSignal, withinMs = catchUpMs): Promise<boolean> {
    if (revision <= this.#revision) return Promise.resolve(true)
    return new Promise(resolve => {
      const settle = (reached: boolean): void => {
        cancel()
        signal?.removeEventListener('abort', giveUp)
        this.#waiters.delete(waiter)
        resolve(reached)
      }
      const giveUp = (): void => settle(false)
      const waiter: Waiter = { revision, arrive: () => settle(true) }
      const cancel = this.#options.clock.after(withinMs, giveUp)
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#waiters.add(waiter)
    })
  }

  /** The store's newest revision; who asks while a question is under way shares the next one, never that one. */
  #newest(): Promise<Revision> {
    if (this.#asking === undefined) return this.#ask()
    const underWay = this.#asking
    this.#askingNext ??= underWay.then(
      () => this.#ask(),
      () => this.#ask(),
    )
    return this.#askingNext
  }

  #ask(): Promise<Revision> {
    this.#askingNext = undefined
    const asking = this.#options.store.currentRevision(this.#options.signal).finally(() => {
      if (this.#asking === asking) this.#asking = undefined
    })
    this.#asking = asking
    return asking
  }

  async #follow(): Promise<void> {
    const { store, signal, logger, clock } = this.#options
    for (let attempt = 0; !isAborted(signal); ) {
      const startedMs = clock.now()
      try {
        for await (const batch of store.watch(rootPrefix, this.#revision, signal)) {
          this.#take(batch)
        }
      } catch (error) {
        if (isAborted(signal)) return
        logger.warn({ error, revision: this.#revision }, 'the watch of the store broke; listing anew')
      }
      if (clock.now() - startedMs > healthyMs) attempt = 0
      // What happened since is unknown, so the present is compared with what the caches hold.
      for (let listed = false; !listed && !isAborted(signal); attempt++) {
        await sleep(backoffMs(attempt, retry), signal)
        try {
          await this.#list()
          listed = true
        } catch (error) {
          if (!isAborted(signal)) logger.warn({ error }, 'the store could not be listed; trying again')
        }
      }
    }
  }

  async #list(): Promise<void> {
    const { store, caches, signal } = this.#options
    const listed = new Map<string, CacheEntry[]>()
    let from = rootPrefix
    let revision: Revision | undefined
    for (;;) {
      const at = revision === undefined ? {} : { at: revision }
      const page = await store.list(rootPrefix, { limit: pageSize, from, signal, ...at })
      revision = page.revision
      for (const entry of page.entries) this.#collect(entry, listed)
      const last = page.entries.at(-1)
      if (!page.more || last === undefined) break
      from = `${last.key}\0`
    }
    const before = this.#revision
    const rewound = revision < before
    if (rewound) this.#options.logger.warn({ before, revision }, 'the store went back in time; all watches end')
    for (const [resource, cache] of caches) {
      const entries = listed.get(resource) ?? []
      if (rewound) cache.reset(entries, revision)
      else cache.replace(entries, before, revision)
    }
    this.#advance(revision)
  }

  #collect(entry: Entry, listed: Map<string, CacheEntry[]>): void {
    const { resource, key } = parseKey(entry.key)
    const cache = this.#options.caches.get(resource)
    const decoded = cache && this.#decode(cache, entry)
    if (decoded === undefined) return
    const entries = listed.get(resource) ?? []
    entries.push({ key, revision: entry.revision, ...decoded })
    listed.set(resource, entries)
  }

  #take({ events, revision }: WatchBatch): void {
    const nowMs = this.#options.clock.now()
    for (const event of events) this.#apply(event, nowMs)
    this.#advance(revision)
  }

  #apply(event: StoreEvent, nowMs: number): void {
    // A store may tell of a write twice; never of a newer one first.
    if (event.revision <= this.#revision) return
    const { resource, key } = parseKey(event.key)
    const cache = this.#options.caches.get(resource)
    if (cache === undefined) return
    if (event.value === undefined) cache.apply(key, undefined, event.revision, nowMs)
    else {
      const own = this.#own.get(event.revision)
      const decoded = own ?? this.#decode(cache, { ...event, value: event.value })
      if (decoded !== undefined) cache.apply(key, decoded, event.revision, nowMs)
    }
  }

  #decode(cache: ResourceCache, { key, value, revision }: Entry): Encoded | undefined {
    try {
      return cache.decode(value, revision)
    } catch (error) {
      this.#options.logger.error({ error, key, revision }, 'the store holds something unreadable; it is left out')
      return undefined
    }
  }

  #advance(revision: Revision): void {
    this.#revision = revision
    for (const own of this.#own.keys()) if (own <= revision) this.#own.delete(own)
    for (const waiter of this.#waiters) if (waiter.revision <= revision) waiter.arrive()
  }

  #bookmarks(everyMs: number): void {
    const { clock, signal, caches } = this.#options
    let cancel = (): void => {}
    const tick = (): void => {
      for (const cache of caches.values()) cache.bookmark(this.#revision)
      cancel = clock.after(everyMs, tick)
    }
    cancel = clock.after(everyMs, tick)
    signal.addEventListener('abort', () => cancel(), { once: true })
  }
}

/** A call, so that the compiler does not take an earlier answer for the present one. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted

/** `/registry/core/pods/ns/name` is `ns/name` of `core/pods`. */
function parseKey(storeKey: string): { resource: string; key: string } {
  const group = storeKey.indexOf('/', rootPrefix.length)
  const end = storeKey.indexOf('/', group + 1)
  return { resource: storeKey.slice(rootPrefix.length, end), key: storeKey.slice(end + 1) }
}
