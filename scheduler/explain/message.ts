// Why a pod fits nowhere, in the words that users of Kubernetes know.
import type { Refusal } from '../framework/plugin.ts'
import type { Snapshot } from '../framework/snapshot.ts'
import type { RefusedNodes } from './decisions.ts'

/** How many nodes were refused for each reason; a node can have several (Insufficient cpu and memory). */
export function countReasons(refusals: readonly (Refusal | undefined)[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const refusal of refusals) {
    for (const reason of refusal?.reasons ?? []) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return counts
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. no new claims to deallocate, preemption: …` */
export function unschedulableMessage(refusals: readonly (Refusal | undefined)[], postFilter: string): string {
  if (refusals.length === 0) return 'no nodes available to schedule pods'
  const reasons = [...countReasons(refusals)].map(([reason, count]) => `${count} ${reason}`).sort()
  return `0/${refusals.length} nodes are available: ${reasons.join(', ')}. ${postFilter}`.trimEnd()
}

/** Nodes named for each reason. */
const mostNamed = 10

/** Who refused which nodes, and why: the same for people who ask later. */
export function refusedNodes(snapshot: Snapshot, refusals: readonly (Refusal | undefined)[]): RefusedNodes[] {
  const groups = new Map<string, { plugin: string; reason: string; count: number; nodes: string[] }>()
  for (const [row, refusal] of refusals.entries()) {
    for (const reason of refusal?.reasons ?? []) {
      const group = groups.get(reason) ?? { plugin: refusal?.plugin ?? '', reason, count: 0, nodes: [] }
      group.count++
      if (group.nodes.length < mostNamed) group.nodes.push(snapshot.node(row).name)
      groups.set(reason, group)
    }
  }
  return [...groups.values()]
}
