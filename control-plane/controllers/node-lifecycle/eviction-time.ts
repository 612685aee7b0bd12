// When a pod must leave a node because of its NoExecute taints. Pure
// (https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions).

import type { Taint } from '../../../api/kinds/core-v1/affinity.ts'
import type { Pod } from '../../../api/kinds/core-v1/pod.ts'
import { tolerates } from '../../../api/kinds/core-v1/tolerations.ts'
import { millisecondsOf } from '../../../api/values/time.ts'

/** @returns wall-clock milliseconds; Infinity: it may stay; a time past: now */
export function evictionTimeMs(pod: Pod, taints: readonly Taint[], nowMs: number): number {
  const tolerations = pod.spec.tolerations ?? []
  let earliest = Number.POSITIVE_INFINITY
  for (const taint of taints) {
    if (taint.effect !== 'NoExecute') continue
    const fitting = tolerations.filter(toleration => tolerates(toleration, taint))
    if (fitting.length === 0) return nowMs
    // Of several tolerations of one taint the shortest counts; one without a limit sets none.
    const seconds = fitting.flatMap(({ tolerationSeconds }) =>
      tolerationSeconds === undefined ? [] : [tolerationSeconds],
    )
    if (seconds.length === 0) continue
    const since = millisecondsOf(taint.timeAdded) ?? nowMs
    earliest = Math.min(earliest, since + Math.max(0, Math.min(...seconds)) * 1000)
  }
  return earliest
}
