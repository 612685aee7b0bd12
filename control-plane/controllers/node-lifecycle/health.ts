// When a node counts as silent, and what its conditions then say. Pure; the rules and words are those of
// Kubernetes' node controller (https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller).
import type { Node } from '../../../api/kinds/core-v1/node.ts'
import type { NodeCondition } from '../../../api/kinds/core-v1/node-status.ts'
import type { Stored } from '../../../api/kinds/kind.ts'
import { timeOf } from '../../../api/values/time.ts'

/** Without a sign of life for this long a node is silent; agents renew their Lease every 10 s. */
const graceMs = 40_000
/** A node that is new has longer, until its agent first says how it is. */
const startupGraceMs = 60_000
/** After its session broke off, a node has this long to give any other sign of life. */
const sessionGraceMs = 15_000

export interface Signs {
  /** When its Lease or the heartbeat of its status was last seen to change, by our own clock. */
  readonly lastMs: number
  /** When its agent's session ended, if there is none. */
  readonly lostAtMs: number | undefined
}

/** @returns when the node will be, or was, silent if it gives no other sign */
export function silentFromMs(node: Node, { lastMs, lostAtMs }: Signs): number {
  const byLease = lastMs + (readyCondition(node) ? graceMs : startupGraceMs)
  // A sign that came after the session broke off shows that the agent lives and will dial again.
  const bySession = lostAtMs === undefined || lastMs > lostAtMs ? Number.POSITIVE_INFINITY : lostAtMs + sessionGraceMs
  return Math.min(byLease, bySession)
}

const observed = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** The conditions of a node that is silent; undefined when they say so already. */
export function silentConditions(node: Stored<Node>, nowMs: number): NodeCondition[] | undefined {
  const conditions = node.status.conditions ?? []
  const now = timeOf(nowMs)
  const changed = conditions.map(condition => {
    if (!observed.includes(condition.type) || condition.status === 'Unknown') return condition
    return {
      ...condition,
      status: 'Unknown' as const,
      lastTransitionTime: now,
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    }
  })
  const missing = observed
    .filter(type => !conditions.some(condition => condition.type === type))
    .map(type => ({
      type,
      status: 'Unknown' as const,
      lastHeartbeatTime: node.metadata.creationTimestamp,
      lastTransitionTime: now,
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
    }))
  const same = missing.length === 0 && changed.every((condition, index) => condition === conditions[index])
  return same ? undefined : [...changed, ...missing]
}

export const readyCondition = (node: Node): NodeCondition | undefined =>
  node.status.conditions?.find(condition => condition.type === 'Ready')

export const isReady = (node: Node): boolean => readyCondition(node)?.status === 'True'
