// What the registry must do, whatever store it is on. A store's test file calls `registrySuite`.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  asObject,
  at,
  configMap,
  fields,
  pod,
  RegistryFixture,
  refusal,
  service,
  Watching,
} from './registry-fixture.ts'
import type { StoreUnderTest } from './store.ts'

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const merge = 'application/merge-patch+json'
const strategic = 'application/strategic-merge-patch+json'

export function registrySuite(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(name, { timeout: 120_000 }, () => {
    let under: StoreUnderTest
    let f: RegistryFixture
    before(async () => {
      under = await start()
      f = await RegistryFixture.open(await under.open())
    })
    after(async () => {
      f.close()
      await f.store.close()
      await under.dispose()
    })

    describe('create', () => {
      it('fills in what is the server’s and answers the bytes that a get answers', async () => {
        const namespace = await f.namespace()
        const made = await f.of('configmaps').create({ namespace, name: '' }, json(configMap('a')))
        const object = asObject(made.object)
        assert.match(object.metadata.uid, /^[0-9a-f-]{36}$/)
        assert.match(object.metadata.creationTimestamp, /^\d{4}-.*Z$/)
        assert.equal(object.metadata.namespace, namespace)
        assert.deepEqual(JSON.parse(made.json.toString()), JSON.parse(JSON.stringify(object)))
        const got = await f.of('configmaps').get({ namespace, name: 'a' })
        assert.equal(got.json.toString(), made.json.toString())
        assert.equal(object.metadata.generation, undefined)
      })

      it('refuses a taken name, a missing namespace, another namespace, a resourceVersion', async () => {
        const namespace = await f.namespace()
        await f.create('configmaps', namespace, configMap('a'))
        const taken = await refusal(f.create('configmaps', namespace, configMap('a')), 'AlreadyExists')
        assert.equal(taken.message, 'configmaps "a" already exists')
        const missing = await refusal(f.create('configmaps', 'nowhere', configMap('a')), 'NotFound')
        assert.equal(missing.message, 'namespaces "nowhere" not found')
        await refusal(f.create('configmaps', namespace, configMap('b', {}, { namespace: 'other' })), 'BadRequest')
        await refusal(f.create('configmaps', namespace, configMap('b', {}, { resourceVersion: '5' })), 'BadRequest')
      })

      it('generates names', async () => {
        const namespace = await f.namespace()
        const generated = { ...configMap(''), metadata: { generateName: 'gen-' } }
        const names = await Promise.all(
          Array.from({ length: 20 }, async () => (await f.create('configmaps', namespace, generated)).metadata.name),
        )
        for (const name of names) assert.match(name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
        assert.equal(new Set(names).size, 20)
      })

      it('writes nothing in a dry run, and checks all the same', async () => {
        const namespace = await f.namespace()
        const configMaps = f.of('configmaps')
        const { object } = await configMaps.create({ namespace, name: '' }, configMap('a'), { dryRun: true })
        assert.equal(asObject(object).metadata.resourceVersion, '')
        await refusal(f.get('configmaps', namespace, 'a'), 'NotFound')
        await f.create('configmaps', namespace, configMap('a'))
        await refusal(configMaps.create({ namespace, name: '' }, configMap('a'), { dryRun: true }), 'AlreadyExists')
      })

      it('tells unknown and double fields, and where', async () => {
        const namespace = await f.namespace()
        const pods = f.of('pods')
        const misspelt = pod('a', { restartPolicyy: 'Never' })
        const strict = await refusal(pods.create({ namespace, name: '' }, misspelt), 'BadRequest')
        assert.match(strict.message, /strict decoding error: unknown field "spec.restartPolicyy".*restartPolicy/)
        const double = Buffer.from('{"metadata":{"name":"a","name":"b"}}')
        const told = await refusal(f.of('configmaps').create({ namespace, name: '' }, double), 'BadRequest')
        assert.match(told.message, /duplicate field "metadata.name"/)
        const warned = await pods.create({ namespace, name: '' }, misspelt, { fieldValidation: 'Warn', dryRun: true })
        assert.match(warned.warnings.join(), /unknown field "spec.restartPolicyy"/)
        const wrong = await refusal(f.create('pods', namespace, pod('a', { nodeName: 7 })), 'BadRequest')
        assert.match(wrong.message, /spec.nodeName: must be a string/)
        await refusal(pods.create({ namespace, name: '' }, Buffer.from('{')), 'BadRequest')
        await refusal(f.create('pods', namespace, configMap('a')), 'BadRequest')
        await refusal(f.create('pods', namespace, pod('Not_A_Name')), 'Invalid')
      })

      it('refuses what no store could keep', async () => {
        const namespace = await f.namespace()
        const huge = configMap('huge', { a: 'x'.repeat(1_000_000) }, { annotations: { b: 'y'.repeat(200_000) } })
        huge['binaryData'] = { c: Buffer.alloc(400_000).toString('base64') }
        const error = await f.create('configmaps', namespace, huge).then(
          () => undefined,
          (error: unknown) => error,
        )
        assert.match(String(error), /Too long|too large/)
      })
    })

    describe('update', () => {
      it('replaces the object if nobody wrote in between', async () => {
        const namespace = await f.namespace()
        const first = await f.create('configmaps', namespace, configMap('a', { n: '1' }))
        const target = { namespace, name: 'a' }
        const second = await f.of('configmaps').update(target, { ...first, data: { n: '2' } })
        assert.deepEqual(at(second.object, 'data'), { n: '2' })
        assert.notEqual(asObject(second.object).metadata.resourceVersion, first.metadata.resourceVersion)
        const stale = await refusal(f.of('configmaps').update(target, { ...first, data: { n: '3' } }), 'Conflict')
        assert.equal(
          stale.message,
          'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
        )
        await f.of('configmaps').update(target, configMap('a', { n: '4' }))
        assert.deepEqual(at(await f.get('configmaps', namespace, 'a'), 'data'), { n: '4' })
      })

      it('creates nothing, keeps the server’s fields, refuses another uid', async () => {
        const namespace = await f.namespace()
        await refusal(f.of('configmaps').update({ namespace, name: 'a' }, configMap('a')), 'NotFound')
        const made = await f.create('configmaps', namespace, configMap('a'))
        const metadata = {
          creationTimestamp: '2001-01-01T00:00:00Z',
          generation: 99,
          deletionTimestamp: '2001-01-01T00:00:00Z',
        }
        const { object } = await f
          .of('configmaps')
          .update({ namespace, name: 'a' }, configMap('a', { n: '1' }, metadata))
        assert.equal(asObject(object).metadata.creationTimestamp, made.metadata.creationTimestamp)
        assert.equal(asObject(object).metadata.generation, undefined)
        assert.equal(asObject(object).metadata.deletionTimestamp, undefined)
        const other = configMap('a', {}, { uid: 'someone-else' })
        await refusal(f.of('configmaps').update({ namespace, name: 'a' }, other), 'Conflict')
        await refusal(f.of('configmaps').update({ namespace, name: 'b' }, configMap('a')), 'BadRequest')
      })

      it('does not write what stands there already', async () => {
        const namespace = await f.namespace()
        const made = await f.create('configmaps', namespace, configMap('a'))
        const { object } = await f.of('configmaps').update({ namespace, name: 'a' }, configMap('a'))
        assert.equal(asObject(object).metadata.resourceVersion, made.metadata.resourceVersion)
      })

      it('keeps status and spec apart and counts generations', async () => {
        const namespace = await f.namespace()
        const made = await f.create('pods', namespace, pod('a'))
        assert.equal(made.metadata.generation, 1)
        const target = { namespace, name: 'a' }
        const status = { phase: 'Running', podIP: '10.0.0.1' }
        const reported = await f
          .of('pods')
          .update(
            { ...target, subresource: 'status' },
            { ...made, spec: { containers: [{ name: 'x', image: 'y' }] }, status },
          )
        assert.equal(at(reported.object, 'status.phase'), 'Running')
        assert.deepEqual(at(reported.object, 'spec'), at(made, 'spec'))
        assert.equal(asObject(reported.object).metadata.generation, 1)
        const spec = { ...fields(at(made, 'spec') as object), activeDeadlineSeconds: 60 }
        const wished = await f
          .of('pods')
          .update(target, { ...made, metadata: { name: 'a' }, spec, status: { phase: 'Failed' } })
        assert.equal(at(wished.object, 'status.phase'), 'Running')
        assert.equal(asObject(wished.object).metadata.generation, 2)
      })

      it('takes a lease only with its resourceVersion', async () => {
        const namespace = await f.namespace()
        const lease = { metadata: { name: 'a' }, spec: { holderIdentity: 'me' } }
        const made = await f.create('leases', namespace, lease)
        const other = { ...lease, spec: { holderIdentity: 'you' } }
        const refused = await refusal(f.of('leases').update({ namespace, name: 'a' }, other), 'Invalid')
        assert.match(refused.message, /metadata.resourceVersion: .*must be specified for an update/)
        const { resourceVersion } = made.metadata
        await f.of('leases').update({ namespace, name: 'a' }, { ...other, metadata: { name: 'a', resourceVersion } })
      })

      it('lets exactly one of many racing writers win each version', async () => {
        const namespace = await f.namespace()
        const made = await f.create('configmaps', namespace, configMap('a', { n: '0' }))
        const writes = Array.from({ length: 20 }, (_, n) =>
          f.of('configmaps').update({ namespace, name: 'a' }, { ...made, data: { n: `w${n}` } }),
        )
        const outcomes = await Promise.allSettled(writes)
        assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      })
    })

    describe('patch', () => {
      it('takes all three kinds', async () => {
        const namespace = await f.namespace()
        await f.create('configmaps', namespace, configMap('a', { a: '1', b: '2' }))
        const target = { namespace, name: 'a' }
        const configMaps = f.of('configmaps')
        const merged = await configMaps.patch(target, merge, json({ data: { a: null, c: '3' } }))
        assert.deepEqual(at(merged.object, 'data'), { b: '2', c: '3' })
        const operations = [
          { op: 'test', path: '/data/b', value: '2' },
          { op: 'move', from: '/data/b', path: '/data/d' },
        ]
        const patched = await configMaps.patch(target, 'application/json-patch+json', json(operations))
        assert.deepEqual(at(patched.object, 'data'), { c: '3', d: '2' })

        await f.create(
          'pods',
          namespace,
          pod('p', {
            containers: [
              { name: 'a', image: 'x:1' },
              { name: 'b', image: 'y:1' },
            ],
          }),
        )
        const image = { spec: { containers: [{ name: 'b', image: 'y:2' }] } }
        const pods = await f.of('pods').patch({ namespace, name: 'p' }, strategic, json(image))
        const containers = at(pods.object, 'spec.containers') as { name: string; image: string }[]
        assert.deepEqual(
          containers.map(({ name, image }) => `${name} ${image}`),
          ['a x:1', 'b y:2'],
        )
      })

      it('is repeated until nobody writes in between, unless it names its version', async () => {
        const namespace = await f.namespace()
        const made = await f.create('configmaps', namespace, configMap('a', {}))
        const target = { namespace, name: 'a' }
        await Promise.all(
          Array.from({ length: 16 }, (_, n) =>
            f.of('configmaps').patch(target, merge, json({ data: { [`k${n}`]: 'x' } })),
          ),
        )
        assert.equal(Object.keys(at(await f.get('configmaps', namespace, 'a'), 'data') as object).length, 16)
        const { resourceVersion } = made.metadata
        const stale = f.of('configmaps').patch(target, merge, json({ metadata: { resourceVersion }, data: { z: '1' } }))
        await refusal(stale, 'Conflict')
      })

      it('says what is wrong with a patch', async () => {
        const namespace = await f.namespace()
        await f.create('configmaps', namespace, configMap('a'))
        const target = { namespace, name: 'a' }
        const configMaps = f.of('configmaps')
        const failed = configMaps.patch(
          target,
          'application/json-patch+json',
          json([{ op: 'test', path: '/data/key', value: 'other' }]),
        )
        assert.match(
          (await refusal(failed, 'Invalid')).message,
          /operation 0 \(test \/data\/key\): testing value failed/,
        )
        await refusal(configMaps.patch(target, 'application/json-patch+json', json([{ op: 'jump' }])), 'BadRequest')
        await refusal(configMaps.patch(target, merge, Buffer.from('{')), 'BadRequest')
        await refusal(configMaps.patch(target, merge, json({ data: 'text' })), 'BadRequest')
        await refusal(configMaps.patch(target, merge, json({ metadata: { name: 'b' } })), 'BadRequest')
        await refusal(configMaps.patch(target, 'application/apply-patch+yaml', json({})), 'UnsupportedMediaType')
        await refusal(configMaps.patch({ namespace, name: 'nothing' }, merge, json({})), 'NotFound')
      })

      it('writes nothing in a dry run', async () => {
        const namespace = await f.namespace()
        const made = await f.create('configmaps', namespace, configMap('a'))
        const target = { namespace, name: 'a' }
        const { object } = await f.of('configmaps').patch(target, merge, json({ data: { n: '1' } }), { dryRun: true })
        assert.equal(at(object, 'data.n'), '1')
        assert.deepEqual(await f.get('configmaps', namespace, 'a'), made)
      })
    })

    describe('delete', () => {
      it('deletes at once what nothing holds, and answers a Status', async () => {
        const namespace = await f.namespace()
        const made = await f.create('configmaps', namespace, configMap('a'))
        const deleted = await f.of('configmaps').delete({ namespace, name: 'a' })
        assert.ok(deleted.gone)
        assert.equal(at(deleted.object, 'status'), 'Success')
        assert.equal(at(deleted.object, 'details.uid'), made.metadata.uid)
        await refusal(f.get('configmaps', namespace, 'a'), 'NotFound')
        await refusal(f.of('configmaps').delete({ namespace, name: 'a' }), 'NotFound')
      })

      it('deletes only what the preconditions name', async () => {
        const namespace = await f.namespace()
        const made = await f.create('configmaps', namespace, configMap('a'))
        const target = { namespace, name: 'a' }
        const other = await refusal(f.of('configmaps').delete(target, { preconditions: { uid: 'other' } }), 'Conflict')
        assert.match(other.message, /Precondition failed: UID in precondition: other, UID in object meta: /)
        await refusal(f.of('configmaps').delete(target, { preconditions: { resourceVersion: '1' } }), 'Conflict')
        const { uid, resourceVersion } = made.metadata
        await f.of('configmaps').delete(target, { preconditions: { uid, resourceVersion } })
      })

      it('waits for finalizers, takes no new ones, and ends with the last', async () => {
        const namespace = await f.namespace()
        const target = { namespace, name: 'a' }
        await f.create('configmaps', namespace, configMap('a', {}, { finalizers: ['example.com/a', 'example.com/b'] }))
        const pending = await f.of('configmaps').delete(target)
        assert.ok(!pending.gone)
        assert.ok(asObject(pending.object).metadata.deletionTimestamp)
        const more = { metadata: { finalizers: ['example.com/a', 'example.com/b', 'example.com/c'] } }
        await refusal(f.of('configmaps').patch(target, merge, json(more)), 'Invalid')
        await f.of('configmaps').patch(target, merge, json({ metadata: { finalizers: ['example.com/b'] } }))
        await f.get('configmaps', namespace, 'a')
        await f.of('configmaps').patch(target, merge, json({ metadata: { finalizers: null } }))
        await refusal(f.get('configmaps', namespace, 'a'), 'NotFound')
      })

      it('keeps the propagation policy as a finalizer', async () => {
        const namespace = await f.namespace()
        await f.create('configmaps', namespace, configMap('a'))
        const { object } = await f
          .of('configmaps')
          .delete({ namespace, name: 'a' }, { propagationPolicy: 'Foreground' })
        assert.deepEqual(asObject(object).metadata.finalizers, ['foregroundDeletion'])
      })

      it('gives a running pod its grace, which can only become shorter', async () => {
        const namespace = await f.namespace()
        const pods = f.of('pods')
        const target = { namespace, name: 'a' }
        await f.create('pods', namespace, pod('a', { nodeName: 'n', terminationGracePeriodSeconds: 40 }))
        const first = asObject((await pods.delete(target)).object)
        assert.equal(first.metadata.deletionGracePeriodSeconds, 40)
        assert.equal(first.metadata.generation, 2)
        const longer = asObject((await pods.delete(target, { gracePeriodSeconds: 90 })).object)
        assert.deepEqual(longer, first)
        const again = asObject((await pods.delete(target)).object)
        assert.deepEqual(again, first)
        const shorter = asObject((await pods.delete(target, { gracePeriodSeconds: 10 })).object)
        assert.equal(shorter.metadata.deletionGracePeriodSeconds, 10)
        const moved =
          Date.parse(first.metadata.deletionTimestamp ?? '') - Date.parse(shorter.metadata.deletionTimestamp ?? '')
        assert.equal(moved, 30_000)
        const last = await pods.delete(target, { gracePeriodSeconds: 0 })
        assert.ok(last.gone)
        assert.equal(last.object.kind, 'Pod')
        await refusal(pods.get(target), 'NotFound')
      })

      it('deletes at once a pod that nobody runs', async () => {
        const namespace = await f.namespace()
        await f.create('pods', namespace, pod('unbound'))
        assert.ok((await f.of('pods').delete({ namespace, name: 'unbound' })).gone)
        const made = await f.create('pods', namespace, pod('done', { nodeName: 'n' }))
        await f
          .of('pods')
          .update({ namespace, name: 'done', subresource: 'status' }, { ...made, status: { phase: 'Succeeded' } })
        assert.ok((await f.of('pods').delete({ namespace, name: 'done' })).gone)
      })

      it('deletes nothing in a dry run', async () => {
        const namespace = await f.namespace()
        await f.create('configmaps', namespace, configMap('a'))
        assert.ok((await f.of('configmaps').delete({ namespace, name: 'a' }, {}, { dryRun: true })).gone)
        await f.get('configmaps', namespace, 'a')
      })

      it('deletes a collection by selector', async () => {
        const namespace = await f.namespace()
        for (const [name, app] of [
          ['a', 'x'],
          ['b', 'x'],
          ['c', 'y'],
        ] as const) {
          await f.create('configmaps', namespace, configMap(name, {}, { labels: { app } }))
        }
        const { items } = await f.of('configmaps').deleteCollection({ namespace, labelSelector: 'app=x' })
        assert.equal(items.length, 2)
        assert.deepEqual(await f.names('configmaps', { namespace }), ['c'])
      })
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
        assert.deepEqual(items, JSON.parse(JSON.stringify(list.items.map(({ object }) => object))))
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

    describe('pods', () => {
      it('begin as Pending with what a cluster adds', async () => {
        const namespace = await f.namespace()
        const made = await f.create('pods', namespace, pod('a'))
        assert.deepEqual(at(made, 'status'), { phase: 'Pending', qosClass: 'BestEffort' })
        assert.equal(at(made, 'spec.priority'), 0)
        assert.equal(at(made, 'spec.serviceAccountName'), 'default')
        const tolerations = at(made, 'spec.tolerations') as { key: string; tolerationSeconds: number }[]
        assert.deepEqual(
          tolerations.map(({ key, tolerationSeconds }) => `${key} ${tolerationSeconds}`),
          ['node.kubernetes.io/not-ready 300', 'node.kubernetes.io/unreachable 300'],
        )
        await refusal(f.create('pods', namespace, pod('b', { priorityClassName: 'nobody-knows' })), 'Forbidden')
        await refusal(f.create('pods', namespace, pod('b', { containers: [] })), 'Invalid')
      })

      it('are bound once, in batches with an outcome each', async () => {
        const namespace = await f.namespace()
        for (const name of ['a', 'b', 'c']) await f.create('pods', namespace, pod(name))
        const bindTo = (name: string, node: string, uid = '') => ({ namespace, name, uid, node })
        const outcomes = await f.registry.bind([
          bindTo('a', 'n1'),
          bindTo('nobody', 'n1'),
          bindTo('b', 'n2', 'another-uid'),
          bindTo('c', 'n3'),
        ])
        assert.deepEqual(
          outcomes.map(outcome => (outcome.ok ? 'ok' : outcome.error.reason)),
          ['ok', 'NotFound', 'Conflict', 'ok'],
        )
        const bound = await f.get('pods', namespace, 'a')
        assert.equal(at(bound, 'spec.nodeName'), 'n1')
        const conditions = at(bound, 'status.conditions') as { type: string; status: string }[]
        assert.deepEqual(
          conditions.map(({ type, status }) => `${type} ${status}`),
          ['PodScheduled True'],
        )
        const [again] = await f.registry.bind([bindTo('a', 'n2')])
        assert.ok(again && !again.ok)
        assert.match(again.error.message, /pod a is already assigned to node "n1"/)
        const body = {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name: 'b' },
          target: { kind: 'Node', name: 'n9' },
        }
        const { object } = await f.of('pods').create({ namespace, name: 'b', subresource: 'binding' }, body)
        assert.equal(at(object, 'status'), 'Success')
        assert.equal(at(await f.get('pods', namespace, 'b'), 'spec.nodeName'), 'n9')
      })

      it('take many statuses in one commit', async () => {
        const namespace = await f.namespace()
        const names = ['a', 'b', 'c']
        const made = await Promise.all(names.map(name => f.create('pods', namespace, pod(name))))
        const before = await f.store.currentRevision()
        const bodies = made.map(object => ({ ...object, status: { phase: 'Running' } }))
        const outcomes = await f
          .of('pods')
          .updateStatuses([...bodies.map(json), pod('ghost', {}, { namespace }), Buffer.from('{')])
        assert.deepEqual(
          outcomes.map(outcome => (outcome.ok ? at(outcome.object, 'status.phase') : outcome.error.reason)),
          ['Running', 'Running', 'Running', 'NotFound', 'BadRequest'],
        )
        assert.equal(at(await f.get('pods', namespace, 'a'), 'status.qosClass'), 'BestEffort')
        assert.ok((await f.store.currentRevision()) > before)
        const stale = await f.of('pods').updateStatuses(bodies.map(body => ({ ...body, status: { phase: 'Failed' } })))
        assert.ok(stale.every(outcome => !outcome.ok && outcome.error.reason === 'Conflict'))
      })
    })

    describe('namespaces', () => {
      it('are there from the start, and some of them for ever', async () => {
        const names = await f.names('namespaces', { namespace: '' })
        for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) assert.ok(names.includes(name))
        await refusal(f.of('namespaces').delete({ namespace: '', name: 'default' }), 'Forbidden')
      })

      it('go when their finalizer is taken off, and take nothing new before', async () => {
        const name = await f.namespace()
        const target = { namespace: '', name }
        const made = await f.get('namespaces', '', name)
        assert.equal(at(made, 'metadata.labels')?.['kubernetes.io/metadata.name' as never], name)
        const pending = await f.of('namespaces').delete(target)
        assert.ok(!pending.gone)
        assert.equal(at(pending.object, 'status.phase'), 'Terminating')
        const refused = await refusal(f.create('configmaps', name, configMap('a')), 'Forbidden')
        assert.match(
          refused.message,
          new RegExp(`unable to create new content in namespace ${name} because it is being terminated`),
        )
        // An ordinary update can't take the finalizer off.
        await f.of('namespaces').update(target, { metadata: { name }, spec: {} })
        await f.get('namespaces', '', name)
        await f.of('namespaces').update({ ...target, subresource: 'finalize' }, { metadata: { name }, spec: {} })
        await refusal(f.get('namespaces', '', name), 'NotFound')
      })
    })

    describe('services', () => {
      it('get addresses of their own and give them back', async () => {
        const namespace = await f.namespace()
        const made = await Promise.all(
          Array.from({ length: 20 }, (_, n) => f.create('services', namespace, service(`s${n}`))),
        )
        const addresses = made.map(object => String(at(object, 'spec.clusterIP')))
        assert.equal(new Set(addresses).size, 20)
        for (const address of addresses) assert.match(address, /^10\.96\.\d+\.\d+$/)
        const [first = ''] = addresses
        const taken = await refusal(f.create('services', namespace, service('t', { clusterIP: first })), 'Invalid')
        assert.match(taken.message, /failed to allocate IP .*: provided IP is already allocated/)
        await f.of('services').delete({ namespace, name: 's0' })
        const again = await f.create('services', namespace, service('t', { clusterIP: first }))
        assert.equal(at(again, 'spec.clusterIP'), first)
        await refusal(f.create('services', namespace, service('u', { clusterIP: '192.168.0.1' })), 'Invalid')
        const headless = await f.create('services', namespace, service('h', { clusterIP: 'None' }))
        assert.equal(at(headless, 'spec.clusterIP'), 'None')
      })

      it('get node ports, keep them over updates and give back what they no longer need', async () => {
        const namespace = await f.namespace()
        const made = await f.create('services', namespace, service('a', { type: 'NodePort', ports: [{ port: 80 }] }))
        const ports = (object: object) =>
          (at(object, 'spec.ports') as { nodePort?: number }[]).map(({ nodePort }) => nodePort)
        const [port = 0] = ports(made)
        assert.ok(port >= 30_000 && port <= 32_767)
        const target = { namespace, name: 'a' }
        const update = (spec: object) => f.of('services').update(target, { metadata: { name: 'a' }, spec })
        const same = await update({ type: 'NodePort', ports: [{ port: 80 }], externalTrafficPolicy: 'Local' })
        assert.deepEqual(ports(same.object), [port])
        assert.equal(at(same.object, 'spec.clusterIP'), at(made, 'spec.clusterIP'))
        const other = service('b', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] })
        await refusal(f.create('services', namespace, other), 'Invalid')
        await update({ type: 'ClusterIP', ports: [{ port: 80 }] })
        assert.deepEqual(ports(await f.create('services', namespace, other)), [port])
        const outside = service('c', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] })
        assert.match(
          (await refusal(f.create('services', namespace, outside), 'Invalid')).message,
          /range of valid ports is 30000-32767/,
        )
      })
    })

    describe('secrets and events', () => {
      it('keep stringData as data', async () => {
        const namespace = await f.namespace()
        const made = await f.create('secrets', namespace, { metadata: { name: 'a' }, stringData: { user: 'me' } })
        assert.deepEqual(at(made, 'data'), { user: Buffer.from('me').toString('base64') })
        assert.equal(at(made, 'stringData'), undefined)
        assert.equal(at(made, 'type'), 'Opaque')
      })

      it('are found by what they are about', async () => {
        const namespace = await f.namespace()
        const event = (name: string, about: string) => ({
          metadata: { name },
          involvedObject: { kind: 'Pod', namespace, name: about },
          reason: 'Started',
          type: 'Normal',
        })
        await f.create('events', namespace, event('a', 'x'))
        await f.create('events', namespace, event('b', 'y'))
        const fieldSelector = 'involvedObject.name=y,involvedObject.kind=Pod,type=Normal'
        assert.deepEqual(await f.names('events', { namespace, fieldSelector }), ['b'])
      })
    })

    describe('several registries on one store', () => {
      it('see one another’s writes at once', async () => {
        const other = await RegistryFixture.open(f.store)
        try {
          const namespace = await f.namespace()
          for (let n = 0; n < 20; n++) {
            await f.create('configmaps', namespace, configMap(`m${n}`))
            assert.equal((await other.of('configmaps').list({ namespace })).items.length, n + 1)
            await other.of('configmaps').update({ namespace, name: `m${n}` }, configMap(`m${n}`, { n: 'other' }))
            assert.equal(at(await f.get('configmaps', namespace, `m${n}`), 'data.n'), 'other')
          }
        } finally {
          other.close()
        }
      })

      it('find after a restart what was there, claims included', async () => {
        const namespace = await f.namespace()
        const made = await f.create('services', namespace, service('a'))
        const restarted = await RegistryFixture.open(f.store)
        try {
          assert.deepEqual(await restarted.get('services', namespace, 'a'), made)
          const clusterIP = at(made, 'spec.clusterIP')
          await refusal(restarted.create('services', namespace, service('b', { clusterIP })), 'Invalid')
          // It has not seen what happened before it started, so nobody can resume there.
          const old = await refusal(
            restarted.of('configmaps').watch({ namespace: '', resourceVersion: '1' }),
            'Expired',
          )
          assert.match(old.message, /too old resource version: 1 \(\d+\)/)
          assert.equal(old.code, 410)
        } finally {
          restarted.close()
        }
      })
    })
  })
}
