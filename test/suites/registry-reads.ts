// What the registry must answer to those who list and watch.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { at, configMap, json, pod, type RegistryFixture, refusal, Watching } from './registry-fixture.ts'

const merge = 'application/merge-patch+json'

/** The fixture is there when the tests run, not yet when they are declared. */
export function readsTests(fixture: () => RegistryFixture): void {
  describe('reads', () => {
    let f: RegistryFixture
    before(() => {
      f = fixture()
    })

    describe('list', () => {
      it('selects by namespace, labels and fields, in order of name', async () => {
        const [here, there] = [await f.namespace(), await f.namespace()]
        for (const name of ['b', 'a', 'a-b', 'c'])
          await f.create('pods', here, pod(name, {}, { labels: { app: name } }))
        await f.create('pods', there, pod('a', { nodeName: 'n1' }, { labels: { app: 'a' } }))
        assert.deepEqual(await f.names('pods', { namespace: here }), ['a', 'a-b', 'b', 'c'])
        assert.deepEqual(await f.names('pods', { namespace: here, labelSelector: 'app in (a,c)' }), ['a', 'c'])
        assert.deepEqual(await f.names('pods', { namespace: here, labelSelector: 'app!=a,app' }), ['a-b', 'b', 'c'])
        assert.deepEqual(await f.names('pods', { namespace: there, fieldSelector: 'spec.nodeName=n1' }), ['a'])
        assert.deepEqual(await f.names('pods', { namespace: here, fieldSelector: 'spec.nodeName=n1' }), [])
        assert.deepEqual(await f.names('pods', { namespace: here, fieldSelector: 'spec.nodeName=' }), [
          'a',
          'a-b',
          'b',
          'c',
        ])
        assert.deepEqual(await f.names('pods', { namespace: here, fieldSelector: 'metadata.name=b' }), ['b'])
        assert.deepEqual(
          await f.names('pods', { namespace: '', fieldSelector: `metadata.name=a,metadata.namespace=${there}` }),
          ['a'],
        )
        assert.deepEqual(await f.names('pods', { namespace: here, fieldSelector: 'status.phase!=Pending' }), [])
        const unknown = await refusal(
          f.of('pods').list({ namespace: here, fieldSelector: 'spec.shoe=1' }),
          'BadRequest',
        )
        assert.match(unknown.message, /field label not supported: spec.shoe/)
        await refusal(f.of('pods').list({ namespace: here, labelSelector: 'a in (' }), 'BadRequest')
      })

      it('answers as JSON what it answers as objects', async () => {
        const namespace = await f.namespace()
        await f.create('configmaps', namespace, configMap('a', { key: 'ü☃' }))
        await f.create('configmaps', namespace, configMap('b'))
        const list = await f.of('configmaps').list({ namespace })
        const { items, metadata, kind } = JSON.parse(list.json().toString()) as {
          items: unknown
          metadata: unknown
          kind: string
        }
        assert.equal(kind, 'ConfigMapList')
        assert.deepEqual(metadata, list.metadata)
        // Of what kind they are the list says for all.
        const objects = list.items.map(({ object: { kind: _, apiVersion: __, ...object } }) => object)
        assert.deepEqual(items, JSON.parse(JSON.stringify(objects)))
      })

      it('pages through one revision while others write', async () => {
        const namespace = await f.namespace()
        const names = Array.from({ length: 10 }, (_, n) => `m${n}`)
        for (const name of names) await f.create('configmaps', namespace, configMap(name))
        const configMaps = f.of('configmaps')
        const first = await configMaps.list({ namespace, limit: 4 })
        assert.equal(first.items.length, 4)
        assert.equal(first.metadata.remainingItemCount, 6)
        await f.create('configmaps', namespace, configMap('m4-new'))
        await configMaps.delete({ namespace, name: 'm7' })
        await configMaps.update({ namespace, name: 'm5' }, configMap('m5', { key: 'changed' }))
        const seen = first.items.map(({ object }) => object)
        let next = first.metadata.continue
        while (next !== undefined) {
          const page = await configMaps.list({ namespace, limit: 4, continue: next })
          assert.equal(page.metadata.resourceVersion, first.metadata.resourceVersion)
          seen.push(...page.items.map(({ object }) => object))
          next = page.metadata.continue
        }
        assert.deepEqual(
          seen.map(({ metadata }) => metadata.name),
          names,
        )
        assert.deepEqual(at(seen[5] ?? {}, 'data'), { key: 'value' })
        const exact = await configMaps.list({
          namespace,
          resourceVersion: first.metadata.resourceVersion,
          resourceVersionMatch: 'Exact',
        })
        assert.deepEqual(
          exact.items.map(({ object }) => object.metadata.name),
          names,
        )
      })

      it('refuses options that make no sense', async () => {
        const list = (options: object) => f.of('pods').list({ namespace: '', ...options })
        await refusal(list({ resourceVersionMatch: 'Exact' }), 'Invalid')
        await refusal(list({ resourceVersionMatch: 'Exact', resourceVersion: '0' }), 'Invalid')
        await refusal(list({ resourceVersionMatch: 'Roughly', resourceVersion: '1' }), 'Invalid')
        await refusal(list({ resourceVersion: 'new' }), 'BadRequest')
        await refusal(list({ continue: 'nonsense' }), 'BadRequest')
        const ahead = await refusal(list({ resourceVersion: String(2 ** 50) }), 'Timeout')
        assert.match(ahead.message, /Too large resource version/)
        await refusal(f.of('pods').watch({ namespace: '', resourceVersion: String(2 ** 50) }), 'Timeout')
      })

      it('sees every write that was acknowledged before', async () => {
        const namespace = await f.namespace()
        for (let n = 0; n < 30; n++) {
          await f.create('configmaps', namespace, configMap(`m${n}`))
          assert.equal((await f.of('configmaps').list({ namespace })).items.length, n + 1)
        }
      })
    })

    describe('watch', () => {
      it('tells the present, then what follows', async () => {
        const namespace = await f.namespace()
        await f.create('configmaps', namespace, configMap('a'))
        const watching = await Watching.start(f.of('configmaps'), { namespace })
        await f.create('configmaps', namespace, configMap('b'))
        await f.of('configmaps').update({ namespace, name: 'a' }, configMap('a', { n: '2' }))
        const deleted = await f.of('configmaps').delete({ namespace, name: 'b' })
        assert.deepEqual(await watching.count(4), ['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b'])
        await watching.stop()
        assert.ok(deleted.gone)
        const [, added, , last] = watching.events
        assert.ok(added && last)
        // A deletion is told at its own revision, so that a watch resumed there does not see it again.
        assert.ok(Number(last.object.metadata.resourceVersion) > Number(added.object.metadata.resourceVersion))
        for (const event of watching.events) {
          const frame = JSON.parse(event.frame.toString()) as { type: string; object: unknown }
          assert.equal(frame.type, event.type)
          assert.deepEqual(frame.object, JSON.parse(event.json.toString()))
          assert.deepEqual(frame.object, JSON.parse(JSON.stringify(event.object)))
        }
      })

      it('resumes where it was cut, without gap or repetition', async () => {
        const namespace = await f.namespace()
        const { metadata } = await f.create('configmaps', namespace, configMap('a'))
        for (let n = 0; n < 10; n++)
          await f.of('configmaps').update({ namespace, name: 'a' }, configMap('a', { n: `${n}` }))
        const whole = await Watching.start(f.of('configmaps'), { namespace, resourceVersion: metadata.resourceVersion })
        await whole.count(10)
        await whole.stop()
        for (const [index, event] of whole.events.entries()) {
          const rest = await Watching.start(f.of('configmaps'), {
            namespace,
            resourceVersion: event.object.metadata.resourceVersion,
          })
          await rest.count(9 - index)
          await rest.stop()
          assert.deepEqual(
            rest.events.map(({ json }) => json.toString()),
            whole.events.slice(index + 1).map(({ json }) => json.toString()),
          )
        }
      })

      it('tells of objects that enter and leave a selection', async () => {
        const namespace = await f.namespace()
        const watching = await Watching.start(f.of('configmaps'), { namespace, labelSelector: 'app=x' })
        const label = (app: string | null) =>
          f.of('configmaps').patch({ namespace, name: 'a' }, merge, json({ metadata: { labels: { app } } }))
        await f.create('configmaps', namespace, configMap('a', { n: 'first' }))
        await label('x')
        await f.of('configmaps').patch({ namespace, name: 'a' }, merge, json({ data: { n: 'second' } }))
        await label('y')
        await f.of('configmaps').delete({ namespace, name: 'a' })
        await f.create('configmaps', namespace, configMap('z', {}, { labels: { app: 'x' } }))
        assert.deepEqual(await watching.count(4), ['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED z'])
        await watching.stop()
        // It is told as it was when it last belonged, at the revision at which it left.
        const [, , left] = watching.events
        assert.equal(at(left?.object ?? {}, 'metadata.labels.app'), 'x')
      })

      it('tells a node’s agent of its own pods only', async () => {
        const namespace = await f.namespace()
        const options = { namespace, fieldSelector: 'spec.nodeName=mine' }
        await f.create('pods', namespace, pod('early', { nodeName: 'mine' }))
        const watching = await Watching.start(f.of('pods'), options)
        await f.create('pods', namespace, pod('other', { nodeName: 'other' }))
        await f.create('pods', namespace, pod('bound'))
        await f.registry.bind([{ namespace, name: 'bound', uid: '', node: 'mine' }])
        await f.of('pods').delete({ namespace, name: 'early' }, { gracePeriodSeconds: 0 })
        assert.deepEqual(await watching.count(3), ['ADDED early', 'ADDED bound', 'DELETED early'])
        await watching.stop()
      })

      it('lists and watches in one, with a bookmark between', async () => {
        const namespace = await f.namespace()
        await f.create('configmaps', namespace, configMap('a'))
        const watching = await Watching.start(f.of('configmaps'), {
          namespace,
          sendInitialEvents: true,
          allowBookmarks: true,
          resourceVersionMatch: 'NotOlderThan',
        })
        await f.create('configmaps', namespace, configMap('b'))
        assert.deepEqual(await watching.count(3), ['ADDED a', 'BOOKMARK ', 'ADDED b'])
        await watching.stop()
        const bookmark: unknown = JSON.parse(watching.events[1]?.json.toString() ?? '')
        assert.deepEqual(at(bookmark as object, 'metadata.annotations'), { 'k8s.io/initial-events-end': 'true' })
        assert.equal(at(bookmark as object, 'kind'), 'ConfigMap')
        await refusal(f.of('configmaps').watch({ namespace, sendInitialEvents: true }), 'Invalid')
        await refusal(f.of('configmaps').watch({ namespace, resourceVersionMatch: 'NotOlderThan' }), 'Invalid')
      })

      it('ends by itself after its time, with a bookmark', async () => {
        const namespace = await f.namespace()
        const watching = await Watching.start(f.of('configmaps'), {
          namespace,
          allowBookmarks: true,
          timeoutSeconds: 0.05,
        })
        assert.deepEqual(await watching.count(1), ['BOOKMARK '])
        await watching.stop()
        assert.ok(watching.ended)
      })
    })
  })
}
