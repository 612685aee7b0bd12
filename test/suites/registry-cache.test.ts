// The watch cache against a model: whatever happens to the store, whoever watches ends where a list is.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { isStatus } from '../../api/errors.ts'
import type { WatchEvent } from '../../control-plane/registry/contract.ts'
import { at, configMap, RegistryFixture, refusal, Watching } from './registry-fixture.ts'
import { MemoryStore } from './registry-memory-store.ts'
import { widgetKind } from './registry-runtime-kind.ts'

const namespace = 'default'
const resource = { namespace }

type Step =
  | { readonly do: 'write'; readonly name: string; readonly app: string }
  | { readonly do: 'delete'; readonly name: string }
  | { readonly do: 'watch'; readonly selector: string }
  | { readonly do: 'cut'; readonly watcher: number }
  | { readonly do: 'outage'; readonly during: readonly Step[]; readonly compacted: boolean }

const name = fc.constantFrom('a', 'b', 'c', 'a-b')
const change = fc.oneof(
  fc.record({ do: fc.constant('write' as const), name, app: fc.constantFrom('x', 'y') }),
  fc.record({ do: fc.constant('delete' as const), name }),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: change },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('watch' as const), selector: fc.constantFrom('', 'app=x', 'app!=x') }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cut' as const), watcher: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('outage' as const),
      during: fc.array(change, { maxLength: 6 }),
      compacted: fc.boolean(),
    }),
  },
)

/** A client: lists, watches from there, resumes when cut, lists anew when told that its version is too old. */
class Client {
  readonly #fixture: RegistryFixture
  readonly selector: string
  readonly #state = new Map<string, string>()
  #version = ''
  #watching: Watching | undefined
  #seen = 0

  constructor(fixture: RegistryFixture, selector: string) {
    this.#fixture = fixture
    this.selector = selector
  }

  get ended(): boolean {
    return this.#watching?.ended === true
  }

  get state(): string[] {
    this.#absorb()
    return [...this.#state.values()].sort()
  }

  async start(): Promise<void> {
    const configMaps = this.#fixture.of('configmaps')
    try {
      if (this.#version === '') await this.#list()
      const options = { ...resource, labelSelector: this.selector, resourceVersion: this.#version }
      this.#watching = await Watching.start(configMaps, options)
    } catch (error) {
      if (!isStatus(error, 'Expired')) throw error
      await this.#list()
      this.#watching = await Watching.start(configMaps, {
        ...resource,
        labelSelector: this.selector,
        resourceVersion: this.#version,
      })
    }
    this.#seen = 0
  }

  async cut(): Promise<void> {
    await this.#watching?.stop()
    this.#absorb()
    await this.start()
  }

  async stop(): Promise<void> {
    await this.#watching?.stop()
  }

  async #list(): Promise<void> {
    const { items, metadata } = await this.#fixture.of('configmaps').list({ ...resource, labelSelector: this.selector })
    this.#state.clear()
    for (const { object, json } of items) this.#state.set(object.metadata.name, json.toString())
    this.#version = metadata.resourceVersion
  }

  #absorb(): void {
    const events = this.#watching?.events ?? []
    for (; this.#seen < events.length; this.#seen++) this.#take(events[this.#seen]!)
  }

