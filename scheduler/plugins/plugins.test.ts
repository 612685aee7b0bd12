import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { NodeSelectorRequirement, Taint, Toleration } from '../../api/kinds/core-v1/affinity.ts'
import type { PodSpec } from '../../api/kinds/core-v1/pod-spec.ts'
import { aContainer, aNode, aPod, type NodeOptions, stored } from '../../test/objects.ts'
import { NodeTable } from '../framework/node-table.ts'
import type { FilterPlugin, ScorePlugin } from '../framework/plugin.ts'
import { podInfo } from '../framework/pod-info.ts'
import { ResourceNames } from '../framework/resources.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { dynamicResources } from './dynamic-resources.ts'
import { imageLocality } from './image-locality.ts'
import { leastAllocated } from './least-allocated.ts'
import { nodeAffinityFilter, nodeAffinityScore } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { preemptionOutlook } from './preemption-outlook.ts'
import { prioritySort } from './priority-sort.ts'
import { taintTolerationFilter, taintTolerationScore } from './taint-toleration.ts'

type APod = ReturnType<typeof aPod>

/** A table with a node for each of the options, and pods on the first. */
function table(options: readonly NodeOptions[], there: readonly APod[] = []) {
  const names = new ResourceNames()
  const nodes = new NodeTable(names)
  for (const [i, one] of options.entries()) nodes.setNode(stored(aNode(`n${i}`, one)))
  for (const pod of there) nodes.addPod('n0', podInfo(stored(pod), names))
  return {
    nodes,
    info: (pod: APod) => podInfo(stored(pod), names),
    /** What a plugin has against each node; '' where nothing. */
    refusals(plugin: FilterPlugin, pod: APod): string[] {
      const filter = plugin.prepare(podInfo(stored(pod), names), nodes)
      return options.map((_, row) => filter?.(row)?.reasons.join() ?? '')
    },
    scores(plugin: ScorePlugin, pod: APod): number[] | undefined {
      const scorer = plugin.prepare(podInfo(stored(pod), names), nodes)
      return scorer && options.map((_, row) => scorer.score(row))
    },
  }
}

describe('NodeResourcesFit', () => {
  it('refuses for what is short, each by name', () => {
    const cluster = table(
      [{ cpu: '1', memory: '1Gi', pods: '2', extended: { 'example.test/gpu': '1' } }],
      [aPod('there', { cpu: '600m', 'example.test/gpu': '1' })],
    )
    const ask = (requests: Record<string, string>) => cluster.refusals(nodeResourcesFit, aPod('a', requests))
    assert.deepEqual(ask({}), [''])
    assert.deepEqual(ask({ cpu: '400m', memory: '1Gi' }), [''])
    assert.deepEqual(ask({ cpu: '401m' }), ['Insufficient cpu'])
    assert.deepEqual(ask({ cpu: '2', memory: '2Gi' }), ['Insufficient cpu,Insufficient memory'])
    assert.deepEqual(ask({ 'example.test/gpu': '1' }), ['Insufficient example.test/gpu'])
    assert.deepEqual(ask({ 'example.test/other': '1' }), ['Insufficient example.test/other'])
    assert.deepEqual(ask({ 'example.test/other': '0' }), [''])
  })

  it('refuses a full node even for a pod that asks for nothing', () => {
    const cluster = table([{ pods: '1' }], [aPod('there')])
    assert.deepEqual(cluster.refusals(nodeResourcesFit, aPod('a')), ['Too many pods'])
  })

  it('says whether eviction could help: not where the whole node is too small', () => {
    const cluster = table([{ cpu: '1' }], [aPod('there', { cpu: '1' })])
    const resolvable = (cpu: string) =>
      nodeResourcesFit.prepare(cluster.info(aPod('a', { cpu })), cluster.nodes)?.(0)?.resolvable
    assert.equal(resolvable('1'), true)
    assert.equal(resolvable('2'), false)
  })
})

