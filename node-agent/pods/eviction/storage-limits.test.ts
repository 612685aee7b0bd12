import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { PodSpec } from '../../../api/kinds/core-v1/pod.ts'
import type { Volume } from '../../../api/kinds/core-v1/volumes.ts'
import { container } from '../testing.ts'
import { exceededStorage, hasLimits, type StorageUsage, storageLimits } from './storage-limits.ts'

const limited = (name: string, limit: string | undefined, more: Partial<Container> = {}): Container =>
  container(name, { resources: limit === undefined ? {} : { limits: { 'ephemeral-storage': limit } }, ...more })

const specWith = (more: Partial<PodSpec>): PodSpec => ({ containers: [limited('c', undefined)], ...more })

const empty = (name: string, sizeLimit?: string, medium?: string): Volume => ({
  name,
  emptyDir: { ...(sizeLimit !== undefined && { sizeLimit }), ...(medium !== undefined && { medium }) },
})

const usage = (
  pod: number,
  volumes: Record<string, number> = {},
  containers: Record<string, number> = {},
): StorageUsage => ({
  pod,
  volumes: new Map(Object.entries(volumes)),
  containers: new Map(Object.entries(containers)),
})

describe("the limit of a pod's storage", () => {
  const sidecar = { restartPolicy: 'Always' } as const
  const table: readonly [name: string, spec: Partial<PodSpec>, limit: string | undefined][] = [
    ['is none without limits', {}, undefined],
    ["is its containers'", { containers: [limited('a', '10Mi'), limited('b', '20Mi')] }, '30Mi'],
    [
      'is that of the one container that has one',
      { containers: [limited('a', '10Mi'), limited('b', undefined)] },
      '10Mi',
    ],
    [
      'is what an init container may take, when that is more',
      { containers: [limited('a', '10Mi')], initContainers: [limited('i', '1Gi'), limited('j', '5Mi')] },
      '1Gi',
    ],
    [
      'counts sidecars with what runs beside them',
      {
        containers: [limited('a', '10Mi')],
        initContainers: [limited('s', '20Mi', sidecar), limited('i', '15Mi')],
      },
      '35Mi',
    ],
    [
      'is with the overhead of its runtime class',
      { containers: [limited('a', '1M')], overhead: { 'ephemeral-storage': '1M' } },
      '2M',
    ],
    ['is none by overhead alone', { overhead: { 'ephemeral-storage': '1M' } }, undefined],
  ]
  for (const [name, spec, limit] of table) {
    it(name, () => {
      assert.equal(storageLimits(specWith(spec)).pod?.toString(), limit)
    })
  }
})

describe('storage beyond its limit', () => {
  const volumes = [empty('free'), empty('zero', '0'), empty('a', '5Mi'), empty('b', '1M'), empty('m', '1', 'Memory')]
  const containers = [limited('one', '10Mi'), limited('none', '0'), limited('two', '20Mi')]
  const table: readonly [name: string, spec: Partial<PodSpec>, usage: StorageUsage, message: string | undefined][] = [
    ['is none at the limit', { volumes, containers }, usage(30 << 20, { a: 5 << 20 }, { one: 10 << 20 }), undefined],
    [
      "is an emptyDir's, the first in the pod's order",
      { volumes },
      usage(0, { free: 1e9, zero: 1e9, b: 1e6 + 1, a: (5 << 20) + 1, m: 2 }),
      'Usage of EmptyDir volume "a" exceeds the limit "5Mi". ',
    ],
    [
      "is the pod's",
      { containers },
      usage((30 << 20) + 1, {}, { one: 1 << 30 }),
      'Pod ephemeral local storage usage exceeds the total limit of containers 30Mi. ',
    ],
    [
      "is a container's",
      { containers },
      usage(1, {}, { none: 1e9, one: (10 << 20) + 1 }),
      'Container one exceeded its local ephemeral storage limit "10Mi". ',
    ],
    ['is none where nothing is limited', {}, usage(1e12, { free: 1e12 }, { c: 1e12 }), undefined],
  ]
  for (const [name, spec, used, message] of table) {
    it(name, () => {
      assert.equal(exceededStorage(storageLimits(specWith(spec)), used), message)
    })
  }

  it('is looked for in pods with limits only', () => {
    const limits = (spec: Partial<PodSpec>): boolean => hasLimits(storageLimits(specWith(spec)))
    assert.equal(limits({ volumes: [empty('v'), empty('m', '1Gi', 'Memory'), empty('z', '0')] }), false)
    assert.equal(limits({ volumes: [empty('v', '1Gi')] }), true)
    assert.equal(limits({ containers }), true)
  })
})
