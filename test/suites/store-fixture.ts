// What the parts of the store suite share: a store, keys of a test's own, and readers of watches.
import assert from 'node:assert/strict'
import type { Page, Revision, Store, StoreEvent, Write } from '../../control-plane/store/store.ts'

export interface StoreUnderTest {
  /** Opens a store on the data of this test; the caller closes it. */
  open(): Promise<Store>
  /** Stops what was started and removes what was made. */
  dispose(): Promise<void>
}

/** The one store that the tests of a suite share: there while they run, not yet when they are declared. */
export class SharedStore {
  readonly #start: () => Promise<StoreUnderTest>
  #under: StoreUnderTest | undefined
  #store: Store | undefined

  constructor(start: () => Promise<StoreUnderTest>) {
    this.#start = start
  }

  get store(): Store {
    assert.ok(this.#store, 'the store is not open')
    return this.#store
  }

  async open(): Promise<void> {
    this.#under ??= await this.#start()
    this.#store = await this.#under.open()
  }

  /** A second store on the same data; the caller closes it. */
  openAnother(): Promise<Store> {
    assert.ok(this.#under, 'there is no data yet')
    return this.#under.open()
  }

  async dispose(): Promise<void> {
    try {
      await this.#store?.close()
    } finally {
      await this.#under?.dispose()
    }
  }
}

export const bytes = (text: string): Buffer => Buffer.from(text)

let prefixes = 0
/** Tests share the data, so each one has keys of its own. */
export const freshPrefix = (): string => `/suite/${process.pid}/${++prefixes}/`

export const put = (key: string, value: string, rest: Partial<Write> = {}): Write => ({
  key,
  value: bytes(value),
  ...rest,
})

export const remove = (key: string, expect?: Revision): Write => ({
  key,
  value: undefined,
  ...(expect !== undefined && { expect }),
})

export async function commitOk(store: Store, ...writes: Write[]): Promise<Revision[]> {
  const results = await store.commit(writes)
  return results.map((result, index) => {
    assert.ok(result.ok, `write ${index} of ${writes[index]?.key} was refused`)
    return result.revision
  })
}

/** What a watch yields up to a revision. Checks on the way that batches keep their promise. */
export async function eventsUpTo(store: Store, prefix: string, from: Revision, upTo: Revision): Promise<StoreEvent[]> {
  if (from >= upTo) return []
  const controller = new AbortController()
  const timeout = setTimeout(() => controller.abort(), 60_000)
  const events: StoreEvent[] = []
  let seen = from
  try {
    for await (const batch of store.watch(prefix, from, controller.signal)) {
      for (const event of batch.events) {
        assert.ok(event.revision > seen, `event ${event.revision} came after ${seen}`)
        assert.ok(event.key.startsWith(prefix), `${event.key} is not below ${prefix}`)
        seen = event.revision
        events.push(event)
      }
      assert.ok(batch.revision >= seen, `a batch up to ${batch.revision} holds event ${seen}`)
      seen = batch.revision
      if (seen >= upTo) return events.filter(event => event.revision <= upTo)
    }
  } finally {
    clearTimeout(timeout)
    controller.abort()
  }
  return assert.fail(`the watch ended at ${seen}, before ${upTo}`)
}

export const texts = (page: Page): string[] => page.entries.map(entry => `${entry.key}=${entry.value.toString()}`)
export const summary = (events: readonly StoreEvent[]): string[] =>
  events.map(event => `${event.revision} ${event.key} ${event.value?.toString() ?? 'deleted'}`)

export async function listAll(store: Store, prefix: string, limit: number, at?: Revision): Promise<Page> {
  let page = await store.list(prefix, { limit, ...(at !== undefined && { at }) })
  const entries = [...page.entries]
  while (page.more) {
    const from = `${entries.at(-1)?.key}\0`
    page = await store.list(prefix, { limit, from, at: page.revision })
    assert.ok(page.entries.length > 0, 'a page that was to have more is empty')
    entries.push(...page.entries)
  }
  return { ...page, entries }
}

/** The keys of all events below a prefix, in order, from a watch that goes on meanwhile. */
export class WatchedKeys {
  readonly keys: string[] = []
  readonly #stop = new AbortController()
  readonly #waiting = new Map<string, () => void>()
  readonly #watching: Promise<void>

  constructor(store: Store, prefix: string, from: Revision) {
    this.#watching = this.#watch(store, prefix, from)
    // Told to whoever waits, and at the latest to who stops it.
    this.#watching.catch(() => undefined)
  }

  /** Waits for an event of the key; fails when the watch ends before. */
  async until(key: string): Promise<void> {
    if (this.keys.includes(key)) return
    await Promise.race([new Promise<void>(resolve => this.#waiting.set(key, resolve)), this.#watching])
    assert.ok(this.keys.includes(key), `the watch ended before it told of ${key}`)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#watching
  }

  async #watch(store: Store, prefix: string, from: Revision): Promise<void> {
    for await (const { events } of store.watch(prefix, from, this.#stop.signal)) {
      for (const { key } of events) {
        this.keys.push(key)
        this.#waiting.get(key)?.()
      }
    }
  }
}
