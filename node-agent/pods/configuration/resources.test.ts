import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { PodSpec } from '../../../api/kinds/core-v1/pod-spec.ts'
import { qosClass } from '../planning/qos.ts'
import { container, host, makePod } from '../testing.ts'
import {
  cgroupParent,
  containerResources,
  cpuShares,
  podOverhead,
  podResources,
  type ResourceHost,
} from './resources.ts'

const mebibyte = 2 ** 20
const asks = (requests: Record<string, string>, limits: Record<string, string> = {}) => ({
  resources: { requests, limits },
})

describe('the quality of service', () => {
  const classes: readonly [more: Partial<Container>, expected: string][] = [
    [{}, 'BestEffort'],
    [asks({ cpu: '1' }), 'Burstable'],
    [asks({ cpu: '1', memory: '1Gi' }, { cpu: '1', memory: '1Gi' }), 'Guaranteed'],
    [asks({}, { cpu: '1', memory: '1Gi' }), 'Guaranteed'],
    [asks({ cpu: '500m' }, { cpu: '1', memory: '1Gi' }), 'Burstable'],
    [asks({ 'ephemeral-storage': '1Gi' }), 'BestEffort'],
  ]
  for (const [more, expected] of classes) {
    it(`of ${JSON.stringify(more.resources ?? {})} is ${expected}`, () =>
      assert.equal(qosClass(makePod({ containers: [container('main', more)] })), expected))
  }

  it('decides where the pod’s cgroup is', () => {
    const parent = (more: Partial<Container>) =>
      cgroupParent('tessera', makePod({ containers: [container('main', more)] }))
    assert.equal(parent({}), 'tessera/besteffort/poduid-1')
    assert.equal(parent(asks({ cpu: '1' })), 'tessera/burstable/poduid-1')
    assert.equal(parent(asks({}, { cpu: '1', memory: '1Gi' })), 'tessera/poduid-1')
  })
})

describe('resources of a container', () => {
  const of = (more: Partial<Container>, spec: Partial<PodSpec> = {}, at: Partial<ResourceHost> = {}) => {
    const main = container('main', more)
    return containerResources(makePod({ containers: [main], ...spec }), main, { ...host, ...at })
  }

  it('become shares, quota and bytes', () => {
    assert.equal(cpuShares(0), 2)
    assert.equal(cpuShares(1000), 1024)
    assert.equal(cpuShares(1e9), 262_144)
    assert.deepEqual(of(asks({ cpu: '250m' }, { cpu: '500m', memory: '64Mi' })), {
      cpuShares: 256,
      cpuPeriod: 100_000,
      cpuQuota: 50_000,
      memoryLimitInBytes: 64 * mebibyte,
      oomScoreAdj: 999,
      hugepageLimits: [],
    })
    assert.equal(of(asks({ cpu: '0' }, { cpu: '1m' })).cpuShares, 2)
    assert.equal(of(asks({ cpu: '0' }, { cpu: '1m' })).cpuQuota, 1000, 'the kernel takes no less')
    assert.equal(of(asks({}, { cpu: '1' })).cpuShares, 1024)
  })

  it('are limited by the pod’s where they have no limit', () => {
    const spec = { resources: { requests: { cpu: '100m' }, limits: { cpu: '400m', memory: '80Mi' } } }
    const { cpuShares: shares, cpuQuota, memoryLimitInBytes } = of({}, spec)
    assert.deepEqual([shares, cpuQuota, memoryLimitInBytes], [409, 40_000, 80 * mebibyte])
    const own = of(asks({ cpu: '50m' }, { memory: '8Mi' }), spec)
    assert.deepEqual([own.cpuShares, own.cpuQuota, own.memoryLimitInBytes], [51, 40_000, 8 * mebibyte])
  })

  it('count huge pages of each size the machine has', () => {
    const at = { hugePageBytes: [2 * mebibyte, 1024 * mebibyte] }
    assert.deepEqual(of(asks({}, { 'hugepages-2Mi': '6Mi' }), {}, at).hugepageLimits, [
      { pageSize: '2MB', limit: 6 * mebibyte },
      { pageSize: '1GB', limit: 0 },
    ])
    const spec = { resources: { limits: { 'hugepages-1Gi': '1Gi' } } }
    assert.equal(of({}, spec, at).hugepageLimits?.[1]?.limit, 1024 * mebibyte)
  })

  it('leave no swap, and on cgroup v2 end a container as one', () => {
    const limited = asks({}, { memory: '8Mi' })
    const swapOf = (at: Partial<ResourceHost>) => {
      const { memorySwapLimitInBytes, unified } = of(limited, {}, at)
      return [memorySwapLimitInBytes, unified]
    }
    assert.deepEqual(swapOf({}), [undefined, undefined])
    assert.deepEqual(swapOf({ swapControl: true }), [8 * mebibyte, undefined])
    assert.deepEqual(swapOf({ unified: true }), [undefined, { 'memory.oom.group': '1' }])
    const both = { 'memory.oom.group': '1', 'memory.swap.max': '0' }
    assert.deepEqual(swapOf({ unified: true, swapControl: true }), [undefined, both])
  })
})

