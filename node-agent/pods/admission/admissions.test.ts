// Pods that do not fit, on a node whose API and runtime are in memory.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { isStatus } from '../../../api/errors.ts'
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { Node } from '../../../api/kinds/core-v1/node.ts'
import { pods } from '../../../api/kinds/core-v1/pod.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { StaticPods } from '../static/static-pods.ts'
import { container, eventually, makeNode, nodeSource } from '../testing.ts'
import { harness } from '../testing-node.ts'
import type { NodeSource } from './admissions.ts'

const asking = (cpu: string, name = 'main'): Container => container(name, { resources: { requests: { cpu } } })

const short = "Node didn't have enough resource: cpu, requested: 2000, used: 1000, capacity: 2000"

/** Long enough for what must not happen to happen. */
const settle = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 200))

describe('a pod that does not fit', () => {
  it('fails with why, never runs, and is told of', async t => {
    const h = harness(t)
    h.start()
    await h.apply({ containers: [asking('1')] })
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
    const { metadata } = await h.apply({ containers: [asking('2', 'big')] }, { name: 'big' })
    await eventually(async () => assert.equal((await h.get('big')).status.phase, 'Failed'))
    await settle()
    const { status } = await h.get('big')
    assert.match(status.startTime ?? '', /Z$/)
    assert.deepEqual(status, {
      observedGeneration: 1,
      phase: 'Failed',
      reason: 'OutOfcpu',
      message: `Pod was rejected: ${short}`,
      startTime: status.startTime,
      qosClass: 'Burstable',
    })
    assert.deepEqual(
      h.events.filter(event => event.includes('OutOf')),
      [`Warning OutOfcpu: ${short}`],
    )
    assert.deepEqual(h.runtime.running(), ['main'])
    assert.equal(
      [...h.runtime.sandboxes.values()].some(sandbox => sandbox.metadata?.uid === metadata.uid),
      false,
    )
  })

  it('stays failed when there is room later, and when the agent starts again', async t => {
    const h = harness(t)
    const kill = h.start()
    await h.apply({ containers: [asking('1')] })
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
    await h.apply({ containers: [asking('2', 'big')] }, { name: 'big' })
    await eventually(async () => assert.equal((await h.get('big')).status.phase, 'Failed'))
    const rejected = await h.get('big')
    await h.client.delete(pods, { namespace: 'default', name: 'web' })
    await eventually(() => assert.deepEqual(h.runtime.running(), []))
    await kill()
    h.start()
    await settle()
    assert.deepEqual(await h.get('big'), rejected)
    assert.deepEqual(h.runtime.running(), [])
    assert.equal(h.events.filter(event => event.includes('OutOf')).length, 1)
    // Its place was never taken.
    await h.apply({ containers: [asking('2', 'next')] }, { name: 'next' })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['next']))
  })

  it('keeps what others say of it, and nothing that was said of its start', async t => {
    const h = harness(t)
    h.start()
    const other = { type: 'example.com/seen', status: 'True' } as const
    await h.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: { nodeName: 'n1', containers: [asking('3')] },
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }, other] },
    })
    await eventually(async () => assert.equal((await h.get()).status.reason, 'OutOfcpu'))
    assert.deepEqual((await h.get()).status.conditions, [other])
  })

  it('fails too when the node can not tell what it has', async t => {
    const h = harness(t, {
      allocatable: {
        get pods(): string {
          throw new Error('no such file system')
        },
      },
    })
    h.start()
    await h.apply({})
    await eventually(async () => {
      const { status } = await h.get()
      assert.equal(status.reason, 'UnexpectedAdmissionError')
      assert.equal(status.message, 'Pod was rejected: Admission failed: no such file system')
    })
  })

  it('is deleted like any other', async t => {
    const h = harness(t)
    h.start()
    await h.apply({ containers: [asking('3')] })
    await eventually(async () => assert.equal((await h.get()).status.reason, 'OutOfcpu'))
    await h.client.delete(pods, { namespace: 'default', name: 'web' })
    await eventually(() => assert.rejects(h.get(), error => isStatus(error, 'NotFound')))
  })
})

