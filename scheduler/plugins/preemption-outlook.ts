import type { PostFilterPlugin } from '../framework/plugin.ts'

/**
 * Says, as kube-scheduler's preemption does, whether evicting pods of lower priority could make room. It evicts none:
 * where there are such pods, it says that they stay.
 */
export const preemptionOutlook: PostFilterPlugin = {
  name: 'DefaultPreemption',
  postFilter({ pod, priority }, snapshot, refusals) {
    if (pod.spec.preemptionPolicy === 'Never') return 'preemption: not eligible due to preemptionPolicy=Never.'
    if (snapshot.size === 0) return ''
    const counts = new Map<string, number>()
    for (let row = 0; row < snapshot.size; row++) {
      const reason = outlook(refusals[row]?.resolvable === true, () => {
        for (const other of snapshot.node(row).pods.values()) if (other.priority < priority) return true
        return false
      })
      counts.set(reason, (counts.get(reason) ?? 0) + 1)
    }
    const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
    return `preemption: 0/${snapshot.size} nodes are available: ${reasons.join(', ')}.`
  },
}

function outlook(resolvable: boolean, hasLesserPods: () => boolean): string {
  if (!resolvable) return 'Preemption is not helpful for scheduling'
  return hasLesserPods()
    ? 'node(s) run pods of lower priority, which are not preempted'
    : 'No preemption victims found for incoming pod'
}
