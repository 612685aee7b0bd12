// What the registry must do for kinds that behave specially, and beside other registries on the same store.
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { at, configMap, json, pod, RegistryFixture, refusal, service } from './registry-fixture.ts'

/** The fixture is there when the tests run, not yet when they are declared. */
export function kindsTests(fixture: () => RegistryFixture): void {
  describe('kinds', () => {
    let f: RegistryFixture
    before(() => {
      f = fixture()
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