  #take({ type, object, json }: WatchEvent): void {
    const { name, resourceVersion } = object.metadata
    assert.ok(Number(resourceVersion) >= Number(this.#version), `${resourceVersion} came after ${this.#version}`)
    this.#version = resourceVersion
    assert.equal(this.#state.has(name), type !== 'ADDED', `${type} ${name}`)
    if (type === 'DELETED') this.#state.delete(name)
    else this.#state.set(name, json.toString())
  }
}

async function run(steps: readonly Step[]): Promise<void> {
  const store = new MemoryStore()
  const fixture = await RegistryFixture.open(store)
  const clients: Client[] = []
  const apply = async (step: Step): Promise<void> => {
    switch (step.do) {
      case 'write': {
        const object = { apiVersion: 'v1', ...configMap(step.name, {}, { namespace, labels: { app: step.app } }) }
        store.write(`/registry/core/configmaps/${namespace}/${step.name}`, Buffer.from(JSON.stringify(object)))
        break
      }
      case 'delete': {
        const key = `/registry/core/configmaps/${namespace}/${step.name}`
        const { entry } = await store.get(key).catch(() => ({ entry: true }))
        if (entry !== undefined) store.write(key, undefined)
        break
      }
      case 'watch': {
        const client = new Client(fixture, step.selector)
        clients.push(client)
        await client.start()
        break
      }
      case 'cut':
        await clients[step.watcher % Math.max(1, clients.length)]?.cut()
        break
      case 'outage':
        store.goAway()
        await turn()
        for (const during of step.during) await apply(during)
        if (step.compacted) await store.compact((await currentAfterAll(store)) ?? 0)
        store.comeBack()
    }
  }
  try {
    for (const step of steps) await apply(step)
    for (const client of clients) {
      const listed = await fixture.of('configmaps').list({ ...resource, labelSelector: client.selector })
      const wanted = listed.items.map(({ json }) => json.toString()).sort()
      const deadline = Date.now() + 30_000
      while (client.state.join() !== wanted.join() && Date.now() < deadline) {
        await delay(2)
        // The server may let a watch go at any time; its client resumes.
        if (client.ended) await client.cut()
      }
      assert.deepEqual(client.state, wanted)
    }
    const { entries } = await store.list(`/registry/core/configmaps/${namespace}/`)
    assert.equal((await fixture.of('configmaps').list(resource)).items.length, entries.length)
  } finally {
    for (const client of clients) await client.stop()
    fixture.close()
  }
}

async function currentAfterAll(store: MemoryStore): Promise<number | undefined> {
  store.comeBack()
  const revision = await store.currentRevision()
  store.goAway()
  return revision
}

describe('the watch cache', { timeout: 120_000 }, () => {
  it('leads every watcher, cut and resumed anywhere, to what a list shows', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), run), { numRuns: 60 })
  })

  it('lets go of a watcher that does not take its events', async () => {
    const store = new MemoryStore()
    const fixture = await RegistryFixture.open(store)
    const stream = await fixture.of('configmaps').watch({ ...resource, resourceVersion: '0' })
    for (let n = 0; n < 17_000; n++) {
      store.write(
        '/registry/core/configmaps/default/a',
        Buffer.from(JSON.stringify(configMap('a', { n: `${n}` }, { namespace }))),
      )
      if (n % 1000 === 0) await turn()
    }
    await fixture.of('configmaps').list(resource)
    let taken = 0
    for await (const batch of stream) taken += batch.length
    assert.ok(taken < 17_000)
    fixture.close()
  })

  it('tells those who want it where they stand', async () => {
    const store = new MemoryStore()
    const fixture = await RegistryFixture.open(store, { bookmarkEveryMs: 20 })
    const watching = await Watching.start(fixture.of('configmaps'), { ...resource, allowBookmarks: true })
    await fixture.create('secrets', namespace, { metadata: { name: 'unrelated' } })
    const current = String(await store.currentRevision())
    await watching.until(events =>
      events.some(({ type, object }) => type === 'BOOKMARK' && object.metadata.resourceVersion === current),
    )
    const silent = await Watching.start(fixture.of('configmaps'), resource)
    await watching.count(watching.events.length + 2)
    assert.deepEqual(silent.events, [])
    await Promise.all([watching.stop(), silent.stop()])
    fixture.close()
  })
})

