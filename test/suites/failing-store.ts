// What a store on a server owes its callers while that server is frozen, killed, or nowhere to be found.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Store, StoreUnavailableError } from '../../control-plane/store/store.ts'
import { eventsUpTo, WatchedKeys } from './store-fixture.ts'
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

/** So many rounds of writers are acknowledged before their server is killed. */
const killAfter = 100

/** @param more what only this driver owes */
export function failingStoreSuite(name: string, driver: FailingStore, more: (opened: () => Opened) => void): void {
  describe(name, { timeout: 160_000 }, () => {
    let server: TestServer
    let store: Store
    before(async () => {
      server = await driver.server()
      await server.start()
      store = await driver.open(server.address)
    })
    after(async () => {
      try {
        await store.close()
      } finally {
        await server.dispose()
      }
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
        let reported = 0
        let killed = Promise.resolve()
        const report = (writer: number, round: number): void => {
          acknowledged.set(writer, round)
          // In the middle of commits: the writers do not wait for it.
          if (++reported === killAfter) killed = server.kill('SIGKILL')
        }
        const writing = writeRounds(store, '/w/', report, stop.signal, first)
        await writing
        assert.ok(reported >= killAfter, `the store failed after ${reported} rounds, before its server was killed`)
        await killed
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
  const deadline = Date.now() + 60_000
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
