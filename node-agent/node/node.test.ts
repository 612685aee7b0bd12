import assert from 'node:assert/strict'
import os from 'node:os'
import { describe, it, type TestContext } from 'node:test'
import { leases } from '../../api/kinds/coordination-v1/lease.ts'
import { nodes } from '../../api/kinds/core-v1/node.ts'
import type { KubernetesObject } from '../../api/kinds/kind.ts'
import { microTimeOf, timeOf } from '../../api/values/time.ts'
import type { Resource, WriteOptions } from '../../client/client.ts'
import { FakeClient, type FakeOptions } from '../../client/fake.ts'
import { silentLogger } from '../../lib/logger.ts'
import { conditionsDiffer, nodeConditions, type RuntimeTrouble } from './conditions.ts'
import { hostResolvConf } from './host-resolver.ts'
import { nodeAddress, readMachine, readUsage, type Usage } from './machine.ts'
import { allocatable, capacity, type NodeFacts, newNode } from './node-object.ts'
import { NodeNameTakenError, Registration } from './registration.ts'
import { runtimeTrouble } from './runtime-trouble.ts'

const roomy: Usage = {
  memoryAvailableBytes: 1e9,
  diskBytes: 1e10,
  diskAvailableBytes: 5e9,
  processes: 100,
  mostProcesses: 32_768,
}
const nowMs = Date.parse('2026-01-31T12:00:00Z')

describe('the machine', () => {
  it('tells what it is', () => {
    const machine = readMachine()
    assert.equal(machine.cpus, os.cpus().length)
    assert.equal(machine.memoryBytes, os.totalmem())
    assert.equal(machine.kernelVersion, os.release())
    const { diskBytes, memoryAvailableBytes, processes } = readUsage('/')
    assert.ok(diskBytes > 0 && memoryAvailableBytes > 0 && processes > 0)
    assert.match(nodeAddress(), /^\d+\.\d+\.\d+\.\d+$/)
  })

  it('has pods ask whom its own resolver asks', () => {
    assert.equal(hostResolvConf('/nonexistent', '/nonexistent'), '')
  })
})

describe('conditions of a node', () => {
  const of = (more: Partial<Usage>, trouble?: RuntimeTrouble) =>
    Object.fromEntries(
      nodeConditions([], { ...roomy, ...more }, trouble, nowMs).map(({ type, status, reason }) => [
        type,
        [status, reason],
      ]),
    )

  it('are the kubelet’s when all is well', () => {
    assert.deepEqual(of({}), {
      MemoryPressure: ['False', 'KubeletHasSufficientMemory'],
      DiskPressure: ['False', 'KubeletHasNoDiskPressure'],
      PIDPressure: ['False', 'KubeletHasSufficientPID'],
      Ready: ['True', 'KubeletReady'],
    })
  })

  it('tell what is short, and that nothing runs without a runtime', () => {
    assert.deepEqual(of({ memoryAvailableBytes: 1e6 })['MemoryPressure'], ['True', 'KubeletHasInsufficientMemory'])
    assert.deepEqual(of({ diskAvailableBytes: 1e8 })['DiskPressure'], ['True', 'KubeletHasDiskPressure'])
    assert.deepEqual(of({ processes: 32_000 })['PIDPressure'], ['True', 'KubeletHasInsufficientPID'])
    assert.deepEqual(of({}, 'gone')['Ready'], ['False', 'KubeletNotReady'])
  })

  it('keep the time since when they hold, and what others wrote', () => {
    const foreign = { type: 'Other', status: 'True' } as const
    const first = nodeConditions([foreign], roomy, undefined, nowMs)
    const later = nodeConditions(first, roomy, 'gone', nowMs + 60_000)
    const time = (type: string): string | undefined => later.find(each => each.type === type)?.lastTransitionTime
    assert.equal(time('MemoryPressure'), timeOf(nowMs))
    assert.equal(time('Ready'), timeOf(nowMs + 60_000))
    assert.deepEqual(later[0], foreign)
    assert.equal(conditionsDiffer(first, later), true)
    assert.equal(conditionsDiffer(first, nodeConditions(first, roomy, undefined, nowMs + 60_000)), false)
  })
})

