import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type Lease, leases } from '../../api/kinds/coordination-v1/lease.ts'
import { configMaps } from '../../api/kinds/core-v1/config-map.ts'
import { events } from '../../api/kinds/core-v1/event.ts'
import { type Namespace, namespaces } from '../../api/kinds/core-v1/namespace.ts'
import { type Node, nodes } from '../../api/kinds/core-v1/node.ts'
import { type Pod, pods } from '../../api/kinds/core-v1/pod.ts'
import type { KubernetesObject, Stored } from '../../api/kinds/kind.ts'
import { microTimeOf, timeOf } from '../../api/values/time.ts'
import type { Resource } from '../../client/client.ts'
import { FakeClient } from '../../client/fake.ts'
import { silentLogger } from '../../lib/logger.ts'
import { ManualClock } from '../../test/manual-clock.ts'
import { AgentConnections } from './agent-connections.ts'
import { runControllers } from './controllers.ts'

const second = 1000
const unreachable = 'node.kubernetes.io/unreachable'

const emptyStatus: Node['status'] = {
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
    operatingSystem: '',
    architecture: '',
  },
}

describe('the controllers', () => {
  let clock: ManualClock
  let client: FakeClient
  let connections: AgentConnections
  let stop: AbortController
  let running: Promise<void>

  beforeEach(() => {
    clock = new ManualClock()
    client = new FakeClient({ clock })
    connections = new AgentConnections(() => clock.now())
    stop = new AbortController()
  })
  afterEach(async () => {
    stop.abort()
    await running
  })

  function start(): void {
    running = runControllers({ client, connections, clock, logger: silentLogger, elect: false }, stop.signal)
  }

  async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 300; turn++) {
      if (await holds()) return
      await new Promise(setImmediate)
    }
    assert.fail(`never: ${what}`)
  }

  /** Lets everything that can happen without time passing happen. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 60; turn++) await new Promise(setImmediate)
  }

  async function pass(ms: number): Promise<void> {
    await settle()
    clock.advance(ms)
    await settle()
  }

  const node = (name: string): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: {},
    status: {
      ...emptyStatus,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: timeOf(clock.now()) },
        { type: 'MemoryPressure', status: 'False', lastHeartbeatTime: timeOf(clock.now()) },
        { type: 'DiskPressure', status: 'False', lastHeartbeatTime: timeOf(clock.now()) },
        { type: 'PIDPressure', status: 'False', lastHeartbeatTime: timeOf(clock.now()) },
      ],
    },
  })

  const pod = (name: string, nodeName: string, spec: Partial<Pod['spec']> = {}, status: Pod['status'] = {}): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name },
    spec: { containers: [], terminationGracePeriodSeconds: 30, ...(nodeName && { nodeName }), ...spec },
    status: { conditions: [{ type: 'Ready', status: 'True' }], ...status },
  })

  async function renew(name: string): Promise<void> {
    const renewTime = microTimeOf(clock.now())
    const at = { namespace: 'kube-node-lease', name }
    const lease = await find(leases, at)
    if (lease) await client.update(leases, { ...lease, spec: { ...lease.spec, renewTime } })
    else {
      const fresh: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: at, spec: { renewTime } }
      await client.create(leases, fresh)
    }
  }

  async function find<T extends KubernetesObject>(
    kind: Resource<T>,
    at: { namespace?: string; name: string },
  ): Promise<Stored<T> | undefined> {
    const { items } = await client.list(kind)
    return items.find(
      ({ metadata }) => metadata.name === at.name && (metadata.namespace ?? '') === (at.namespace ?? ''),
    )
  }

  const condition = async (name: string, type = 'Ready') =>
    (await find(nodes, { name }))?.status.conditions?.find(one => one.type === type)
  const taints = async (name: string): Promise<string[]> =>
    ((await find(nodes, { name }))?.spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort()
  /** Events are written a moment after they were recorded. */
  const said = async (reason: string): Promise<boolean> => {
    await pass(250)
    return (await client.list(events)).items.some(event => event.reason === reason)
  }
  const isGone = async (name: string): Promise<boolean> => {
    const found = await find(pods, { namespace: 'default', name })
    return found === undefined || found.metadata.deletionTimestamp !== undefined
  }

  describe('for nodes', () => {
    /** One node whose agent goes on, and one that falls silent. */
    beforeEach(async () => {
      for (const name of ['alive', 'silent']) {
        await client.create(nodes, node(name))
        await renew(name)
      }
      start()
      await settle()
    })

    async function passWithLife(ms: number): Promise<void> {
      for (let passed = 0; passed < ms; passed += 10 * second) {
        await pass(Math.min(10 * second, ms - passed))
        await renew('alive')
      }
      await settle()
    }

    it('mark the one whose Lease is not renewed for 40 s, and taint it', async () => {
      await client.create(pods, pod('p', 'silent'))
      await passWithLife(39 * second)
      assert.equal((await condition('silent'))?.status, 'True')
      assert.deepEqual(await taints('silent'), [])
      await passWithLife(second)
      const ready = await condition('silent')
      assert.deepEqual(
        [ready?.status, ready?.reason, ready?.message],
        ['Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
      )
      assert.equal(ready?.lastTransitionTime, timeOf(clock.now()))
      assert.equal((await condition('silent', 'DiskPressure'))?.status, 'Unknown')
      assert.deepEqual(await taints('silent'), [`${unreachable}:NoExecute`, `${unreachable}:NoSchedule`])
      assert.deepEqual([(await condition('alive'))?.status, await taints('alive')], ['True', []])
      assert.ok(await said('NodeNotReady'))
    })

    it('take everything back when it says that it is well', async () => {
      await passWithLife(45 * second)
      assert.equal((await taints('silent')).length, 2)
      const found = await find(nodes, { name: 'silent' })
      await client.updateStatus(nodes, { ...found!, status: node('silent').status })
      await renew('silent')
      await eventually('the taints are taken back', async () => (await taints('silent')).length === 0)
      await passWithLife(30 * second)
      assert.equal((await condition('silent'))?.status, 'True')
    })

    it('mark the one whose agent hung up, sooner, unless it gives another sign of life', async () => {
      connections.changed('silent', false)
      connections.changed('alive', false)
      await pass(10 * second)
      await renew('alive')
      await pass(5 * second)
      assert.equal((await condition('silent'))?.status, 'Unknown')
      assert.equal((await condition('alive'))?.status, 'True')
    })

    it('forgive the one whose agent dials again', async () => {
      connections.changed('silent', false)
      await pass(10 * second)
      connections.changed('silent', true)
      await pass(10 * second)
      assert.equal((await condition('silent'))?.status, 'True')
    })

    it('keep the taints of others, and turn conditions into theirs', async () => {
      const found = await find(nodes, { name: 'alive' })
      await client.update(nodes, {
        ...found!,
        spec: { taints: [{ key: 'mine', effect: 'NoExecute', value: 'x' }], unschedulable: true },
      })
      const changed = await find(nodes, { name: 'alive' })
      const conditions = (changed!.status.conditions ?? []).map(one =>
        one.type === 'DiskPressure' ? { ...one, status: 'True' as const } : one,
      )
      await client.updateStatus(nodes, { ...changed!, status: { ...changed!.status, conditions } })
      const wanted = [
        'mine:NoExecute',
        'node.kubernetes.io/disk-pressure:NoSchedule',
        'node.kubernetes.io/unschedulable:NoSchedule',
      ]
      await eventually('it has the taints', async () => (await taints('alive')).join() === wanted.join())
    })

    it('drive nobody away when no node is well', async () => {
      await client.create(pods, pod('p', 'silent'))
      await pass(50 * second)
      assert.equal((await condition('alive'))?.status, 'Unknown')
      assert.deepEqual(await taints('silent'), [`${unreachable}:NoSchedule`])
      assert.equal(await isGone('p'), false)
    })

    it('evict pods as long as they tolerate it', async () => {
      const tolerations = (tolerationSeconds?: number) => ({
        tolerations: [
          {
            key: unreachable,
            operator: 'Exists' as const,
            effect: 'NoExecute' as const,
            ...(tolerationSeconds !== undefined && { tolerationSeconds }),
          },
        ],
      })
      await client.create(pods, pod('not', 'silent'))
      await client.create(pods, pod('for-300-s', 'silent', tolerations(300)))
      await client.create(pods, pod('for-ever', 'silent', tolerations()))
      await client.create(pods, pod('elsewhere', 'alive'))
      await passWithLife(40 * second)
      await eventually('the first is evicted', () => isGone('not'))
      const marked = await find(pods, { namespace: 'default', name: 'not' })
      const reasons = marked?.status.conditions?.map(({ type, reason }) => `${type} ${reason}`)
      assert.ok(reasons?.includes('DisruptionTarget DeletionByTaintManager'))
      const kept = await find(pods, { namespace: 'default', name: 'for-300-s' })
      assert.equal(kept?.status.conditions?.find(({ type }) => type === 'Ready')?.status, 'False')
      await passWithLife(290 * second)
      assert.equal(await isGone('for-300-s'), false)
      await passWithLife(20 * second)
      await eventually('the second is evicted', () => isGone('for-300-s'))
      await passWithLife(600 * second)
      assert.deepEqual([await isGone('for-ever'), await isGone('elsewhere')], [false, false])
    })
  })

  it('give a node that never said anything a minute', async () => {
    await client.create(nodes, node('well'))
    await client.create(nodes, { ...node('new'), status: emptyStatus })
    start()
    await pass(55 * second)
    assert.equal(await condition('new'), undefined)
    await pass(5 * second)
    const ready = await condition('new')
    assert.deepEqual([ready?.status, ready?.reason], ['Unknown', 'NodeStatusNeverUpdated'])
  })

  describe('for namespaces', () => {
    const namespace = (name: string): Namespace => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, finalizers: ['test/keep'] },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    })

    it('empty the one that is deleted, wait for what takes its time, then let it go', async () => {
      await client.create(namespaces, namespace('doomed'))
      await client.create(namespaces, namespace('default'))
      await client.create(pods, {
        ...pod('slow', 'n'),
        metadata: { namespace: 'doomed', name: 'slow', finalizers: ['x/y'] },
      })
      for (const at of ['doomed', 'default']) {
        await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: at, name: 'c' } })
      }
      start()
      await settle()
      await client.delete(namespaces, { name: 'doomed' })
      await settle()
      assert.equal(await find(configMaps, { namespace: 'doomed', name: 'c' }), undefined)
      const left = await find(namespaces, { name: 'doomed' })
      assert.deepEqual(left?.spec.finalizers, ['kubernetes'])
      const messages = left.status.conditions?.map(({ type, status, message }) => `${type} ${status}: ${message}`)
      assert.deepEqual(messages, [
        'NamespaceContentRemaining True: Some resources are remaining: pods. has 1 resource instances',
        'NamespaceFinalizersRemaining True: Some content in the namespace has finalizers remaining: x/y in 1 resource instances',
      ])
      const slow = await find(pods, { namespace: 'doomed', name: 'slow' })
      assert.ok(slow?.metadata.deletionTimestamp)
      await client.update(pods, { ...slow, metadata: { ...slow.metadata, finalizers: [] } })
      await client.delete(pods, { namespace: 'doomed', name: 'slow' }, { gracePeriodSeconds: 0 })
      await pass(second)
      assert.deepEqual((await find(namespaces, { name: 'doomed' }))?.spec.finalizers, [])
      assert.ok(await find(configMaps, { namespace: 'default', name: 'c' }))
      assert.deepEqual((await find(namespaces, { name: 'default' }))?.spec.finalizers, ['kubernetes'])
    })
  })

  describe('for pods that nobody ends', () => {
    it('remove those of a node that stays away, and no others', async () => {
      await client.create(nodes, node('there'))
      await client.create(pods, pod('kept', 'there'))
      await client.create(pods, pod('lost', 'gone'))
      await client.create(pods, pod('early', ''))
      start()
      await pass(0)
      await pass(20 * second)
      assert.equal(await isGone('lost'), false)
      await pass(20 * second)
      await eventually(
        'it is removed',
        async () => (await find(pods, { namespace: 'default', name: 'lost' })) === undefined,
      )
      assert.ok(await find(pods, { namespace: 'default', name: 'kept' }))
      assert.ok(await find(pods, { namespace: 'default', name: 'early' }))
    })

    it('wait for a node that comes back', async () => {
      await client.create(pods, pod('p', 'away'))
      start()
      await pass(0)
      await pass(30 * second)
      await client.create(nodes, node('away'))
      await renew('away')
      await pass(100 * second)
      assert.equal(await isGone('p'), false)
    })

    it('remove those that were to be ended before they were placed', async () => {
      await client.create(pods, pod('p', ''))
      await client.delete(pods, { namespace: 'default', name: 'p' })
      start()
      await eventually(
        'it is removed',
        async () => (await find(pods, { namespace: 'default', name: 'p' })) === undefined,
      )
    })
  })
})
