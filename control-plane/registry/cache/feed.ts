// One reader of one store for all its resources: lists everything once, then follows every write, in order. So all
// caches stand at the same revision, and to wait until they have seen a write is to wait for a number.
import type { Kind } from '../../../api/kinds/kind.ts'
import { sleep } from '../../../lib/abort.ts'
import { backoffMs } from '../../../lib/backoff.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { Entry, Revision, Store, StoreEvent, WatchBatch } from '../../store/store.ts'
import type { Encoded } from '../contract.ts'
import { resourcePath, rootPrefix } from '../keys.ts'
import type { ResourceCache } from './resource-cache.ts'
import type { CacheEntry } from './sorted-entries.ts'

export interface FeedOptions {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
  /** How often bookmarks are sent; default one minute. */
  readonly bookmarkEveryMs?: number
}

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
  /** By resourcePath; what the store holds of others is left alone. */
  readonly #caches = new Map<string, ResourceCache>()
  /** Caches that are being filled from the store, and what has happened to their objects meanwhile. */
  readonly #filling = new Map<string, StoreEvent[]>()
  /** Counts the listings of everything: between two of them no event is missing. */
  #listings = 0
  #current: Promise<Revision> | undefined
  #next: Promise<Revision> | undefined

  private constructor(options: FeedOptions) {
    this.#options = options
  }

  /**
   * Fills the caches and keeps them until the signal aborts.
   * @throws StoreUnavailableError when the store can't be read now
   */
  static async open(options: FeedOptions, caches: Iterable<readonly [Kind, ResourceCache]>): Promise<Feed> {
    const feed = new Feed(options)
    for (const [kind, cache] of caches) feed.#caches.set(resourcePath(kind), cache)
    await feed.#list()
    void feed.#follow()
    feed.#bookmarks(options.bookmarkEveryMs ?? 60_000)
    return feed
  }

  /** Every write up to this revision is in the caches. */
  get revision(): Revision {
    return this.#revision
  }

  /**
   * Begins to keep the cache of a kind that came later: resolves when it holds what the store has.
   * @throws StoreUnavailableError
   */
  async follow(kind: Kind, cache: ResourceCache): Promise<void> {
    const resource = resourcePath(kind)
    try {
      for (;;) {
        const meanwhile: StoreEvent[] = []
        this.#filling.set(resource, meanwhile)
        const listings = this.#listings
        const present: CacheEntry[] = []
        const revision = await this.#read(`${rootPrefix}${resource}/`, entry => {
          const found = this.#entryOf(cache, entry)
          if (found !== undefined) present.push(found)
        })
        // The watch broke in between, so events may be missing.
        if (listings !== this.#listings) continue
        cache.replace(present, revision, revision)
        const nowMs = this.#options.clock.now()
        for (const event of meanwhile) if (event.revision > revision) this.#applyTo(cache, event, nowMs)
        this.#caches.set(resource, cache)
        await this.reached(revision, this.#options.signal)
        return
      }
    } finally {
      this.#filling.delete(resource)
    }
  }

  /** Keeps a cache no more; its watches end. */
  unfollow(kind: Kind): void {
    const resource = resourcePath(kind)
    this.#caches.get(resource)?.close()
    this.#caches.delete(resource)
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
    if (this.#current === undefined) return this.#readCurrent()
    const underWay = this.#current
    this.#next ??= underWay.then(
      () => this.#readCurrent(),
      () => this.#readCurrent(),
    )
    return this.#next
  }

  #readCurrent(): Promise<Revision> {
    this.#next = undefined
    const reading = this.#options.store.currentRevision(this.#options.signal).finally(() => {
      if (this.#current === reading) this.#current = undefined
    })
    this.#current = reading
    return reading
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
    const listed = new Map<ResourceCache, CacheEntry[]>()
    const revision = await this.#read(rootPrefix, entry => {
      const cache = this.#caches.get(parseKey(entry.key).resource)
      const found = cache && this.#entryOf(cache, entry)
      if (cache === undefined || found === undefined) return
      const entries = listed.get(cache)
      if (entries === undefined) listed.set(cache, [found])
      else entries.push(found)
    })
    const before = this.#revision
    const rewound = revision < before
    if (rewound) this.#options.logger.warn({ before, revision }, 'the store went back in time; all watches end')
    this.#listings++
    for (const cache of this.#caches.values()) {
      const entries = listed.get(cache) ?? []
      if (rewound) cache.reset(entries, revision)
      else cache.replace(entries, before, revision)
    }
    this.#advance(revision)
  }

  /** Hands over everything below a prefix, as of the revision that is answered. */
  async #read(prefix: string, take: (entry: Entry) => void): Promise<Revision> {
    const { store, signal } = this.#options
    let from = prefix
    let revision: Revision | undefined
    for (;;) {
      const at = revision === undefined ? {} : { at: revision }
      const page = await store.list(prefix, { limit: pageSize, from, signal, ...at })
      revision = page.revision
      for (const entry of page.entries) take(entry)
      const last = page.entries.at(-1)
      if (!page.more || last === undefined) return revision
      from = `${last.key}\0`
    }
  }

  #entryOf(cache: ResourceCache, entry: Entry): CacheEntry | undefined {
    const decoded = this.#decode(cache, entry)
    return decoded && { key: parseKey(entry.key).key, revision: entry.revision, ...decoded }
  }

  #take({ events, revision }: WatchBatch): void {
    const nowMs = this.#options.clock.now()
    for (const event of events) this.#apply(event, nowMs)
    this.#advance(revision)
  }

  #apply(event: StoreEvent, nowMs: number): void {
    // A store may tell of a write twice; never of a newer one first.
    if (event.revision <= this.#revision) return
    const { resource } = parseKey(event.key)
    this.#filling.get(resource)?.push(event)
    const cache = this.#caches.get(resource)
    // A cache that was filled while the feed was behind has seen it already.
    if (cache !== undefined && event.revision > cache.filledAt) this.#applyTo(cache, event, nowMs)
  }

  #applyTo(cache: ResourceCache, event: StoreEvent, nowMs: number): void {
    const { key } = parseKey(event.key)
    if (event.value === undefined) cache.apply(key, undefined, event.revision, nowMs)
    else {
      const decoded = this.#own.get(event.revision) ?? this.#decode(cache, { ...event, value: event.value })
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
    const { clock, signal } = this.#options
    let cancel = (): void => {}
    const tick = (): void => {
      for (const cache of this.#caches.values()) cache.bookmark(this.#revision)
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
