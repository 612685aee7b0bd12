import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { StatusError } from '../api/errors.ts'
import { events } from '../api/kinds/core-v1/event.ts'
import { type Node, nodes } from '../api/kinds/core-v1/node.ts'
import { type Pod, pods } from '../api/kinds/core-v1/pod.ts'
import type { Stored } from '../api/kinds/kind.ts'
import { UnavailableError } from '../client/call-error.ts'
import { type FakeCall, FakeClient } from '../client/fake.ts'
import { silentLogger } from '../lib/logger.ts'
import { ManualClock } from '../test/manual-clock.ts'
import { aNode, aPod } from '../test/objects.ts'
import type { Plugins } from './framework/plugin.ts'
import { defaultPlugins } from './plugins/index.ts'
import { Scheduler } from './scheduler.ts'

const namespace = 'default'

describe('Scheduler', () => {
  let stop = async (): Promise<void> => {}
  afterEach(() => stop())

  /** A scheduler at work on a cluster in memory. */
  async function start(options: { before?: (call: FakeCall) => Promise<void> | void; plugins?: Plugins } = {}) {
    const clock = new ManualClock()
    const client = new FakeClient({ clock, ...(options.before && { before: options.before }) })
    const controller = new AbortController()
    const scheduler = new Scheduler(
      { client, clock, logger: silentLogger, random: () => 0.5, ...(options.plugins && { plugins: options.plugins }) },
      controller.signal,
    )
    const running = scheduler.run()
    stop = async () => {
      controller.abort()
      await running
    }
    return {
      clock,
      client,
      scheduler,
      addNode: (node: Node) => client.create(nodes, node),
      addPod: (pod: Pod) => client.create(pods, pod),
      pod: (name: string) => client.get(pods, { namespace, name }),
      async nodeOf(name: string): Promise<string> {
        return until(async () => (await client.get(pods, { namespace, name })).spec.nodeName)
      },
      /** Events are written a moment after they were recorded. */
      async eventsAbout(name: string): Promise<string[]> {
        clock.advance(250)
        const about = await client.list(events, { fieldSelector: `involvedObject.name=${name}` })
        return about.items.map(event => `${event.type} ${event.reason} ${event.message}`)
      },
    }
  }

  /** Asks until there is an answer. */
  async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
      await turn()
    }
  }

  const scheduledCondition = (pod: Stored<Pod>) => pod.status.conditions?.find(({ type }) => type === 'PodScheduled')

  it('binds a pod and says so', async () => {
    const cluster = await start()
    await cluster.addNode(aNode('n1'))
    await cluster.addPod(aPod('a', { cpu: '1' }))
    assert.equal(await cluster.nodeOf('a'), 'n1')
    const told = await until(async () => (await cluster.eventsAbout('a'))[0])
    assert.equal(told, 'Normal Scheduled Successfully assigned default/a to n1')
    const pod = await cluster.pod('a')
    const [decision] = cluster.scheduler.decisions.about(pod.metadata.uid)
    assert.equal(decision?.node, 'n1')
    const [candidate] = decision.candidates
    assert.equal(
      candidate?.scores.reduce((sum, { score }) => sum + score, 0),
      candidate?.total,
    )
  })

  it('says in Kubernetes’ words why a pod fits nowhere, in an event and in its condition', async () => {
    const cluster = await start()
    await cluster.addNode(aNode('small', { cpu: '1' }))
    const taints = [{ key: 'team', value: 'red', effect: 'NoSchedule' as const }]
    await cluster.addNode(aNode('red-1', { spec: { taints } }))
    await cluster.addNode(aNode('red-2', { spec: { taints } }))
    await cluster.addPod(aPod('a', { cpu: '2' }))
    const pod = await until(async () => {
      const pod = await cluster.pod('a')
      return scheduledCondition(pod) && pod
    })
    const message =
      '0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {team: red}. ' +
      'no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.'
    const { status, reason, message: told } = scheduledCondition(pod) ?? {}
    assert.deepEqual({ status, reason, told }, { status: 'False', reason: 'Unschedulable', told: message })
    const events = await until(async () => {
      const told = await cluster.eventsAbout('a')
      return told.length > 0 ? told : undefined
    })
    assert.deepEqual(events, [`Warning FailedScheduling ${message}`])
    const [decision] = cluster.scheduler.decisions.about(pod.metadata.uid)
    assert.deepEqual(
      decision?.refused.map(({ plugin, nodes }) => [plugin, nodes]),
      [
        ['NodeResourcesFit', ['small']],
        ['TaintToleration', ['red-1', 'red-2']],
      ],
    )
  })

  it('tries again, after its back-off, when something changed that could matter', async () => {
    const cluster = await start()
    await cluster.addPod(aPod('a', { cpu: '2' }))
    await until(async () => scheduledCondition(await cluster.pod('a')))
    assert.equal(scheduledCondition(await cluster.pod('a'))?.message, 'no nodes available to schedule pods')
    await cluster.addNode(aNode('n1'))
    for (let i = 0; i < 20; i++) await turn()
    assert.equal((await cluster.pod('a')).spec.nodeName, undefined)
    cluster.clock.advance(1_000)
    assert.equal(await cluster.nodeOf('a'), 'n1')
  })

  it('a pod that ends or goes makes room for another', async () => {
    const cluster = await start()
    await cluster.addNode(aNode('n1', { cpu: '1' }))
    await cluster.addPod(aPod('a', { cpu: '1' }))
    await cluster.nodeOf('a')
    await cluster.addPod(aPod('b', { cpu: '1' }))
    await until(async () => scheduledCondition(await cluster.pod('b')))
    cluster.clock.advance(10_000)
    const pod = await cluster.pod('a')
    await cluster.client.updateStatus(pods, { ...pod, status: { ...pod.status, phase: 'Succeeded' } })
    assert.equal(await cluster.nodeOf('b'), 'n1')
  })

  it('leaves pods of other schedulers, gated pods and pods being deleted alone', async () => {
    const cluster = await start()
    await cluster.addNode(aNode('n1'))
    await cluster.addPod(aPod('other', {}, { schedulerName: 'other' }))
    const gated = await cluster.addPod(aPod('gated', {}, { schedulingGates: [{ name: 'example.test/wait' }] }))
    await cluster.client.create(pods, {
      ...aPod('doomed'),
      metadata: { ...aPod('doomed').metadata, finalizers: ['x/y'] },
    })
    await cluster.client.delete(pods, { namespace, name: 'doomed' })
    await cluster.addPod(aPod('mine'))
    await cluster.nodeOf('mine')
    assert.equal((await cluster.pod('other')).spec.nodeName, undefined)
    assert.equal((await cluster.pod('gated')).spec.nodeName, undefined)
    await cluster.client.update(pods, { ...gated, spec: { ...gated.spec, schedulingGates: [] } })
    assert.equal(await cluster.nodeOf('gated'), 'n1')
  })

  it('gives back and tries again when a binding is refused', async () => {
    let refusals = 1
    const cluster = await start({
      before: ({ verb }) => {
        if (verb === 'bind' && refusals-- > 0) throw StatusError.forbidden(pods, 'a', 'not now')
      },
    })
    await cluster.addNode(aNode('n1', { cpu: '1' }))
    await cluster.addPod(aPod('a', { cpu: '1' }))
    await until(async () => scheduledCondition(await cluster.pod('a')))
    assert.equal(scheduledCondition(await cluster.pod('a'))?.reason, 'SchedulerError')
    cluster.clock.advance(1_000)
    assert.equal(await cluster.nodeOf('a'), 'n1')
  })

  it('counts a binding without an answer until the API’s silence counts, then tries again', async () => {
    let silent = true
    const cluster = await start({
      before: ({ verb }) => {
        if (verb === 'bind' && silent) throw new UnavailableError('fake', 'gone')
      },
    })
    await cluster.addNode(aNode('n1', { cpu: '1' }))
    await cluster.addPod(aPod('a', { cpu: '1' }))
    await until(async () => cluster.scheduler.decisions.about((await cluster.pod('a')).metadata.uid)[0])
    await cluster.addPod(aPod('b', { cpu: '1' }))
    await until(async () => scheduledCondition(await cluster.pod('b')))
    silent = false
    const b = await cluster.pod('b')
    await cluster.client.delete(pods, { namespace, name: 'b' }, { uid: b.metadata.uid })
    cluster.clock.advance(5_000)
    for (let i = 0; i < 20; i++) await turn()
    cluster.clock.advance(1_000)
    assert.equal(await cluster.nodeOf('a'), 'n1')
  })

  it('never over-commits while it places many at once, and batches bindings', async () => {
    const calls: FakeCall[] = []
    const cluster = await start({ before: call => void calls.push(call) })
    for (let i = 0; i < 10; i++) await cluster.addNode(aNode(`n${i}`, { cpu: '4', pods: '7' }))
    await Promise.all(Array.from({ length: 100 }, (_, i) => cluster.addPod(aPod(`p${i}`, { cpu: '500m' }))))
    const bound = await until(async () => {
      const { items } = await cluster.client.list(pods, { fieldSelector: 'spec.nodeName!=' })
      return items.length >= 70 ? items : undefined
    })
    assert.equal(bound.length, 70)
    const perNode = new Map<string, number>()
    for (const { spec } of bound) perNode.set(spec.nodeName ?? '', (perNode.get(spec.nodeName ?? '') ?? 0) + 1)
    assert.deepEqual([...perNode.values()], new Array(10).fill(7))
    const binds = calls.filter(({ verb }) => verb === 'bind').length
    assert.ok(binds < 35, `${binds} calls for 70 bindings`)
  })

  it('asks reserve and permit plugins, and gives back what was not permitted', async () => {
    const told: string[] = []
    let permits = false
    const plugins: Plugins = {
      ...defaultPlugins,
      reserve: [
        {
          name: 'Keeper',
          reserve: (pod, node) => void told.push(`reserve ${pod.key} ${node}`),
          unreserve: (pod, node) => void told.push(`unreserve ${pod.key} ${node}`),
        },
      ],
      permit: [{ name: 'Gate', permit: async () => (permits ? undefined : 'wait for it') }],
    }
    const cluster = await start({ plugins })
    await cluster.addNode(aNode('n1'))
    await cluster.addPod(aPod('a'))
    await until(async () => scheduledCondition(await cluster.pod('a')))
    assert.deepEqual(told, ['reserve default/a n1', 'unreserve default/a n1'])
    permits = true
    cluster.clock.advance(1_000)
    assert.equal(await cluster.nodeOf('a'), 'n1')
  })
})