describe('NodeName', () => {
  it('lets a pod that names its node go nowhere else', () => {
    const mismatch = "node(s) didn't match the requested node name"
    assert.deepEqual(table([{}, {}]).refusals(nodeName, aPod('a', {}, { nodeName: 'n1' })), [mismatch, ''])
    assert.deepEqual(table([{}, {}]).refusals(nodeName, aPod('a')), ['', ''])
  })
})

describe('NodeUnschedulable', () => {
  it('refuses cordoned nodes, unless the pod tolerates that', () => {
    const cluster = table([{ spec: { unschedulable: true } }, {}])
    assert.deepEqual(cluster.refusals(nodeUnschedulable, aPod('a')), ['node(s) were unschedulable', ''])
    const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' as const }]
    assert.deepEqual(cluster.refusals(nodeUnschedulable, aPod('a', {}, { tolerations })), ['', ''])
  })
})

describe('TaintToleration', () => {
  const red: Taint = { key: 'team', value: 'red', effect: 'NoSchedule' }
  const soft: Taint = { key: 'slow', effect: 'PreferNoSchedule' }

  it('refuses taints that forbid, and names the first not tolerated', () => {
    const cluster = table([{ spec: { taints: [red] } }, { spec: { taints: [soft] } }, {}])
    const untolerated = 'node(s) had untolerated taint {team: red}'
    assert.deepEqual(cluster.refusals(taintTolerationFilter, aPod('a')), [untolerated, '', ''])
    const tolerations = [{ key: 'team', operator: 'Exists' as const }]
    assert.deepEqual(cluster.refusals(taintTolerationFilter, aPod('a', {}, { tolerations })), ['', '', ''])
  })

  it('counts taints that discourage', () => {
    const cluster = table([
      { spec: { taints: [soft, { ...soft, key: 'old' }] } },
      { spec: { taints: [soft, red] } },
      {},
    ])
    assert.deepEqual(cluster.scores(taintTolerationScore, aPod('a')), [2, 1, 0])
    const tolerations: Toleration[] = [{ key: 'slow', operator: 'Exists', effect: 'PreferNoSchedule' }]
    assert.deepEqual(cluster.scores(taintTolerationScore, aPod('a', {}, { tolerations })), [1, 0, 0])
  })
})

describe('NodeAffinity', () => {
  const mismatch = "node(s) didn't match Pod's node affinity/selector"
  const cluster = table([{ labels: { zone: 'a', cores: '8' } }, { labels: { zone: 'b', cores: '16' } }, {}])

  it('wants the whole node selector', () => {
    const ask = (nodeSelector: Record<string, string>) =>
      cluster.refusals(nodeAffinityFilter, aPod('a', {}, { nodeSelector }))
    assert.deepEqual(ask({ zone: 'a' }), ['', mismatch, mismatch])
    assert.deepEqual(ask({ zone: 'a', cores: '16' }), [mismatch, mismatch, mismatch])
    assert.deepEqual(ask({}), ['', '', ''])
  })

  const required = (...terms: NodeSelectorRequirement[][]) =>
    aPod(
      'a',
      {},
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: terms.map(matchExpressions => ({ matchExpressions })),
            },
          },
        },
      },
    )
  const cases: [NodeSelectorRequirement[][], boolean[]][] = [
    [[[{ key: 'zone', operator: 'In', values: ['a', 'c'] }]], [true, false, false]],
    [[[{ key: 'zone', operator: 'NotIn', values: ['a'] }]], [false, true, true]],
    [[[{ key: 'zone', operator: 'Exists' }]], [true, true, false]],
    [[[{ key: 'zone', operator: 'DoesNotExist' }]], [false, false, true]],
    [[[{ key: 'cores', operator: 'Gt', values: ['8'] }]], [false, true, false]],
    [[[{ key: 'cores', operator: 'Lt', values: ['16'] }]], [true, false, false]],
    [[[{ key: 'zone', operator: 'Gt', values: ['1'] }]], [false, false, false]],
    // Requirements of one term must all hold, one of several terms is enough, an empty term matches nothing.
    [
      [
        [
          { key: 'zone', operator: 'Exists' },
          { key: 'cores', operator: 'In', values: ['8'] },
        ],
      ],
      [true, false, false],
    ],
    [
      [[{ key: 'zone', operator: 'In', values: ['a'] }], [{ key: 'zone', operator: 'DoesNotExist' }]],
      [true, false, true],
    ],
    [[[]], [false, false, false]],
    [[], [false, false, false]],
  ]
  for (const [terms, expected] of cases) {
    it(`required ${JSON.stringify(terms)}`, () => {
      const refusals = cluster.refusals(nodeAffinityFilter, required(...terms))
      assert.deepEqual(
        refusals.map(refusal => refusal === ''),
        expected,
      )
    })
  }

  it('finds a node by its name through matchFields', () => {
    const matchFields = [{ key: 'metadata.name', operator: 'In' as const, values: ['n2'] }]
    const affinity = {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } },
    }
    assert.deepEqual(cluster.refusals(nodeAffinityFilter, aPod('a', {}, { affinity })), [mismatch, mismatch, ''])
  })

  it('sums the weights of preferred terms', () => {
    const term = (weight: number, key: string, value: string) => ({
      weight,
      preference: { matchExpressions: [{ key, operator: 'In' as const, values: [value] }] },
    })
    const affinity = {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          term(10, 'zone', 'a'),
          term(5, 'cores', '8'),
          term(7, 'zone', 'b'),
        ],
      },
    }
    assert.deepEqual(cluster.scores(nodeAffinityScore, aPod('a', {}, { affinity })), [15, 7, 0])
    assert.equal(cluster.scores(nodeAffinityScore, aPod('a')), undefined)
  })
})

