// What a pod's status says when the control plane ends it.
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import { timeOf } from '../../api/values/time.ts'

/** https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions */
const type = 'DisruptionTarget'

export function withDisruption(pod: Stored<Pod>, reason: string, message: string, nowMs: number): Stored<Pod> {
  const others = (pod.status.conditions ?? []).filter(condition => condition.type !== type)
  const condition = { type, status: 'True' as const, reason, message, lastTransitionTime: timeOf(nowMs) }
  return { ...pod, status: { ...pod.status, conditions: [...others, condition] } }
}