describe('what the runtime says of itself', () => {
  const of = (conditions: { type: string; status: boolean; reason: string; message: string }[]) =>
    runtimeTrouble({ status: () => Promise.resolve({ status: { conditions } }) })

  it('is trouble when something is not ready, or nothing is said', async () => {
    assert.equal(await of([{ type: 'RuntimeReady', status: true, reason: '', message: '' }]), undefined)
    assert.equal(
      await of([{ type: 'NetworkReady', status: false, reason: 'NoPodCidr', message: 'no pod CIDR' }]),
      'container runtime network not ready: NetworkReady=false reason:NoPodCidr message:no pod CIDR',
    )
    assert.equal(
      await of([
        { type: 'RuntimeReady', status: false, reason: 'A', message: 'a' },
        { type: 'NetworkReady', status: false, reason: 'B', message: 'b' },
      ]),
      '[container runtime not ready: RuntimeReady=false reason:A message:a, ' +
        'container runtime network not ready: NetworkReady=false reason:B message:b]',
    )
    const silent = await runtimeTrouble({ status: () => Promise.reject(new Error('nobody listens')) })
    assert.equal(silent, 'container runtime is down: nobody listens')
  })
})

const gibibyte = 2 ** 30
const hugePages = new Map([
  [2 * 2 ** 20, 3],
  [gibibyte, 0],
])

const facts = (machineId = 'm1'): NodeFacts => ({
  name: 'n1',
  addresses: ['192.0.2.1'],
  mostPods: 110,
  podCidr: '10.244.1.0/24',
  labels: { zone: 'a' },
  machine: { ...readMachine(), machineId, cpus: 2, memoryBytes: 8 * gibibyte, swapBytes: 4096, hugePages },
  runtime: {
    version: 'tessera://0.1.0',
    handlers: [{ name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: false } }],
    features: { supplementalGroupsPolicy: true },
  },
})

function registration(t: TestContext, client: FakeClient, machineId?: string) {
  const cidrs: string[] = []
  const images = [{ names: ['demo:1'], sizeBytes: 5 }]
  let trouble: RuntimeTrouble
  const stop = new AbortController()
  const registered = new Registration({
    client,
    facts: () => facts(machineId),
    root: '/',
    trouble: () => Promise.resolve(trouble),
    images: () => Promise.resolve([...images]),
    onPodCidr: cidr => cidrs.push(cidr),
    log: silentLogger,
  })
  const running = registered.run(stop.signal)
  running.catch(() => {})
  t.after(async () => {
    stop.abort()
    await running.catch(() => {})
  })
  return { registered, running, cidrs, images, setTrouble: (next: RuntimeTrouble) => (trouble = next) }
}