describe('NodePorts', () => {
  const withPort = (name: string, hostPort: number, hostIP?: string, protocol: 'TCP' | 'UDP' = 'TCP') =>
    aPod(
      name,
      {},
      {
        containers: [aContainer({}, { ports: [{ containerPort: 1, hostPort, protocol, ...(hostIP && { hostIP }) }] })],
      },
    )
  const taken = "node(s) didn't have free ports for the requested pod ports"
  const cases: [string, APod, APod, boolean][] = [
    ['the same port', withPort('x', 80), withPort('a', 80), false],
    ['another port', withPort('x', 80), withPort('a', 81), true],
    ['another protocol', withPort('x', 80), withPort('a', 80, undefined, 'UDP'), true],
    ['another address', withPort('x', 80, '10.0.0.1'), withPort('a', 80, '10.0.0.2'), true],
    ['the same address', withPort('x', 80, '10.0.0.1'), withPort('a', 80, '10.0.0.1'), false],
    ['every address, one taken', withPort('x', 80, '10.0.0.1'), withPort('a', 80), false],
    ['one address, every one taken', withPort('x', 80), withPort('a', 80, '10.0.0.1'), false],
  ]
  for (const [what, there, pod, fits] of cases) {
    it(`${what}: ${fits ? 'free' : 'taken'}`, () => {
      assert.deepEqual(table([{}], [there]).refusals(nodePorts, pod), [fits ? '' : taken])
    })
  }

  it('a port is free again when its pod is gone', () => {
    const cluster = table([{}], [withPort('x', 80)])
    cluster.nodes.removePod('n0', [...cluster.nodes.node(0).pods.values()][0]!)
    assert.deepEqual(cluster.refusals(nodePorts, withPort('a', 80)), [''])
  })
})

