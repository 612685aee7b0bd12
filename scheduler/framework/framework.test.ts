import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Taint, Toleration } from '../../api/kinds/core-v1/affinity.ts'
import type { Node } from '../../api/kinds/core-v1/node.ts'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import { aContainer, aNode, aPod, stored } from '../../test/objects.ts'
import { countReasons } from '../explain/message.ts'
import { defaultPlugins } from '../plugins/index.ts'
import { Framework } from './framework.ts'
import { NodeTable } from './node-table.ts'
import { type PodInfo, podInfo } from './pod-info.ts'
import { ResourceNames } from './resources.ts'

// A naive scheduler to compare with: everything is worked out anew from the objects, by the letter of the documentation.

const milli = (text = '0'): number => (text.endsWith('m') ? Number(text.slice(0, -1)) : Number(text) * 1000)

function naivelyFits(pod: Stored<Pod>, node: Stored<Node>, there: readonly Stored<Pod>[]): boolean {
  const { allocatable = {} } = node.status
  if (there.length >= Number(allocatable['pods'])) return false
  const cpuOf = ({ spec }: Pod): number =>
    spec.containers.reduce((sum, { resources }) => sum + milli(resources.requests?.['cpu']), 0)
  if (cpuOf(pod) > 0 && cpuOf(pod) + there.reduce((sum, other) => sum + cpuOf(other), 0) > milli(allocatable['cpu'])) {
    return false
  }
  const portsOf = ({ spec }: Pod): number[] =>
    spec.containers.flatMap(({ ports = [] }) => ports.map(({ hostPort = 0 }) => hostPort))
  const taken = new Set(there.flatMap(portsOf))
  if (portsOf(pod).some(port => taken.has(port))) return false
  const tolerated = (taint: Taint): boolean =>
    (pod.spec.tolerations ?? []).some(({ key, operator, value }) =>
      key === undefined ? operator === 'Exists' : key === taint.key && (operator === 'Exists' || value === taint.value),
    )
  if ((node.spec.taints ?? []).some(taint => taint.effect !== 'PreferNoSchedule' && !tolerated(taint))) return false
  const cordon: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule', value: '' }
  if (node.spec.unschedulable && !tolerated(cordon)) return false
  return Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => node.metadata.labels?.[key] === value)
}

const zone = fc.constantFrom('a', 'b')
const taint: fc.Arbitrary<Taint> = fc.record({
  key: fc.constantFrom('team', 'gpu'),
  value: fc.constantFrom('red', 'blue'),
  effect: fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule', 'PreferNoSchedule', 'PreferNoSchedule'),
})
const toleration: fc.Arbitrary<Toleration> = fc.oneof(
  fc.record({
    key: fc.constantFrom('team', 'gpu'),
    operator: fc.constant('Equal' as const),
    value: fc.constantFrom('red', 'blue'),
  }),
  fc.record({ key: fc.constantFrom('team', 'gpu'), operator: fc.constant('Exists' as const) }),
  fc.constant({ operator: 'Exists' as const }),
)
const aSomeNode = fc
  .record({
    cpu: fc.constantFrom('1', '2', '1500m'),
    pods: fc.constantFrom('2', '4', '10'),
    zone,
    taints: fc.array(taint, { maxLength: 3 }),
    unschedulable: fc.boolean(),
    megabytes: fc.constantFrom(0, 0, 300, 900),
  })
  .map(({ cpu, pods, zone, taints, unschedulable, megabytes }) => ({
    cpu,
    pods,
    ...(megabytes > 0 && { images: { 'example.test/main:1': megabytes * 1024 * 1024 } }),
    labels: { zone },
    spec: { taints, ...(unschedulable && { unschedulable }) },
  }))
const aSomePod = fc.record({
  cpu: fc.constantFrom('0', '250m', '500m', '1'),
  hostPort: fc.constantFrom(undefined, undefined, undefined, 80, 443),
  nodeSelector: fc.constantFrom(undefined, undefined, { zone: 'a' }, { zone: 'b' }),
  tolerations: fc.array(toleration, { maxLength: 1 }),
  preferredZones: fc.array(fc.record({ zone, weight: fc.integer({ min: 1, max: 100 }) }), { maxLength: 2 }),
})

type Action =
  | { readonly do: 'place'; readonly shape: number }
  | { readonly do: 'remove' | 'node' | 'drop' | 'cordon' | 'pull'; readonly pick: number }

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('place' as const), shape: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('remove', 'node', 'drop', 'cordon', 'pull'), pick: fc.nat(1000) }),
  },
)

const preferredZone = ({ zone, weight }: { zone: string; weight: number }) => ({
  weight,
  preference: { matchExpressions: [{ key: 'zone', operator: 'In' as const, values: [zone] }] },
})

