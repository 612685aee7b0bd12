// What the registry must do with what is sent to it.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { asObject, at, configMap, fields, json, pod, type RegistryFixture, refusal } from './registry-fixture.ts'

const merge = 'application/merge-patch+json'
const strategic = 'application/strategic-merge-patch+json'

/** The fixture is there when the tests run, not yet when they are declared. */
export function writesTests(fixture: () => RegistryFixture): void {
  describe('writes', () => {
    let f: RegistryFixture
    before(() => {
      f = fixture()
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
        const versioned = f.create('configmaps', namespace, configMap('b', {}, { resourceVersion: '5' }))
        const { message } = await refusal(versioned, 'InternalError')
        assert.equal(message, 'resourceVersion should not be set on objects to be created')
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
        assert.match(strict.message, /strict decoding error: unknown field "spec.restartPolicyy"$/)
        const double = Buffer.from('{"metadata":{"name":"a","name":"b"}}')
        const told = await refusal(f.of('configmaps').create({ namespace, name: '' }, double), 'BadRequest')
        assert.match(told.message, /duplicate field "metadata.name"/)
        const warned = await pods.create({ namespace, name: '' }, misspelt, { fieldValidation: 'Warn', dryRun: true })
        assert.match(warned.warnings.join(), /unknown field "spec.restartPolicyy"/)
        const wrong = await refusal(f.create('pods', namespace, pod('a', { nodeName: 7 })), 'BadRequest')
        assert.match(
          wrong.message,
          /cannot unmarshal number into Go struct field PodSpec.spec.nodeName of type string$/,
        )
        await refusal(pods.create({ namespace, name: '' }, Buffer.from('{')), 'BadRequest')
        await refusal(f.create('pods', namespace, configMap('a')), 'BadRequest')
        await refusal(f.create('pods', namespace, pod('Not_A_Name')), 'Invalid')
      })

      it('refuses what no store could keep', async () => {
        const namespace = await f.namespace()
        const env = Array.from({ length: 16 }, (_, n) => ({ name: `N${n}`, value: 'x'.repeat(100_000) }))
        const huge = pod('huge', { containers: [{ name: 'main', image: 'busybox', env }] })
        const refused = await refusal(f.create('pods', namespace, huge), 'RequestEntityTooLarge')
        assert.match(refused.message, /the object has \d+ bytes, at most \d+ can be stored/)
        await f.create('pods', namespace, pod('small'))
        const annotations = { metadata: { annotations: { large: 'x'.repeat(300_000) } } }
        await refusal(f.of('pods').patch({ namespace, name: 'small' }, merge, json(annotations)), 'Invalid')
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
        const { message } = await refusal(failed, 'Invalid')
        assert.equal(message, 'the server rejected our request due to an error in our request')
        await refusal(configMaps.patch(target, 'application/json-patch+json', json([{ op: 'jump' }])), 'Invalid')
        await refusal(configMaps.patch(target, 'application/json-patch+json', json({ op: 'test' })), 'BadRequest')
        await refusal(configMaps.patch(target, merge, Buffer.from('{')), 'BadRequest')
        await refusal(configMaps.patch(target, merge, json({ data: 'text' })), 'BadRequest')
        await refusal(configMaps.patch(target, merge, json({ metadata: { name: 'b' } })), 'BadRequest')
        await refusal(configMaps.patch(target, 'application/apply-patch+yaml', json({})), 'Invalid')
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
        assert.match(other.message, /the UID in the precondition \(other\) does not match the UID in record \(/)
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
  })
}
