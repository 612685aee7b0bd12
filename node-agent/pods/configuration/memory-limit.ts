import { amountOf } from '../../../api/kinds/core-v1/pod-requests.ts'
import type { Pod } from '../planning/situation.ts'
import { podLimit } from './resources.ts'

/**
 * The most memory a pod can take, in bytes: its own limit, or its containers' where each has one, and never more than
 * its node gives to all pods.
 */
export function podMemoryBytes(pod: Pod, allocatable: Readonly<Record<string, string>>): number {
  const node = amountOf('memory', allocatable['memory'] ?? '0')
  const limit = podLimit(pod, 'memory')
  return limit > 0 ? Math.min(limit, node) : node
}