describe('scores by resources', () => {
  it('LeastAllocated: what stays free, averaged', () => {
    const cluster = table(
      [
        { cpu: '4', memory: '8Gi' },
        { cpu: '2', memory: '8Gi' },
      ],
      [aPod('x', { cpu: '1', memory: '2Gi' })],
    )
    // n0: (2 of 4 CPUs, 4 of 8 GiB) free; n1: (1 of 2, 6 of 8).
    assert.deepEqual(cluster.scores(leastAllocated, aPod('a', { cpu: '1', memory: '2Gi' })), [50, 62])
  })

  it('LeastAllocated: a pod that asks for nothing counts a little, so that such pods spread too', () => {
    const cluster = table(
      [
        { cpu: '1', memory: '1000Mi' },
        { cpu: '1', memory: '1000Mi' },
      ],
      [aPod('x')],
    )
    assert.deepEqual(cluster.scores(leastAllocated, aPod('a')), [70, 85])
  })

  it('BalancedAllocation: prefers equal shares', () => {
    const cluster = table(
      [
        { cpu: '4', memory: '4Gi' },
        { cpu: '4', memory: '4Gi' },
      ],
      [aPod('x', { cpu: '2' })],
    )
    // n0: 3/4 and 1/4; n1: 1/4 and 1/4.
    assert.deepEqual(cluster.scores(balancedAllocation, aPod('a', { cpu: '1', memory: '1Gi' })), [75, 100])
    assert.equal(cluster.scores(balancedAllocation, aPod('a')), undefined)
  })

  it('ImageLocality: prefers nodes that have the images, by size and spread', () => {
    const megabyte = 1024 * 1024
    const images = { 'example.test/main:1': 500 * megabyte }
    const [both = [], one = []] = [table([{ images }, { images }]), table([{ images }, {}])].map(cluster =>
      cluster.scores(imageLocality, aPod('a')),
    )
    assert.deepEqual(both, [48, 48])
    assert.deepEqual(one, [23, 0])
    assert.equal(table([{}, {}]).scores(imageLocality, aPod('a')), undefined)
  })
})

describe('dynamic resources', () => {
  it('has no claims to give back, and says nothing of a pod that names some', () => {
    const cluster = table([{ cpu: '1' }])
    const told = (spec: Partial<PodSpec>) =>
      dynamicResources.postFilter(cluster.info(aPod('a', { cpu: '2' }, spec)), cluster.nodes, [])
    assert.equal(told({}), 'no new claims to deallocate')
    assert.equal(told({ resourceClaims: [{ name: 'gpu', resourceClaimName: 'one' }] }), '')
  })
})

describe('preemption outlook', () => {
  it('says of each node whether evicting could help', () => {
    const cluster = table([{ cpu: '1' }, { cpu: '1' }], [aPod('x', { cpu: '1' }, { priority: 5 })])
    const told = (priority: number, preemptionPolicy?: 'Never') => {
      const pod = aPod('a', { cpu: '1' }, { priority, ...(preemptionPolicy && { preemptionPolicy }) })
      const never = { plugin: 'x', reasons: ['x'], resolvable: false }
      const refusals = [{ ...never, resolvable: true }, never]
      return preemptionOutlook.postFilter(cluster.info(pod), cluster.nodes, refusals)
    }
    const unhelpful = '1 Preemption is not helpful for scheduling'
    assert.equal(
      told(5),
      `preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, ${unhelpful}.`,
    )
    assert.match(told(6), /1 node\(s\) run pods of lower priority, which are not preempted/)
    assert.equal(told(6, 'Never'), 'preemption: not eligible due to preemptionPolicy=Never.')
  })
})

describe('priority sort', () => {
  it('puts higher priority first, then whoever has waited longer', () => {
    const names = new ResourceNames()
    const waiting = (name: string, priority: number, creationTimestamp: string) => {
      const pod = stored(aPod(name, {}, { priority }))
      return podInfo({ ...pod, metadata: { ...pod.metadata, creationTimestamp } }, names)
    }
    const pods = [
      waiting('late', 0, '2024-01-01T00:00:02Z'),
      waiting('early', 0, '2024-01-01T00:00:01Z'),
      waiting('urgent', 9, '2024-01-01T00:00:03Z'),
    ]
    assert.deepEqual(
      pods.sort(prioritySort).map(({ pod }) => pod.metadata.name),
      ['urgent', 'early', 'late'],
    )
  })
})
