import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openEtcdStore } from '../../control-plane/store/etcd.ts'
import { openStore } from '../../control-plane/store/open.ts'
import { etcdServer } from './etcd-server.ts'
import { failingStoreSuite, put } from './failing-store.ts'
import { storeSuite } from './store.ts'
import { eventsUpTo } from './store-fixture.ts'

storeSuite(
  'etcd store',
  async () => {
    const server = await etcdServer()
    await server.start()
    return { open: () => openStore(`etcd://${server.address}`), dispose: () => server.dispose() }
  },
  { runs: 15 },
)

failingStoreSuite(
  'etcd that fails',
  {
    server: etcdServer,
    open: address => openEtcdStore({ endpoints: [`http://${address}`], deadlineMs: 3000 }),
    noAnswer: address => new RegExp(`etcd at .*${address}.*no answer within 3000 ms`),
  },
  opened => {
    it('says where it looked when nobody answers there', async () => {
      const other = await etcdServer()
      try {
        const opening = openStore(`etcd://${other.address}`)
        await assert.rejects(
          opening,
          new RegExp(`etcd at http://${other.address}: read failed: .*is etcd running there`),
        )
      } finally {
        await other.dispose()
      }
      await assert.rejects(openStore('etcd://localhost'), /expected HOST:PORT, not "localhost"/)
    })

    it('uses another member when one can not be reached', async () => {
      const other = await openEtcdStore({ endpoints: ['http://127.0.0.1:9', `http://${opened().server.address}`] })
      for (let round = 0; round < 10; round++) {
        const [result] = await other.commit([put('/either')])
        assert.ok(result?.ok)
        await other.get('/either')
      }
      await other.close()
    })

    it('takes what other programs wrote for what it is', async () => {
      const { server, store } = opened()
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
      await assert.rejects(opened().store.commit([{ key: '/large', value }]), /at most 1.5 MiB/)
    })
  },
)
