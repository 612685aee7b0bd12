import type { Container } from '../../../api/kinds/core-v1/container.ts'
import { amountOf, podRequests } from '../../../api/kinds/core-v1/pod-requests.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'

const limitsOf = ({ resources }: Container): Readonly<Record<string, string>> => resources.limits ?? {}

/**
 * The most memory a pod can take, in bytes: its own limit, or its containers' where each has one, and never more than
 * its node gives to all pods.
 */
export function podMemoryBytes(pod: Pod, allocatable: Readonly<Record<string, string>>): number {
  const node = amountOf('memory', allocatable['memory'] ?? '0')
  const limit = podLimit(pod)
  return limit > 0 ? Math.min(limit, node) : node
}

/** 0: none. */
function podLimit(pod: Pod): number {
  const whole = pod.spec.resources?.limits?.['memory']
  if (whole !== undefined) return amountOf('memory', whole)
  const containers = [...initContainers(pod), ...appContainers(pod)]
  if (!containers.every(container => limitsOf(container)['memory'] !== undefined)) return 0
  return podRequests({ ...pod.spec, resources: {}, overhead: {} }, limitsOf).get('memory') ?? 0
}
