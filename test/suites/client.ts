// What every Client must do, whatever stands behind it. The cluster it is given must be able to lose its connections
// and its history on demand, and must let pods be created in namespace "default" and bound to any node name.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { isStatus, type StatusReason } from '../../api/errors.ts'
import { type ConfigMap, configMaps } from '../../api/kinds/core-v1/config-map.ts'
import { type Node, nodes } from '../../api/kinds/core-v1/node.ts'
import { type Pod, pods } from '../../api/kinds/core-v1/pod.ts'
import type { KubernetesObject } from '../../api/kinds/kind.ts'
import type { Client, WatchEvent, WatchOptions } from '../../client/client.ts'
import { listAll } from '../../client/list.ts'

export interface Subject {
  readonly client: Client
  close(): Promise<void> | void
}

const namespace = 'default'

export const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name },
  data,
})

export const pod = (name: string, metadata: Pod['metadata'] = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, ...metadata },
  spec: { containers: [{ name: 'main', image: 'example.test/main:1', resources: {} }] },
  status: {},
})

export const node = (name: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: {},
  status: {
    daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
    nodeInfo: {
      machineID: '',
      systemUUID: '',
      bootID: '',
      kernelVersion: '',
      osImage: '',
      containerRuntimeVersion: '',
      kubeletVersion: '',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  },
})

async function rejectsWith(reason: StatusReason, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, error => {
    assert.ok(isStatus(error, reason), `expected ${reason}, got ${String(error)}`)
    return true
  })
}

/** Reads a watch until a number of events are there, or one satisfies a condition. */
async function read<T extends KubernetesObject>(
  client: Client,
  kind: Parameters<typeof client.watch<T>>[0],
  options: WatchOptions,
  enough: (events: readonly string[]) => boolean,
): Promise<{ events: string[]; last: WatchEvent<T> | undefined }> {
  const controller = new AbortController()
  const events: string[] = []
  let last: WatchEvent<T> | undefined
  try {
    for await (const event of client.watch(kind, { ...options, signal: controller.signal })) {
      last = event
      events.push(event.type === 'BOOKMARK' ? 'BOOKMARK' : `${event.type} ${event.object.metadata.name}`)
      if (enough(events)) break
    }
  } finally {
    controller.abort()
  }
  return { events, last }
}

const count = (n: number) => (events: readonly string[]) => events.length >= n

