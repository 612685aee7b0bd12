// How fast pods are placed: the framework alone over its table of nodes, no API.
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import { Framework } from '../../scheduler/framework/framework.ts'
import { NodeTable } from '../../scheduler/framework/node-table.ts'
import { podInfo } from '../../scheduler/framework/pod-info.ts'
import { ResourceNames } from '../../scheduler/framework/resources.ts'
import { defaultPlugins } from '../../scheduler/plugins/index.ts'
import { aNode, aPod, stored } from '../objects.ts'
import { type Figure } from './report.ts'

const cases = [1_000, 5_000].flatMap(nodes => [1_000, 10_000].map(pods => ({ nodes, pods })))

/** How different the pods are from one another. */
const mixes: Record<string, (n: number) => Pod> = {
  'one shape': n => aPod(`p${n}`, { cpu: '100m', memory: '64Mi' }),
  '20 shapes, selectors and tolerations': n =>
    aPod(
      `p${n}`,
      { cpu: `${50 + (n % 20) * 10}m`, memory: '64Mi' },
      {
        ...(n % 2 === 0 && { nodeSelector: { zone: `z${n % 4}` } }),
        tolerations: [{ key: 'team', operator: 'Exists' }],
      },
    ),
  'every pod its own shape': n => aPod(`p${n}`, { cpu: '100m', memory: `${64 * 1024 + n}Ki` }),
}

/** Places all pods; milliseconds, and how many found a node. */
function place(nodes: number, pods: number, make: (n: number) => Pod): { ms: number; placed: number } {
  const names = new ResourceNames()
  const table = new NodeTable(names)
  for (let n = 0; n < nodes; n++) {
    const taints = n % 10 === 0 ? [{ key: 'team', value: 'red', effect: 'NoSchedule' as const }] : []
    table.setNode(
      stored(aNode(`node-${n}`, { cpu: '16', memory: '64Gi', labels: { zone: `z${n % 4}` }, spec: { taints } })),
    )
  }
  const waiting = Array.from({ length: pods }, (_, n) => stored(make(n)))
  const framework = new Framework(defaultPlugins, Math.random)
  let placed = 0
  const start = performance.now()
  for (const pod of waiting) {
    const info = podInfo(pod, names)
    const { node } = framework.place(info, table)
    if (node !== undefined && table.addPod(node, info)) placed++
  }
  return { ms: performance.now() - start, placed }
}

export function measureScheduler(): Figure[] {
  place(100, 1_000, n => aPod(`warm-${n}`, { cpu: '1m' }))
  return Object.entries(mixes).flatMap(([mix, make]) =>
    cases.map(({ nodes, pods }) => {
      const runs = Array.from({ length: 3 }, () => place(nodes, pods, make)).sort((a, b) => a.ms - b.ms)
      const { ms = 0, placed = 0 } = runs[1] ?? {}
      const rate = Math.round((pods / ms) * 1000)
      return { what: `scheduling ${pods} pods on ${nodes} nodes, ${mix}`, ours: `${placed} placed, ${rate} pods/s` }
    }),
  )
}