async function eventually(assertion: () => Promise<void> | void): Promise<void> {
  for (const deadline = Date.now() + 5_000; ; ) {
    try {
      await assertion()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }
}

/** Leaves out empty texts, as a server's JSON does. */
class TerseClient extends FakeClient {
  statuses = 0

  override updateStatus<T extends KubernetesObject>(kind: Resource<T>, object: T, options?: WriteOptions) {
    this.statuses++
    const terse = JSON.stringify(object, (_, value: unknown) => (value === '' ? undefined : value))
    return super.updateStatus(kind, JSON.parse(terse) as T, options)
  }
}

const make = (options?: FakeOptions): FakeClient => new FakeClient(options)

describe('what a node has', () => {
  it('is told in full, and what pods get of it without the last of memory and disk', () => {
    const usage: Usage = { ...roomy, diskBytes: 10 * gibibyte }
    assert.deepEqual(capacity(facts(), usage), {
      cpu: '2',
      memory: '8Gi',
      'ephemeral-storage': '10Gi',
      'hugepages-2Mi': '6Mi',
      'hugepages-1Gi': '0',
      pods: '110',
    })
    assert.deepEqual(allocatable(facts(), usage), {
      cpu: '2',
      memory: `${8 * 1024 - 100 - 6}Mi`,
      'ephemeral-storage': '9Gi',
      'hugepages-2Mi': '6Mi',
      'hugepages-1Gi': '0',
      pods: '110',
    })
  })
})

describe('a node', () => {
  it('registers itself, is Ready, and holds its lease', async t => {
    const client = make()
    const { cidrs, registered } = registration(t, client)
    await eventually(async () => {
      const node = await client.get(nodes, { name: 'n1' })
      assert.equal(node.status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True')
    })
    const { metadata, spec, status } = await client.get(nodes, { name: 'n1' })
    assert.equal(metadata.labels?.['kubernetes.io/hostname'], 'n1')
    assert.equal(metadata.labels['zone'], 'a')
    assert.equal(spec.podCIDR, '10.244.1.0/24')
    assert.equal(status.capacity?.['cpu'], '2')
    assert.equal(status.capacity['pods'], '110')
    assert.deepEqual(status.addresses, [
      { type: 'InternalIP', address: '192.0.2.1' },
      { type: 'Hostname', address: 'n1' },
    ])
    assert.equal(status.nodeInfo.containerRuntimeVersion, 'tessera://0.1.0')
    assert.deepEqual(status.nodeInfo.swap, { capacity: 4096 })
    assert.deepEqual(status.features, { supplementalGroupsPolicy: true })
    assert.deepEqual(status.runtimeHandlers, facts().runtime?.handlers)
    assert.deepEqual(status.images, [{ names: ['demo:1'], sizeBytes: 5 }])
    assert.deepEqual(cidrs.includes('10.244.1.0/24'), true)
    const lease = await client.get(leases, { namespace: 'kube-node-lease', name: 'n1' })
    assert.equal(lease.spec.holderIdentity, 'n1')
    assert.equal(lease.spec.leaseDurationSeconds, 40)
    assert.equal(lease.metadata.ownerReferences?.[0]?.uid, registered.uid)
  })

  it('is known as it would register, then as the API has it', async t => {
    let away = true
    const client = make({
      before: () => {
        if (away) throw new Error('away')
      },
    })
    const { registered } = registration(t, client)
    let known = false
    void registered.known.then(() => (known = true))
    await assert.rejects(registered.fetch(), /away/)
    assert.deepEqual([known, registered.current().metadata.labels?.['zone']], [false, 'a'])
    away = false
    await registered.known
    const body = { metadata: { labels: { zone: 'b' } } }
    await client.patch(nodes, { name: 'n1' }, { type: 'application/merge-patch+json', body })
    assert.equal((await registered.fetch()).metadata.labels?.['zone'], 'b')
    assert.equal(registered.current().metadata.labels?.['zone'], 'b')
  })

  it('is NotReady as soon as it knows that nothing runs', async t => {
    const client = make()
    const { registered, setTrouble } = registration(t, client)
    const ready = async (status: string): Promise<void> => {
      const node = await client.get(nodes, { name: 'n1' })
      assert.equal(node.status.conditions?.find(({ type }) => type === 'Ready')?.status, status)
    }
    await eventually(() => ready('True'))
    setTrouble('container runtime is down')
    registered.wake()
    await eventually(() => ready('False'))
  })

  it('tells of an image as soon as it looks, and is not written without news', async t => {
    const client = new TerseClient()
    const { registered, images } = registration(t, client)
    const names = async (): Promise<unknown> => {
      const { status } = await client.get(nodes, { name: 'n1' })
      return status.images?.flatMap(image => image.names)
    }
    await eventually(async () => assert.deepEqual(await names(), ['demo:1']))
    images.push({ names: ['other:1'], sizeBytes: 1 })
    registered.wake()
    await eventually(async () => assert.deepEqual(await names(), ['demo:1', 'other:1']))
    const written = client.statuses
    await new Promise(resolve => setTimeout(resolve, 20))
    registered.wake()
    await new Promise(resolve => setTimeout(resolve, 50))
    assert.equal(client.statuses, written)
  })

  it('comes back when it was deleted, and waits for an API that is away', async t => {
    let away = true
    const client = make({
      before: () => {
        if (away) throw new Error('away')
      },
    })
    registration(t, client)
    await new Promise(resolve => setTimeout(resolve, 20))
    away = false
    await eventually(async () => assert.ok(await client.get(nodes, { name: 'n1' })))
    const { metadata } = await client.get(nodes, { name: 'n1' })
    await client.delete(nodes, { name: 'n1' })
    await eventually(async () => {
      assert.notEqual((await client.get(nodes, { name: 'n1' })).metadata.uid, metadata.uid)
    })
  })

  it('does not take the name of another machine that is alive', async t => {
    const client = make()
    const other = newNode(facts())
    const { nodeInfo } = other.status
    await client.create(nodes, { ...other, status: { ...other.status, nodeInfo: { ...nodeInfo, machineID: 'm2' } } })
    const lease = (renewedMs: number) => ({
      apiVersion: 'coordination.k8s.io/v1' as const,
      kind: 'Lease' as const,
      metadata: { namespace: 'kube-node-lease', name: 'n1' },
      spec: { holderIdentity: 'n1', leaseDurationSeconds: 40, renewTime: microTimeOf(renewedMs) },
    })
    const held = await client.create(leases, lease(Date.now()))
    const { running } = registration(t, client, 'm1')
    await assert.rejects(running, error => {
      assert.ok(error instanceof NodeNameTakenError)
      assert.match(error.message, /^node "n1" is another machine \(machine-id m2, this one has m1\), .* --node-name$/)
      return true
    })
    // A machine long silent gives its name free.
    await client.update(leases, { ...held, spec: lease(Date.now() - 120_000).spec })
    const { registered } = registration(t, client, 'm1')
    await eventually(() => assert.notEqual(registered.uid, undefined))
  })
})
