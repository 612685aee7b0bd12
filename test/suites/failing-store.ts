// What a store on a server owes its callers while that server is frozen, killed, or nowhere to be found.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Store, StoreUnavailableError } from '../../control-plane/store/store.ts'
import { eventsUpTo } from './store.ts'
import { assertHistoryWhole, assertRoundsKept, writeRounds } from './store-writer.ts'
import type { TestServer } from './test-server.ts'

export interface FailingStore {
  readonly server: () => Promise<TestServer>
  /** With a deadline of some seconds at most. */
  readonly open: (address: string) => Promise<Store>
  /** What a call says whose deadline has passed. */
  readonly noAnswer: (address: string) => RegExp
}

/** A store and its server, there while the tests run. */
export interface Opened {
  readonly server: TestServer
  readonly store: Store
}

export const put = (key: string, text = 'x') => ({ key, value: Buffer.from(text) })

/** @param more what only this driver owes */
export function failingStoreSuite(name: string, driver: FailingStore, more: (opened: () => Opened) => void): void {
  describe(name, { timeout: 120_000 }, () => {
    let server: TestServer
    let store: Store
    before(async () => {
      server = await driver.server()
      await server.start()
      store = await driver.open(server.address)
    })
    after(async () => {
      await store.close()
      await server.dispose()
    })

    it('fails calls within their deadline while frozen, and works again afterwards', async () => {
      const seen = new WatchedKeys(store, '/frozen/', await store.currentRevision())
      await store.commit([put('/frozen/before')])
      await seen.until('/frozen/before')
      await server.kill('SIGSTOP')
      try {
        const calls = [
          store.get('/frozen/before'),
          store.list('/frozen/'),
          store.currentRevision(),
          store.commit([put('/frozen/during')]),
          store.commit([{ ...put('/frozen/expiring'), ttlSeconds: 100 }]),
        ]
        for (const result of await Promise.allSettled(calls)) {
          assert.ok(result.status === 'rejected' && result.reason instanceof StoreUnavailableError)
          assert.match(result.reason.message, driver.noAnswer(server.address))
        }
      } finally {
        await server.kill('SIGCONT')
      }
      await untilItWorks(store)
      await store.commit([put('/frozen/after')])
      await seen.until('/frozen/after')
      await seen.stop()
      assert.equal(seen.keys[0], '/frozen/before')
      assert.equal(seen.keys.at(-1), '/frozen/after')
    })

    it('keeps every acknowledged write through kill -9, and watchers miss nothing', async () => {
      const begin = await store.currentRevision()
      const acknowledged = new Map<number, number>()
      const watched = new WatchedKeys(store, '/w/', begin)
      for (let crash = 0; crash < 3; crash++) {
        const stop = new AbortController()
        const first = Math.max(0, ...acknowledged.values()) + 10
        const report = (writer: number, round: number) => acknowledged.set(writer, round)
        const writing = writeRounds(store, '/w/', report, stop.signal, first)
        await delay(300)
        await server.kill('SIGKILL')
        await writing
        stop.abort()
        await server.start()
        await untilItWorks(store)
        await assertRoundsKept(store, '/w/', acknowledged)
      }
      await assertHistoryWhole(store, '/w/', begin)
      await store.commit([put('/w/end')])
      await watched.until('/w/end')
      await watched.stop()
      const events = await eventsUpTo(store, '/w/', begin, await store.currentRevision())
      assert.deepEqual(
        watched.keys,
        events.map(event => event.key),
      )
    })

    more(() => ({ server, store }))
  })
}

/** As long as a server needs to be found again. */
async function untilItWorks(store: Store): Promise<void> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const error: unknown = await store.commit([put('/works')]).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (!error) return
    if (Date.now() > deadline) throw new Error('the store still fails', { cause: error })
    await delay(50)
  }
}

/** The keys of all events below a prefix, in order. */
class WatchedKeys {
  readonly keys: string[] = []
  readonly #stop = new AbortController()
  readonly #waiting = new Map<string, () => void>()
  readonly #watching: Promise<void>

  constructor(store: Store, prefix: string, from: number) {
    this.#watching = this.#watch(store, prefix, from)
  }

  /** Fails when the watch does. */
  async until(key: string): Promise<void> {
    if (this.keys.includes(key)) return
    await Promise.race([new Promise<void>(resolve => this.#waiting.set(key, resolve)), this.#watching])
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#watching
  }

  async #watch(store: Store, prefix: string, from: number): Promise<void> {
    for await (const { events } of store.watch(prefix, from, this.#stop.signal)) {
      for (const { key } of events) {
        this.keys.push(key)
        this.#waiting.get(key)?.()
      }
    }
  }
}
