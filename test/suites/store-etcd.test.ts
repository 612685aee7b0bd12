import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openEtcdStore } from '../../control-plane/store/etcd.ts'
import { openStore } from '../../control-plane/store/open.ts'
import { type Store, StoreUnavailableError } from '../../control-plane/store/store.ts'
import { etcdServer } from './etcd-server.ts'
import { eventsUpTo, storeSuite } from './store.ts'
import { assertHistoryWhole, assertRoundsKept, writeRounds } from './store-writer.ts'
import type { TestServer } from './test-server.ts'

storeSuite(
  'etcd store',
  async () => {
    const server = await etcdServer()
    await server.start()
    return { open: () => openStore(`etcd://${server.address}`), dispose: () => server.dispose() }
  },
  // etcd gives a lease at least 2 s, and looks for expired ones every half second.
  { runs: 15, expirySlackMs: 5000 },
)

const put = (key: string, text = 'x') => ({ key, value: Buffer.from(text) })

describe('etcd that fails', { timeout: 120_000 }, () => {
  let server: TestServer
  let store: Store
  before(async () => {
    server = await etcdServer()
    await server.start()
    store = await openEtcdStore({ endpoints: [`http://${server.address}`], deadlineMs: 700 })
  })
  after(async () => {
    await store.close()
    await server.dispose()
  })

  /** As long as etcd needs to be found again. */
  async function untilItWorks(): Promise<void> {
    const deadline = Date.now() + 20_000
    for (;;) {
      const error = await store.commit([put('/works')]).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (!error) return
      if (Date.now() > deadline) throw new Error('etcd still fails', { cause: error })
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
      const started = Date.now()
      const calls = [
        store.get('/frozen/before'),
        store.list('/frozen/'),
        store.currentRevision(),
        store.commit([put('/frozen/during')]),
        store.commit([{ ...put('/frozen/leased'), ttlSeconds: 100 }]),
      ]
      for (const result of await Promise.allSettled(calls)) {
        assert.ok(result.status === 'rejected' && result.reason instanceof StoreUnavailableError)
        assert.match(result.reason.message, new RegExp(`etcd at .*${server.address}.*no answer within 700 ms`))
      }
      assert.ok(Date.now() - started < 5000)
    } finally {
      await server.kill('SIGCONT')
    }
    await untilItWorks()
    await store.commit([put('/frozen/after')])
    await watching
    controller.abort()
    assert.equal(seen[0], '/frozen/before')
    assert.equal(seen.at(-1), '/frozen/after')
  })

  it('says where it looked when nobody answers there', async () => {
    const other = await etcdServer()
    try {
      const opening = openStore(`etcd://${other.address}`)
      await assert.rejects(opening, new RegExp(`etcd at http://${other.address}: read failed: .*is etcd running there`))
    } finally {
      await other.dispose()
    }
    await assert.rejects(openStore('etcd://localhost'), /expected HOST:PORT, not "localhost"/)
  })

  it('uses another member when one can not be reached', async () => {
    const other = await openEtcdStore({ endpoints: ['http://127.0.0.1:9', `http://${server.address}`] })
    for (let round = 0; round < 10; round++) {
      const [result] = await other.commit([put('/either')])
      assert.ok(result?.ok)
      await other.get('/either')
    }
    await other.close()
  })

  it('keeps every acknowledged write through kill -9, and watchers miss nothing', async () => {
    const begin = await store.currentRevision()
    const acknowledged = new Map<number, number>()
    const watched = new Set<string>()
    const controller = new AbortController()
    const watching = (async () => {
      for await (const { events } of store.watch('/w/', begin, controller.signal)) {
        for (const { key, value } of events) if (value) watched.add(key)
      }
    })()
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
      await untilItWorks()
      await assertRoundsKept(store, '/w/', acknowledged)
    }
    await assertHistoryWhole(store, '/w/', begin)
    const events = await eventsUpTo(store, '/w/', begin, await store.currentRevision())
    const deadline = Date.now() + 10_000
    const written = new Set(events.filter(event => event.value).map(event => event.key))
    while (watched.size < written.size && Date.now() < deadline) await delay(20)
    controller.abort()
    await watching
    assert.deepEqual([...watched].sort(), [...written].sort())
  })

  it('takes what other programs wrote for what it is', async () => {
    const { Etcd3 } = await import('etcd3')
    const client = new Etcd3({ hosts: `http://${server.address}` })
    try {
      const begin = await store.currentRevision()
      await client.put('/foreign/a').value('{"plain":true}')
      const { entry } = await store.get('/foreign/a')
      assert.equal(entry?.value.toString(), '{"plain":true}')
      const [updated] = await store.commit([{ ...put('/foreign/a', 'ours'), expect: entry.revision }])
      assert.ok(updated?.ok)
      await store.commit([put('/foreign/b'), put('/foreign/c')])
      await client.delete().prefix('/foreign/')
      const events = await eventsUpTo(store, '/foreign/', begin, await store.currentRevision())
      assert.deepEqual(
        events.map(event => `${event.key.at(-1)} ${event.value?.toString() ?? 'deleted'}`),
        ['a {"plain":true}', 'a ours', 'b x', 'c x', 'a deleted', 'b deleted', 'c deleted'],
      )
      assert.equal(new Set(events.map(event => event.revision)).size, events.length)
    } finally {
      client.close()
    }
  })

  it('says what to do when an object is too large', async () => {
    const value = Buffer.alloc(2_000_000)
    await assert.rejects(store.commit([{ key: '/large', value }]), /at most 1.5 MiB/)
  })
})