describe('what counts as taken', () => {
  it('is what was admitted and is not over', async t => {
    const h = harness(t)
    h.start()
    await h.apply({ containers: [asking('2')], restartPolicy: 'Never' })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['main']))
    h.runtime.exit('main', 0)
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Succeeded'))
    await h.apply({ containers: [asking('2', 'second')] }, { name: 'second' })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['second']))
  })

  it('is what ran before the agent was killed: that goes on, also when the node has shrunk', async t => {
    let cpu = '4'
    const h = harness(t, {
      allocatable: {
        get cpu() {
          return cpu
        },
        memory: '1Gi',
        pods: '110',
      },
    })
    const kill = h.start()
    await h.apply({ containers: [asking('2', 'a')] }, { name: 'a' })
    await h.apply({ containers: [asking('2', 'b')] }, { name: 'b' })
    await eventually(async () => assert.equal((await h.get('b')).status.phase, 'Running'))
    await kill()
    cpu = '3'
    // Bound while nobody was there, and older by name and age than what runs.
    await h.apply({ containers: [asking('1', '0')] }, { name: '0' })
    h.start()
    await eventually(async () => assert.equal((await h.get('0')).status.reason, 'OutOfcpu'))
    await settle()
    assert.deepEqual(h.runtime.running().sort(), ['a', 'b'])
    for (const name of ['a', 'b']) assert.equal((await h.get(name)).status.phase, 'Running')
  })

  it('goes to the older of two pods that wait for the agent', async t => {
    const h = harness(t, { speed: 20 })
    await h.apply({ containers: [asking('2', 'z')] }, { name: 'z' })
    await settle() // creationTimestamps are whole seconds.
    await h.apply({ containers: [asking('2', 'a')] }, { name: 'a' })
    h.start()
    await eventually(async () => assert.equal((await h.get('a')).status.reason, 'OutOfcpu'))
    await eventually(() => assert.deepEqual(h.runtime.running(), ['z']))
  })
})

describe('labels and taints of the Node', () => {
  const source = (told: Node, now: Node | Error): NodeSource => ({
    ...nodeSource(told),
    fetch: () => (now instanceof Error ? Promise.reject(now) : Promise.resolve(now)),
  })

  it('are asked for before they speak against a pod', async t => {
    const h = harness(t, { node: source(makeNode(), makeNode({ disk: 'ssd' })) })
    h.start()
    await h.apply({ nodeSelector: { disk: 'ssd' } })
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
    await h.apply({ nodeSelector: { disk: 'hdd' } }, { name: 'other' })
    await eventually(async () => {
      const { status } = await h.get('other')
      assert.equal(status.reason, 'NodeAffinity')
      assert.equal(
        status.message,
        "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
      )
    })
  })

  it('are what they were when the API does not answer', async t => {
    const tainted = makeNode({}, { taints: [{ key: 'k', effect: 'NoExecute' }] })
    const h = harness(t, { node: source(tainted, new Error('away')) })
    h.start()
    await h.apply({})
    await h.apply({ tolerations: [{ operator: 'Exists' }], containers: [container('tolerant')] }, { name: 'tolerant' })
    await eventually(async () => assert.equal((await h.get()).status.reason, 'TaintToleration'))
    await eventually(() => assert.deepEqual(h.runtime.running(), ['tolerant']))
  })

  it('are waited for, except by what runs already', async t => {
    let tell: () => void = () => {}
    const known = new Promise<void>(resolve => (tell = resolve))
    let node: NodeSource = nodeSource()
    const h = harness(t, {
      node: {
        current: () => node.current(),
        fetch: () => node.fetch(),
        get known() {
          return node.known
        },
      },
    })
    const kill = h.start()
    await h.apply({ containers: [container('old')] }, { name: 'old' })
    await eventually(async () => assert.equal((await h.get('old')).status.phase, 'Running'))
    await kill()
    h.runtime.reboot()
    node = { ...nodeSource(makeNode({ disk: 'ssd' })), known }
    h.start()
    await h.apply({ nodeSelector: { disk: 'ssd' } })
    await eventually(() => assert.deepEqual(h.runtime.running(), ['old']))
    await settle()
    assert.deepEqual(h.runtime.running(), ['old'])
    assert.equal((await h.get()).status.phase, 'Pending')
    tell()
    await eventually(() => assert.deepEqual(h.runtime.running().sort(), ['main', 'old']))
  })
})

