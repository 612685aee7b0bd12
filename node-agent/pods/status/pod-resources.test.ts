import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../../../api/kinds/core-v1/pod.ts'
import type { ResourceRequirements } from '../../../api/kinds/core-v1/resources.ts'
import { container, makePod } from '../testing.ts'
import { allocatedResources, effectiveResources } from './pod-resources.ts'

const asks = (name: string, resources: ResourceRequirements, more = {}) => container(name, { resources, ...more })

interface Case {
  readonly what: string
  readonly spec: Partial<PodSpec>
  readonly allocated: Record<string, string> | undefined
  readonly waiting: ResourceRequirements
  readonly running: ResourceRequirements
}

const table: readonly Case[] = [
  {
    what: 'nothing',
    spec: { containers: [container('a')] },
    allocated: undefined,
    waiting: {},
    running: {},
  },
  {
    what: 'requests and limits of one container',
    spec: {
      containers: [asks('a', { requests: { cpu: '12m', memory: '10Mi' }, limits: { cpu: '1', memory: '100Mi' } })],
    },
    allocated: { cpu: '12m', memory: '10Mi' },
    waiting: { requests: { cpu: '12m', memory: '10Mi' }, limits: { cpu: '1', memory: '100Mi' } },
    running: { requests: { cpu: '12m', memory: '10Mi' }, limits: { cpu: '1', memory: '100Mi' } },
  },
  {
    what: 'a limit that only one of two has: none of the cgroup',
    spec: {
      containers: [
        asks('a', { requests: { cpu: '100m' }, limits: { cpu: '200m', memory: '64Mi' } }),
        asks('b', { requests: { cpu: '1500m', memory: '1Gi' } }),
      ],
    },
    allocated: { cpu: '1600m', memory: '1Gi' },
    waiting: { requests: { cpu: '1600m', memory: '1Gi' }, limits: { cpu: '200m', memory: '64Mi' } },
    running: { requests: { cpu: '1600m', memory: '1Gi' } },
  },
  {
    what: 'sidecars beside the containers, steps of initialisation by their peak',
    spec: {
      initContainers: [
        asks('sidecar', { requests: { cpu: '50m' } }, { restartPolicy: 'Always' }),
        asks('step', { requests: { cpu: '300m', memory: '1Mi' } }),
      ],
      containers: [asks('a', { requests: { cpu: '100m' } })],
    },
    allocated: { cpu: '350m', memory: '1Mi' },
    waiting: { requests: { cpu: '350m', memory: '1Mi' } },
    running: { requests: { cpu: '350m', memory: '1Mi' } },
  },
  {
    what: 'amounts of the pod as a whole, with overhead',
    spec: {
      containers: [asks('a', { requests: { cpu: '50m', memory: '10Mi' } })],
      resources: { requests: { cpu: '200m', memory: '40Mi' }, limits: { cpu: '400m', memory: '80Mi' } },
      overhead: { cpu: '10m', memory: '2Mi' },
    },
    allocated: { cpu: '210m', memory: '42Mi' },
    waiting: { requests: { cpu: '210m', memory: '42Mi' }, limits: { cpu: '410m', memory: '82Mi' } },
    running: { requests: { cpu: '200m', memory: '40Mi' }, limits: { cpu: '400m', memory: '80Mi' } },
  },
  {
    what: 'less than the kernel can tell apart, and bytes of half a page',
    spec: {
      containers: [asks('a', { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '5m', memory: '33333333' } })],
    },
    allocated: { cpu: '1m', memory: '1Mi' },
    waiting: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '5m', memory: '33333333' } },
    running: { requests: { memory: '1Mi' }, limits: { memory: '32552Ki' } },
  },
  {
    what: 'what no cgroup knows',
    spec: { containers: [asks('a', { requests: { 'ephemeral-storage': '1G', 'example.com/card': '2' } })] },
    allocated: { 'ephemeral-storage': '1G', 'example.com/card': '2' },
    waiting: { requests: { 'ephemeral-storage': '1G', 'example.com/card': '2' } },
    running: {},
  },
]

describe('resources of a pod', () => {
  for (const { what, spec, allocated, waiting, running } of table) {
    it(`reports ${what}`, () => {
      const pod = makePod(spec)
      assert.deepEqual(allocatedResources(pod), allocated)
      assert.deepEqual(effectiveResources(pod, false), waiting)
      assert.deepEqual(effectiveResources(pod, true), running)
    })
  }
})
