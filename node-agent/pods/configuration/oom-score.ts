// Who dies first when the node is out of memory: Kubernetes' scale, from -997 (last) to 1000 (first), by what a container
// asks for (pkg/kubelet/qos).
// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import { amountOf, podRequests } from '../../../api/kinds/core-v1/pod-requests.ts'
import { qosClass } from '../planning/qos.ts'
import { isSidecar } from '../planning/restart.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'

const last = -997
const first = 1000

export function oomScoreAdj(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  if (pod.spec.priorityClassName === 'system-node-critical') return last
  switch (qosClass(pod)) {
    case 'Guaranteed':
      return last
    case 'BestEffort':
      return first
    case 'Burstable': {
      const spare = spareBytes(pod)
      const scoreOf = (bytes: number): number => first - Math.trunc((1000 * (bytes + spare)) / nodeMemoryBytes)
      const own = scoreOf(memoryBytes(container))
      // A sidecar outlives what it serves.
      const served = appContainers(pod).map(memoryBytes)
      const score = isSidecar(container) ? Math.min(own, scoreOf(Math.min(...served))) : own
      return Math.max(first + last, score === first ? first - 1 : score)
    }
  }
}

const memoryBytes = ({ resources }: Container): number => amountOf('memory', resources.requests?.['memory'] ?? '0')

/** What the pod asks for as a whole beyond its containers, shared among them. */
function spareBytes(pod: Pod): number {
  const { spec } = pod
  const whole = amountOf('memory', spec.resources?.requests?.['memory'] ?? '0')
  if (whole === 0) return 0
  const stated = podRequests({ ...spec, overhead: {}, resources: {} }).get('memory') ?? 0
  return Math.trunc((whole - stated) / (appContainers(pod).length + initContainers(pod).length))
}
