import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { StatusError } from '../api/errors.ts'
import { type ConfigMap, configMaps } from '../api/kinds/core-v1/config-map.ts'
import type { Stored } from '../api/kinds/kind.ts'
import { configMap } from '../test/suites/client.ts'
import { UnavailableError } from './call-error.ts'
import { FakeClient } from './fake.ts'
import { Informer, objectKey } from './informer.ts'

type Step =
  | { readonly do: 'put' | 'delete' | 'replace'; readonly name: string }
  | { readonly do: 'disconnect' | 'offline' | 'online' | 'compact' | 'turn' }

const name = fc.constantFrom('a', 'b', 'c', 'd')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('put', 'delete', 'replace'), name }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('disconnect', 'offline', 'online', 'online', 'compact', 'compact', 'turn', 'turn'),
    }),
  },
)

/** A ConfigMap whose group is its only datum; the informer indexes by it. */
async function put(client: FakeClient, name: string, group: string): Promise<void> {
  const at = { namespace: 'default', name }
  const current = await client.get(configMaps, at).catch(() => undefined)
  if (current) await client.update(configMaps, { ...current, data: { group } })
  else await client.create(configMaps, configMap(name, { group }))
}

/** A cluster that can be out of reach for a while. */
class Cluster extends FakeClient {
  online = true

  constructor() {
    super({
      before: ({ verb }) => {
        if (verb === 'watch' && !this.online) throw new UnavailableError('fake', 'offline')
      },
    })
  }

  goOffline(): void {
    this.online = false
    this.disconnect()
  }
}

async function take(client: Cluster, step: Step, n: number): Promise<void> {
  switch (step.do) {
    case 'put':
      return put(client, step.name, String(n % 3))
    case 'delete':
    case 'replace':
      await client.delete(configMaps, { namespace: 'default', name: step.name }).catch(() => undefined)
      if (step.do === 'replace') await put(client, step.name, String(n % 3))
      return
    case 'disconnect':
      client.disconnect()
      return
    case 'offline':
      client.goOffline()
      return
    case 'online':
      client.online = true
      return
    case 'compact':
      client.compact()
      return
    case 'turn':
      for (let i = 0; i < 3; i++) await turn()
      return
  }
}