describe('the cache of a kind that is added', { timeout: 60_000 }, () => {
  const change = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    gone: fc.boolean(),
    cut: fc.boolean(),
    turns: fc.nat(3),
  })

  it('is what the store holds, whatever is written while it is filled', async () => {
    const changes = fc.tuple(fc.array(change, { maxLength: 12 }), fc.nat(12))
    await fc.assert(
      fc.asyncProperty(changes, async ([steps, addAt]) => {
        const store = new MemoryStore()
        const fixture = await RegistryFixture.open(store)
        const kind = widgetKind()
        const expected = new Map<string, string>()
        let adding = Promise.resolve()
        for (const [index, { name, gone, cut, turns }] of steps.entries()) {
          if (index === addAt) adding = fixture.registry.add(kind)
          const object = {
            kind: 'Widget',
            apiVersion: 'example.test/v2',
            metadata: { name, namespace },
            spec: { replicas: index },
          }
          store.write(
            `/registry/example.test/widgets/default/${name}`,
            gone ? undefined : Buffer.from(JSON.stringify(object)),
          )
          if (gone) expected.delete(name)
          else expected.set(name, `${name} ${index}`)
          if (cut) store.cutWatches()
          for (let count = 0; count < turns; count++) await turn()
        }
        if (addAt >= steps.length) adding = fixture.registry.add(kind)
        await adding
        const widgets = fixture.registry.resource('example.test', 'v2', 'widgets')
        const list = await widgets?.list(resource)
        const found = list?.items.map(({ object }) => `${object.metadata.name} ${String(at(object, 'spec.replicas'))}`)
        assert.deepEqual(found, [...expected.values()].sort())
        fixture.close()
      }),
      { numRuns: 60 },
    )
  })
})

describe('a registry whose store is away', { timeout: 60_000 }, () => {
  it('says so, still serves what it has to who is content with that, and works again', async () => {
    const store = new MemoryStore()
    const fixture = await RegistryFixture.open(store)
    const configMaps = fixture.of('configmaps')
    await fixture.create('configmaps', namespace, configMap('a'))
    await configMaps.list(resource)
    const watching = await Watching.start(configMaps, resource)
    await watching.count(1)
    store.goAway()
    const refused = await refusal(configMaps.list(resource), 'ServiceUnavailable')
    assert.equal(refused.code, 503)
    assert.match(refused.message, /the store did not answer: the store is away; try again/)
    await refusal(configMaps.get({ namespace, name: 'a' }), 'ServiceUnavailable')
    await refusal(fixture.create('configmaps', namespace, configMap('b')), 'ServiceUnavailable')
    await refusal(configMaps.update({ namespace, name: 'a' }, configMap('a', { n: '2' })), 'ServiceUnavailable')
    await refusal(configMaps.delete({ namespace, name: 'a' }), 'ServiceUnavailable')
    await refusal(fixture.registry.ready(), 'ServiceUnavailable')
    assert.equal((await configMaps.list({ ...resource, resourceVersion: '0' })).items.length, 1)
    store.comeBack()
    await fixture.registry.ready()
    await fixture.create('configmaps', namespace, configMap('b'))
    assert.deepEqual(await watching.count(2), ['ADDED a', 'ADDED b'])
    await watching.stop()
    fixture.close()
  })

  it('leaves out what it cannot read, and serves the rest', async () => {
    const store = new MemoryStore()
    store.write('/registry/core/configmaps/default/broken', Buffer.from('{'))
    store.write(
      '/registry/core/configmaps/default/foreign',
      Buffer.from('{"metadata":{"name":"foreign","namespace":"default"},"apiVersion":"v1","kind":"ConfigMap"}'),
    )
    const bare = { metadata: { name: 'bare', namespace: 'default' }, kind: 'Pod', apiVersion: 'v1' }
    store.write('/registry/core/pods/default/bare', Buffer.from(JSON.stringify(bare)))
    store.write('/registry/core/pods/default/wrong', Buffer.from(JSON.stringify({ ...bare, spec: 7 })))
    const fixture = await RegistryFixture.open(store)
    const list = await fixture.of('configmaps').list(resource)
    assert.deepEqual(
      list.items.map(({ object }) => object.metadata.name),
      ['foreign'],
    )
    const [foreign] = list.items
    assert.deepEqual(await fixture.names('pods', { namespace, fieldSelector: 'spec.nodeName=' }), ['bare'])
    const told: unknown = JSON.parse(foreign?.json.toString() ?? '')
    assert.equal(at(told as object, 'metadata.resourceVersion'), foreign?.object.metadata.resourceVersion)
    fixture.close()
  })
})