describe('Framework', () => {
  it('agrees with a naive scheduler on what fits, whatever happened before, and never over-commits', () => {
    fc.assert(
      fc.property(
        fc.array(aSomeNode, { maxLength: 5 }),
        fc.array(aSomeNode, { minLength: 3, maxLength: 3 }),
        fc.tuple(aSomePod, aSomePod),
        fc.array(action, { minLength: 15, maxLength: 60, size: 'max' }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (first, later, shapes, actions, chance) => {
          const names = new ResourceNames()
          const table = new NodeTable(names)
          const framework = new Framework(defaultPlugins, () => Number(chance.next().value))
          const cluster = new Map<string, { node: Stored<Node>; pods: PodInfo[] }>()
          let count = 0
          const setNode = (node: Stored<Node>): void => {
            cluster.set(node.metadata.name, { node, pods: cluster.get(node.metadata.name)?.pods ?? [] })
            table.setNode(node)
          }
          for (const options of first) setNode(stored(aNode(`n${count++}`, options)))

          for (const action of actions) {
            const all = [...cluster.values()]
            const chosen = action.do === 'place' ? undefined : all[action.pick % Math.max(1, all.length)]
            switch (action.do) {
              case 'node':
                setNode(stored(aNode(`n${count++}`, later[action.pick % 3])))
                break
              case 'remove': {
                const pod = chosen?.pods.pop()
                if (pod && chosen) table.removePod(chosen.node.metadata.name, pod)
                break
              }
              case 'drop':
                if (!chosen) break
                for (const pod of chosen.pods) table.removePod(chosen.node.metadata.name, pod)
                table.removeNode(chosen.node.metadata.name)
                cluster.delete(chosen.node.metadata.name)
                break
              case 'pull': {
                const images = [{ names: ['example.test/main:1'], sizeBytes: action.pick * 1024 * 1024 }]
                if (chosen) setNode({ ...chosen.node, status: { ...chosen.node.status, images } })
                break
              }
              case 'cordon':
                if (chosen) setNode({ ...chosen.node, spec: { ...chosen.node.spec, unschedulable: true } })
                break
              case 'place': {
                const { cpu, hostPort, nodeSelector, tolerations, preferredZones } = shapes[action.shape]!
                const ports = hostPort === undefined ? [] : [{ containerPort: 1, hostPort, protocol: 'TCP' as const }]
                const pod = stored(
                  aPod(
                    `p${count++}`,
                    {},
                    {
                      containers: [aContainer(cpu === '0' ? {} : { cpu }, { ports })],
                      tolerations,
                      affinity: {
                        nodeAffinity: {
                          preferredDuringSchedulingIgnoredDuringExecution: preferredZones.map(preferredZone),
                        },
                      },
                      ...(nodeSelector && { nodeSelector }),
                    },
                  ),
                )
                const info = podInfo(pod, names)
                const fits = all.filter(({ node, pods }) =>
                  naivelyFits(
                    pod,
                    node,
                    pods.map(other => other.pod),
                  ),
                )
                const placement = framework.place(info, table)
                if (placement.node === undefined) {
                  assert.deepEqual(
                    fits.map(({ node }) => node.metadata.name),
                    [],
                  )
                  assert.equal(placement.refusals.length, cluster.size)
                  assert.ok(placement.refusals.every(refusal => refusal !== undefined))
                  const byPlugin = new Map<string, number>()
                  for (const refusal of placement.refusals) {
                    byPlugin.set(refusal.plugin, (byPlugin.get(refusal.plugin) ?? 0) + 1)
                  }
                  assert.equal(
                    [...byPlugin.values()].reduce((sum, n) => sum + n, 0),
                    cluster.size,
                  )
                  const reasons = [...countReasons(placement.refusals).values()].reduce((sum, n) => sum + n, 0)
                  assert.ok(reasons >= cluster.size)
                  break
                }
                const target = cluster.get(placement.node)
                assert.ok(target && fits.includes(target), `${placement.node} does not fit`)
                assert.equal(placement.feasible, fits.length)
                // What is remembered of the shape must give what working it out anew gives.
                const fresh = new Framework(defaultPlugins, () => 0).place(info, table)
                assert.ok(fresh.node !== undefined)
                assert.equal(placement.candidates[0]?.total, fresh.candidates[0]?.total)
                assert.deepEqual(
                  placement.candidates.map(({ total }) => total),
                  fresh.candidates.map(({ total }) => total),
                )
                target.pods.push(info)
                table.addPod(placement.node, info)
                break
              }
            }
          }
          for (let row = 0; row < table.size; row++) {
            const { node, pods } = cluster.get(table.node(row).name)!
            const used = pods.reduce((sum, { requests }) => sum + (requests.amounts.get(0) ?? 0), 0)
            assert.equal(table.requested[0]?.[row] ?? 0, used)
            assert.equal(table.podCount[row], pods.length)
            assert.ok(used <= milli(node.status.allocatable?.['cpu']))
            assert.ok(pods.length <= Number(node.status.allocatable?.['pods']))
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('chooses among equals by chance, each as likely as another', () => {
    const names = new ResourceNames()
    const table = new NodeTable(names)
    for (let i = 0; i < 4; i++) table.setNode(stored(aNode(`n${i}`)))
    let seed = 1
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    const framework = new Framework(defaultPlugins, random)
    const info = podInfo(stored(aPod('a', { cpu: '1' })), names)
    const counts = new Map<string, number>()
    for (let i = 0; i < 4_000; i++) {
      const { node = '' } = framework.place(info, table)
      counts.set(node, (counts.get(node) ?? 0) + 1)
    }
    assert.equal(counts.size, 4)
    for (const count of counts.values()) assert.ok(count > 850 && count < 1_150, String(count))
  })

  it('decides the same for the same cluster and the same chance', () => {
    const decide = (): string[] => {
      const names = new ResourceNames()
      const table = new NodeTable(names)
      for (let i = 0; i < 7; i++) table.setNode(stored(aNode(`n${i}`)))
      let seed = 7
      const framework = new Framework(defaultPlugins, () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647)
      return Array.from({ length: 30 }, (_, i) => {
        const info = podInfo(stored(aPod(`p${i}`, { cpu: '100m' })), names)
        const { node = '' } = framework.place(info, table)
        table.addPod(node, info)
        return node
      })
    }
    assert.deepEqual(decide(), decide())
  })
})