/** Waits until something holds; the test runner's own limit ends a wait in vain. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

const groupOf = (object: Stored<ConfigMap>): string[] => [object.data?.['group'] ?? '']

function follow(client: FakeClient) {
  const mistakes: unknown[] = []
  const informer = new Informer(client, configMaps, {
    indexes: { group: groupOf },
    wait: () => turn(),
    onError: error => {
      if (!(error instanceof UnavailableError)) mistakes.push(error)
    },
  })
  const controller = new AbortController()
  const running = informer.run(controller.signal)
  return {
    informer,
    async stop() {
      controller.abort()
      await running
      assert.deepEqual(mistakes, [])
    },
  }
}

describe('Informer', () => {
  it('its deltas and indexes are exact, whatever happens to the connection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 60, size: 'max' }), async steps => {
        const client = new Cluster()
        const { informer, stop } = follow(client)
        const replica = new Map<string, Stored<ConfigMap>>()
        informer.subscribe({
          added(object) {
            assert.equal(informer.get(objectKey(object)), object)
            assert.ok(!replica.has(objectKey(object)), 'added twice')
            replica.set(objectKey(object), object)
          },
          updated(object, old) {
            assert.equal(informer.get(objectKey(object)), object)
            assert.equal(replica.get(objectKey(object)), old)
            assert.equal(object.metadata.uid, old.metadata.uid)
            assert.notEqual(object.metadata.resourceVersion, old.metadata.resourceVersion)
            replica.set(objectKey(object), object)
          },
          deleted(old) {
            assert.equal(informer.get(objectKey(old)), undefined)
            assert.equal(replica.get(objectKey(old)), old)
            replica.delete(objectKey(old))
          },
        })
        await informer.synced
        for (const [n, step] of steps.entries()) await take(client, step, n)
        client.online = true
        const sentinel = await client.create(configMaps, configMap('sentinel', { group: 'end' }))
        await until(() => informer.get(objectKey(sentinel)) !== undefined)
        await stop()

        const { items } = await client.list(configMaps)
        const truth = new Map(items.map(item => [objectKey(item), item]))
        assert.deepEqual(replica, truth)
        assert.deepEqual(new Map([...informer.list()].map(object => [objectKey(object), object])), truth)
        for (const group of ['0', '1', '2', 'end']) {
          const indexed = [...informer.by('group', group)].map(objectKey).sort()
          const expected = items
            .filter(item => item.data?.['group'] === group)
            .map(objectKey)
            .sort()
          assert.deepEqual(indexed, expected)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('is synced once it holds everything there was', async () => {
    const client = new FakeClient()
    for (const name of ['a', 'b', 'c']) await put(client, name, '0')
    const { informer, stop } = follow(client)
    assert.equal(informer.hasSynced, false)
    await informer.synced
    assert.equal(informer.size, 3)
    await stop()
  })

  it('tells a late subscriber what is there, and an unsubscribed one nothing', async () => {
    const client = new FakeClient()
    await put(client, 'a', '0')
    const { informer, stop } = follow(client)
    await informer.synced
    const seen: string[] = []
    const unsubscribe = informer.subscribe({ added: object => seen.push(object.metadata.name) })
    assert.deepEqual(seen, ['a'])
    unsubscribe()
    await put(client, 'b', '0')
    await until(() => informer.size === 2)
    assert.deepEqual(seen, ['a'])
    await stop()
  })

  it('tells an object deleted and made anew behind its back as two', async () => {
    const client = new Cluster()
    await put(client, 'a', '0')
    const { informer, stop } = follow(client)
    await informer.synced
    const seen: string[] = []
    informer.subscribe({
      added: () => seen.push('added'),
      updated: () => seen.push('updated'),
      deleted: () => seen.push('deleted'),
    })
    client.goOffline()
    await client.delete(configMaps, { namespace: 'default', name: 'a' })
    await put(client, 'a', '1')
    client.compact()
    client.online = true
    await until(() => informer.get('default/a')?.data?.['group'] === '1')
    assert.deepEqual(seen, ['added', 'deleted', 'added'])
    await stop()
  })

  it('learns of a deletion whose history is gone', async () => {
    const client = new Cluster()
    await put(client, 'a', '0')
    const { informer, stop } = follow(client)
    await informer.synced
    const deleted: string[] = []
    informer.subscribe({ deleted: object => deleted.push(object.metadata.name) })
    client.goOffline()
    await client.delete(configMaps, { namespace: 'default', name: 'a' })
    client.compact()
    client.online = true
    await until(() => informer.size === 0)
    assert.deepEqual(deleted, ['a'])
    await stop()
  })

  it('waits longer after each failure, and says why', async () => {
    let failures = 5
    const client = new FakeClient({
      before: ({ verb }) => {
        if (verb === 'watch' && failures-- > 0) throw StatusError.forbidden(configMaps, '', 'not yours')
      },
    })
    const waits: number[] = []
    const errors: unknown[] = []
    const informer = new Informer(client, configMaps, {
      backoff: { initialMs: 100, maxMs: 1_000 },
      wait: async ms => void waits.push(ms),
      onError: error => errors.push(error),
    })
    const controller = new AbortController()
    const running = informer.run(controller.signal)
    await informer.synced
    controller.abort()
    await running
    assert.deepEqual(waits, [100, 200, 400, 800, 1_000])
    assert.equal(errors.length, 5)
  })

  it('survives a handler that throws', async () => {
    const client = new FakeClient()
    const errors: unknown[] = []
    const informer = new Informer(client, configMaps, { onError: error => errors.push(error) })
    const controller = new AbortController()
    informer.subscribe({
      added() {
        throw new Error('mistake')
      },
    })
    const running = informer.run(controller.signal)
    await informer.synced
    await put(client, 'a', '0')
    await until(() => informer.size === 1)
    assert.match(String(errors[0]), /mistake/)
    controller.abort()
    await running
  })
})