/** @param compact makes a subject forget its history until now, so that older resourceVersions are Expired */
export function clientSuite<S extends Subject>(
  name: string,
  start: () => Promise<S> | S,
  compact: (subject: S) => Promise<void> | void,
): void {
  describe(`client: ${name}`, () => {
    let subject: S
    let client: Client
    beforeEach(async () => {
      subject = await start()
      client = subject.client
    })
    afterEach(async () => {
      client.close()
      await subject.close()
    })

    describe('create and get', () => {
      it('answers the object with what the server fills in', async () => {
        const made = await client.create(configMaps, configMap('a', { key: 'value' }))
        assert.ok(made.metadata.uid)
        assert.match(made.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
        assert.ok(Number(made.metadata.resourceVersion) > 0)
        assert.deepEqual(made.data, { key: 'value' })
        assert.deepEqual(await client.get(configMaps, { namespace, name: 'a' }), made)
      })

      it('makes a name from generateName', async () => {
        const { metadata, ...rest } = configMap('')
        delete metadata.name
        const object = { ...rest, metadata: { ...metadata, generateName: 'many-' } }
        const [one, two] = [await client.create(configMaps, object), await client.create(configMaps, object)]
        assert.match(one.metadata.name, /^many-.{5}$/)
        assert.notEqual(one.metadata.name, two.metadata.name)
      })

      it('refuses a name that is taken, and finds nothing where nothing is', async () => {
        await client.create(configMaps, configMap('a'))
        await rejectsWith('AlreadyExists', client.create(configMaps, configMap('a')))
        await rejectsWith('NotFound', client.get(configMaps, { namespace, name: 'b' }))
      })

      it('stores nothing in a dry run', async () => {
        const answer = await client.create(configMaps, configMap('a'), { dryRun: true })
        assert.equal(answer.metadata.name, 'a')
        await rejectsWith('NotFound', client.get(configMaps, { namespace, name: 'a' }))
      })
    })

    describe('update', () => {
      it('gives a new resourceVersion, and refuses one that is not the newest', async () => {
        const first = await client.create(configMaps, configMap('a'))
        const second = await client.update(configMaps, { ...first, data: { n: '2' } })
        assert.ok(Number(second.metadata.resourceVersion) > Number(first.metadata.resourceVersion))
        await rejectsWith('Conflict', client.update(configMaps, { ...first, data: { n: '3' } }))
        assert.deepEqual((await client.get(configMaps, { namespace, name: 'a' })).data, { n: '2' })
      })

      it('changes nothing, and no resourceVersion, when nothing differs', async () => {
        const first = await client.create(configMaps, configMap('a', { n: '1' }))
        const again = await client.update(configMaps, first)
        assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion)
      })

      it('writes status and the rest separately', async () => {
        const made = await client.create(nodes, node('a'))
        const status = { ...made.status, phase: 'Running' as const }
        const spec = { unschedulable: true }
        const updated = await client.update(nodes, { ...made, spec, status })
        assert.equal(updated.status.phase, undefined)
        assert.deepEqual(updated.spec, spec)
        const answered = await client.updateStatus(nodes, { ...updated, spec: {}, status })
        assert.equal(answered.status.phase, 'Running')
        assert.deepEqual((await client.get(nodes, { name: 'a' })).spec, spec)
      })

      it('does not update what is not there', async () => {
        const made = await client.create(configMaps, configMap('a'))
        await client.delete(configMaps, { namespace, name: 'a' })
        await rejectsWith('NotFound', client.update(configMaps, made))
      })
    })

    describe('patch', () => {
      beforeEach(async () => {
        await client.create(configMaps, configMap('a', { keep: '1', drop: '2' }))
      })
      const at = { namespace, name: 'a' }

      it('merges', async () => {
        const body = { data: { drop: null, add: '3' } }
        const patched = await client.patch(configMaps, at, { type: 'application/merge-patch+json', body })
        assert.deepEqual(patched.data, { keep: '1', add: '3' })
      })

      it('operates', async () => {
        const body = [
          { op: 'test', path: '/data/keep', value: '1' },
          { op: 'remove', path: '/data/drop' },
          { op: 'add', path: '/data/add', value: '3' },
        ] as const
        const patched = await client.patch(configMaps, at, { type: 'application/json-patch+json', body })
        assert.deepEqual(patched.data, { keep: '1', add: '3' })
      })

      it('merges lists by their keys', async () => {
        await client.create(pods, pod('p'))
        const condition = (type: string, status: string) => ({ status: { conditions: [{ type, status }] } })
        const type = 'application/strategic-merge-patch+json'
        const place = { namespace, name: 'p' }
        await client.patch(pods, place, { type, body: condition('A', 'True') }, { subresource: 'status' })
        await client.patch(pods, place, { type, body: condition('B', 'True') }, { subresource: 'status' })
        const last = await client.patch(pods, place, { type, body: condition('A', 'False') }, { subresource: 'status' })
        const seen = Object.fromEntries((last.status.conditions ?? []).map(({ type, status }) => [type, status]))
        assert.equal(seen['A'], 'False')
        assert.equal(seen['B'], 'True')
      })

      it('minds a resourceVersion in the patch', async () => {
        const body = { metadata: { resourceVersion: '1' }, data: { n: '1' } }
        await rejectsWith('Conflict', client.patch(configMaps, at, { type: 'application/merge-patch+json', body }))
      })
    })

    describe('delete', () => {
      it('answers nothing when the object is gone', async () => {
        await client.create(configMaps, configMap('a'))
        assert.equal(await client.delete(configMaps, { namespace, name: 'a' }), undefined)
        await rejectsWith('NotFound', client.get(configMaps, { namespace, name: 'a' }))
        await rejectsWith('NotFound', client.delete(configMaps, { namespace, name: 'a' }))
      })

      it('waits for finalizers', async () => {
        const finalizers = ['example.test/wait']
        const made = await client.create(configMaps, {
          ...configMap('a'),
          metadata: { namespace, name: 'a', finalizers },
        })
        const pending = await client.delete(configMaps, { namespace, name: 'a' })
        assert.ok(pending?.metadata.deletionTimestamp)
        assert.equal(pending.metadata.uid, made.metadata.uid)
        await client.update(configMaps, { ...pending, metadata: { ...pending.metadata, finalizers: [] } })
        await rejectsWith('NotFound', client.get(configMaps, { namespace, name: 'a' }))
      })

      it('gives a bound pod time to end, and none with a grace period of 0', async () => {
        const made = await client.create(pods, pod('a'))
        await client.bind([{ namespace, name: 'a', uid: made.metadata.uid, node: 'n' }])
        const pending = await client.delete(pods, { namespace, name: 'a' }, { gracePeriodSeconds: 7 })
        assert.equal(pending?.metadata.deletionGracePeriodSeconds, 7)
        assert.ok(pending.metadata.deletionTimestamp)
        await client.delete(pods, { namespace, name: 'a' }, { gracePeriodSeconds: 0 })
        await rejectsWith('NotFound', client.get(pods, { namespace, name: 'a' }))
      })

      it('minds its preconditions', async () => {
        const made = await client.create(configMaps, configMap('a'))
        const at = { namespace, name: 'a' }
        await rejectsWith('Conflict', client.delete(configMaps, at, { uid: '00000000-0000-4000-8000-000000000000' }))
        await rejectsWith('Conflict', client.delete(configMaps, at, { resourceVersion: '1' }))
        assert.equal(await client.delete(configMaps, at, { uid: made.metadata.uid }), undefined)
      })
    })

    describe('list', () => {
      it('selects by namespace, labels and fields', async () => {
        await client.create(pods, pod('a', { labels: { app: 'web' } }))
        await client.create(pods, pod('b', { labels: { app: 'db' } }))
        const names = async (options: object) =>
          (await client.list(pods, options)).items.map(item => item.metadata.name)
        assert.deepEqual(await names({}), ['a', 'b'])
        assert.deepEqual(await names({ namespace }), ['a', 'b'])
        assert.deepEqual(await names({ namespace: 'elsewhere' }), [])
        assert.deepEqual(await names({ labelSelector: 'app=web' }), ['a'])
        assert.deepEqual(await names({ labelSelector: 'app notin (web)' }), ['b'])
        assert.deepEqual(await names({ fieldSelector: 'metadata.name=b' }), ['b'])
        assert.deepEqual(await names({ fieldSelector: 'spec.nodeName=' }), ['a', 'b'])
        assert.deepEqual(await names({ fieldSelector: 'spec.nodeName=n' }), [])
      })

      it('pages through one moment', async () => {
        const names = Array.from({ length: 7 }, (_, i) => `page-${i}`)
        for (const name of names) await client.create(configMaps, configMap(name))
        const first = await client.list(configMaps, { namespace, limit: 3 })
        assert.equal(first.items.length, 3)
        assert.ok(first.continue)
        await client.create(configMaps, configMap('page-9'))
        const second = await client.list(configMaps, { namespace, limit: 10, continue: first.continue })
        assert.equal(second.resourceVersion, first.resourceVersion)
        assert.deepEqual(
          [...first.items, ...second.items].map(item => item.metadata.name),
          names,
        )
        const all: string[] = []
        for await (const { metadata } of listAll(client, configMaps, { namespace, limit: 2 })) all.push(metadata.name)
        assert.deepEqual(all, [...names, 'page-9'])
      })
    })

    describe('watch', () => {
      it('shows what is present, a bookmark, and what follows', async () => {
        await client.create(configMaps, configMap('a'))
        await client.create(configMaps, configMap('b'))
        const following = async (): Promise<void> => {
          await client.create(configMaps, configMap('c'))
          await client.delete(configMaps, { namespace, name: 'a' })
        }
        let followed: Promise<void> | undefined
        const { events } = await read(client, configMaps, { namespace, bookmarks: true }, events => {
          if (events.at(-1) === 'BOOKMARK') followed ??= following()
          return events.at(-1) === 'DELETED a'
        })
        await followed
        assert.deepEqual(events, ['ADDED a', 'ADDED b', 'BOOKMARK', 'ADDED c', 'DELETED a'])
      })

      it('resumes after a resourceVersion, missing and repeating nothing', async () => {
        const { resourceVersion } = await client.list(configMaps)
        let object = await client.create(configMaps, configMap('a'))
        const middle = object.metadata.resourceVersion
        for (const n of ['1', '2', '3']) object = await client.update(configMaps, { ...object, data: { n } })
        await client.delete(configMaps, { namespace, name: 'a' })
        const rest = ['MODIFIED a', 'MODIFIED a', 'MODIFIED a', 'DELETED a']
        const whole = await read(client, configMaps, { namespace, resourceVersion }, count(5))
        assert.deepEqual(whole.events, ['ADDED a', ...rest])
        const part = await read(client, configMaps, { namespace, resourceVersion: middle }, count(4))
        assert.deepEqual(part.events, rest)
      })

      it('a deletion carries its own resourceVersion', async () => {
        const made = await client.create(configMaps, configMap('a'))
        await client.delete(configMaps, { namespace, name: 'a' })
        const { resourceVersion } = made.metadata
        const { last } = await read(client, configMaps, { namespace, resourceVersion }, count(1))
        assert.ok(last?.type === 'DELETED')
        assert.ok(Number(last.object.metadata.resourceVersion) > Number(resourceVersion))
      })

      it('shows what comes into a selector’s view as added, and what leaves it as deleted', async () => {
        const { resourceVersion } = await client.list(pods)
        let object = await client.create(pods, pod('a', { labels: { app: 'no' } }))
        for (const app of ['web', 'web2', 'web']) {
          object = await client.update(pods, { ...object, metadata: { ...object.metadata, labels: { app } } })
        }
        const { events } = await read(client, pods, { labelSelector: 'app=web', resourceVersion }, count(3))
        assert.deepEqual(events, ['ADDED a', 'DELETED a', 'ADDED a'])
      })

      it('shows a bound pod to its node', async () => {
        const { resourceVersion } = await client.list(pods)
        const made = await client.create(pods, pod('a'))
        await client.bind([{ namespace, name: 'a', uid: made.metadata.uid, node: 'n' }])
        const { events } = await read(client, pods, { fieldSelector: 'spec.nodeName=n', resourceVersion }, count(1))
        assert.deepEqual(events, ['ADDED a'])
      })

      it('ends quietly when its signal aborts', async () => {
        const controller = new AbortController()
        const seen: string[] = []
        for await (const event of client.watch(configMaps, { namespace, bookmarks: true, signal: controller.signal })) {
          seen.push(event.type)
          controller.abort()
        }
        assert.deepEqual(seen, ['BOOKMARK'])
      })

      it('says Expired when the history it needs is gone', async () => {
        const made = await client.create(configMaps, configMap('a'))
        await client.update(configMaps, { ...made, data: { n: '1' } })
        await compact(subject)
        const { resourceVersion } = made.metadata
        await rejectsWith('Expired', read(client, configMaps, { namespace, resourceVersion }, count(1)))
      })
    })

    describe('batches', () => {
      it('binds each pod by itself', async () => {
        const one = await client.create(pods, pod('one'))
        const two = await client.create(pods, pod('two'))
        const outcomes = await client.bind([
          { namespace, name: 'one', uid: one.metadata.uid, node: 'n1' },
          { namespace, name: 'absent', uid: one.metadata.uid, node: 'n1' },
          { namespace, name: 'two', uid: one.metadata.uid, node: 'n1' },
          { namespace, name: 'two', uid: two.metadata.uid, node: 'n2' },
          { namespace, name: 'one', uid: one.metadata.uid, node: 'n2' },
        ])
        const summary = outcomes.map(outcome => (outcome.ok ? outcome.object.spec.nodeName : outcome.status.reason))
        assert.deepEqual(summary, ['n1', 'NotFound', 'Conflict', 'n2', 'Conflict'])
        const bound = await client.get(pods, { namespace, name: 'one' })
        assert.equal(bound.spec.nodeName, 'n1')
        assert.equal(bound.status.conditions?.find(({ type }) => type === 'PodScheduled')?.status, 'True')
      })

      it('updates each status by itself', async () => {
        const one = await client.create(nodes, node('one'))
        const two = await client.create(nodes, node('two'))
        const moved = await client.update(nodes, { ...two, spec: { unschedulable: true } })
        const phase = 'Running'
        const outcomes = await client.updateStatuses(nodes, [
          { ...one, status: { ...one.status, phase } },
          { ...two, status: { ...two.status, phase } },
          { ...node('absent'), status: { ...two.status, phase } },
        ])
        const summary = outcomes.map(outcome => (outcome.ok ? outcome.object.status.phase : outcome.status.reason))
        assert.deepEqual(summary, ['Running', 'Conflict', 'NotFound'])
        assert.deepEqual(await client.get(nodes, { name: 'two' }), moved)
      })
    })

    it('tells which kinds there are', async () => {
      const { resources = [] } = await client.discover()
      const pod = resources.find(({ name, group }) => name === 'pods' && !group)
      assert.equal(pod?.kind, 'Pod')
      assert.equal(pod.namespaced, true)
      assert.ok(pod.verbs?.includes('watch'))
    })

    it('does nothing for a signal that aborted already', async () => {
      const signal = AbortSignal.abort(new Error('too late'))
      await assert.rejects(client.create(configMaps, configMap('a'), { signal }), /too late/)
      await rejectsWith('NotFound', client.get(configMaps, { namespace, name: 'a' }))
    })
  })
}