describe('resources of a pod', () => {
  const of = (spec: Partial<PodSpec>, podPidsLimit = 0) => podResources(makePod(spec), host, podPidsLimit)

  it('are those of its containers together, or of the greediest moment of its initialisation', () => {
    const spec = {
      initContainers: [
        container('side', { ...asks({ cpu: '50m' }, { cpu: '50m', memory: '1Mi' }), restartPolicy: 'Always' }),
        container('init', asks({ cpu: '1' }, { cpu: '1', memory: '1Mi' })),
      ],
      containers: [
        container('a', asks({ cpu: '100m' }, { cpu: '200m', memory: '1Mi' })),
        container('b', asks({ cpu: '300m' }, { cpu: '300m', memory: '2Mi' })),
      ],
    } satisfies Partial<PodSpec>
    assert.deepEqual(of(spec), {
      cpuShares: 1075,
      cpuPeriod: 100_000,
      cpuQuota: 105_000,
      memoryLimitInBytes: 4 * mebibyte,
      hugepageLimits: [],
    })
  })

  it('are limited only where every container is', () => {
    const limited = container('a', asks({ cpu: '1' }, { cpu: '1', memory: '1Mi' }))
    assert.deepEqual(of({ containers: [limited, container('b', asks({}, { cpu: '1' }))] }), {
      cpuShares: 1024,
      cpuPeriod: 100_000,
      cpuQuota: 200_000,
      hugepageLimits: [],
    })
    const open = of({ containers: [limited], initContainers: [container('i')] })
    assert.deepEqual([open.cpuQuota, open.memoryLimitInBytes], [undefined, undefined])
    assert.deepEqual(of({}), { cpuShares: 2, hugepageLimits: [] })
  })

  it('are its own where it has some', () => {
    const spec = {
      containers: [container('a', asks({ cpu: '50m' })), container('b')],
      resources: { requests: { cpu: '100m' }, limits: { cpu: '400m', memory: '80Mi' } },
    }
    assert.deepEqual(of(spec), {
      cpuShares: 102,
      cpuPeriod: 100_000,
      cpuQuota: 40_000,
      memoryLimitInBytes: 80 * mebibyte,
      hugepageLimits: [],
    })
  })

  it('count huge pages, and processes', () => {
    const spec = { containers: [container('a', asks({ 'hugepages-2Mi': '4Mi' }, { 'hugepages-2Mi': '4Mi' }))] }
    const { hugepageLimits } = podResources(makePod(spec), { ...host, hugePageBytes: [2 * mebibyte] }, 0)
    assert.deepEqual(hugepageLimits, [{ pageSize: '2MB', limit: 4 * mebibyte }])
    assert.deepEqual(of({}, 100).unified, { 'pids.max': '100' })
  })

  it('do not include its overhead, which is told besides', () => {
    const spec = { containers: [container('a', asks({ cpu: '1' }))], overhead: { cpu: '250m', memory: '16Mi' } }
    assert.equal(of(spec).cpuShares, 1024)
    assert.deepEqual(podOverhead(makePod(spec)), {
      cpuShares: 256,
      cpuPeriod: 100_000,
      cpuQuota: 25_000,
      memoryLimitInBytes: 16 * mebibyte,
    })
    assert.deepEqual(podOverhead(makePod()), {})
  })
})