describe('a static pod', () => {
  function withStatic(t: TestContext, cpu: string) {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'admissions-'))
    const file = path.join(directory, 'edge.yaml')
    const stop = new AbortController()
    const running: Promise<void>[] = []
    t.after(async () => {
      stop.abort()
      await Promise.all(running)
      rmSync(directory, { recursive: true, force: true })
    })
    mkdirSync(directory, { recursive: true })
    const h = harness(t, {
      staticPods: client => {
        const staticPods = new StaticPods({ directory, nodeName: 'n1', nodeUid: () => 'u', client, log: silentLogger })
        running.push(staticPods.run(stop.signal))
        return staticPods
      },
    })
    const write = (): void => {
      const spec = { terminationGracePeriodSeconds: 0, containers: [asking(cpu, 'edge')] }
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'edge' }, spec }
      writeFileSync(file, JSON.stringify(pod))
    }
    return { h, write }
  }

  it('has lesser pods end first, which then are told as Preempting', async t => {
    const { h, write } = withStatic(t, '1500m')
    h.start()
    await h.apply({ containers: [asking('500m', 'small')] }, { name: 'small' })
    await h.apply({ containers: [asking('1', 'big')] }, { name: 'big' })
    await eventually(() => assert.deepEqual(h.runtime.running().sort(), ['big', 'small']))
    write()
    await eventually(async () => {
      const { status } = await h.get('big')
      assert.equal(status.phase, 'Failed')
      assert.equal(status.reason, 'Preempting')
      assert.equal(status.message, 'Preempted in order to admit critical pod')
      const target = status.conditions?.find(({ type }) => type === 'DisruptionTarget')
      assert.equal(target?.reason, 'TerminationByKubelet')
      assert.equal(status.containerStatuses?.[0]?.state.terminated?.exitCode, 143)
    })
    await eventually(() => assert.deepEqual(h.runtime.running().sort(), ['edge', 'small']))
    assert.ok(h.runtime.calls.lastIndexOf('runPodSandbox') > h.runtime.calls.indexOf('stopContainer'))
    assert.ok(h.events.includes('Warning Preempting: Preempted in order to admit critical pod'))
    assert.equal((await h.get('small')).status.phase, 'Running')
    await eventually(async () => assert.equal((await h.get('edge-n1')).status.phase, 'Running'))
  })

  it('is rejected when even that would not do, which its mirror tells', async t => {
    const { h, write } = withStatic(t, '3')
    h.start()
    await h.apply({ containers: [asking('1')] })
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
    write()
    await eventually(async () => {
      const { status } = await h.get('edge-n1')
      assert.equal(status.phase, 'Failed')
      assert.equal(status.reason, 'UnexpectedAdmissionError')
    })
    assert.deepEqual(h.runtime.running(), ['main'])
  })
})

describe('a pod that has to make room', () => {
  it('does so too when the agent is killed while it ends', async t => {
    const h = harness(t)
    const kill = h.start()
    await h.apply({})
    await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
    await kill()
    const told = await h.get()
    const condition = {
      type: 'DisruptionTarget',
      status: 'True' as const,
      reason: 'TerminationByKubelet',
      message: 'Pod was preempted by Kubelet to accommodate a critical pod.',
    }
    const conditions = [...(told.status.conditions ?? []), condition]
    await h.client.updateStatus(pods, { ...told, status: { ...told.status, conditions } })
    h.start()
    await eventually(async () => {
      const { status } = await h.get()
      assert.deepEqual([status.phase, status.reason], ['Failed', 'Preempting'])
    })
    assert.deepEqual(h.runtime.running(), [])
  })
})
