import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openStore } from '../../control-plane/store/open.ts'
import { openRedisStore } from '../../control-plane/store/redis.ts'
import { type Store, StoreUnavailableError } from '../../control-plane/store/store.ts'
import { redisServer } from './redis-server.ts'
import { storeSuite } from './store.ts'
import { assertHistoryWhole, assertRoundsKept, writeRounds } from './store-writer.ts'
import type { TestServer } from './test-server.ts'

storeSuite(
  'redis store',
  async () => {
    const server = await redisServer()
    await server.start()
    return { open: () => openStore(`redis://${server.address}`), dispose: () => server.dispose() }
  },
  { runs: 40, expirySlackMs: 1500 },
)

const put = (key: string, text = 'x') => ({ key, value: Buffer.from(text) })

describe('Redis that fails', { timeout: 120_000 }, () => {
  let server: TestServer
  let store: Store
  before(async () => {
    server = await redisServer()
    await server.start()
    store = await openRedisStore({ url: `redis://${server.address}`, deadlineMs: 3000 })
  })
  after(async () => {
    await store.close()
    await server.dispose()
  })

  async function untilItWorks(): Promise<void> {
    const deadline = Date.now() + 20_000
    for (;;) {
      const error: unknown = await store.commit([put('/works')]).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (!error) return
      if (Date.now() > deadline) throw new Error('Redis still fails', { cause: error })
      await delay(50)
    }
  }

  it('fails calls within their deadline while frozen, and works again afterwards', async () => {
    const begin = await store.currentRevision()
    const seen: string[] = []
    const controller = new AbortController()
    const watching = (async () => {
      for await (const { events } of store.watch('/frozen/', begin, controller.signal)) {
        seen.push(...events.map(event => event.key))
        if (seen.includes('/frozen/after')) return
      }
    })()
    await store.commit([put('/frozen/before')])
    await server.kill('SIGSTOP')
    try {
      const calls = [store.get('/a'), store.list('/a'), store.currentRevision(), store.commit([put('/frozen/during')])]
      for (const result of await Promise.allSettled(calls)) {
        assert.ok(result.status === 'rejected' && result.reason instanceof StoreUnavailableError)
        assert.match(result.reason.message, new RegExp(`Redis at ${server.address}: no answer within 3000 ms`))
      }
    } finally {
      await server.kill('SIGCONT')
    }
    await untilItWorks()
    await store.commit([put('/frozen/after')])
    await watching
    controller.abort()
    assert.equal(seen[0], '/frozen/before')
  })

  it('says where it looked when nobody answers there', async () => {
    const other = await redisServer()
    try {
      await assert.rejects(openStore(`redis://${other.address}`), new RegExp(`Redis at ${other.address}`))
    } finally {
      await other.dispose()
    }
    await assert.rejects(openStore('redis:nowhere'), /expected redis:\/\//)
  })

  it('keeps every acknowledged write through kill -9 when it flushes each one', async () => {
    const begin = await store.currentRevision()
    const acknowledged = new Map<number, number>()
    for (let crash = 0; crash < 3; crash++) {
      const stop = new AbortController()
      const first = Math.max(0, ...acknowledged.values()) + 10
      const report = (writer: number, round: number) => acknowledged.set(writer, round)
      const writing = writeRounds(store, '/w/', report, stop.signal, first)
      await delay(200)
      await server.kill('SIGKILL')
      await writing
      stop.abort()
      await server.start()
      await untilItWorks()
      await assertRoundsKept(store, '/w/', acknowledged)
    }
    await assertHistoryWhole(store, '/w/', begin)
  })
})
