import type { FilterPlugin, Refusal } from '../framework/plugin.ts'

const plugin = 'NodeResourcesFit'

/** What a pod asks for must be free on the node, and the node must have room for one more pod. */
export const nodeResourcesFit: FilterPlugin = {
  name: plugin,
  wokenBy: ['node-added', 'node-allocatable-changed', 'assigned-pod-gone'],
  prepare({ requests }, snapshot) {
    const wanted = [...requests.amounts].filter(([, amount]) => amount > 0)
    const known = new Map<string, Refusal>()
    const refusal = (reasons: string[], resolvable: boolean): Refusal => {
      const key = `${resolvable ? 'evict' : 'never'} ${reasons.join()}`
      const made = known.get(key) ?? { plugin, reasons, resolvable }
      known.set(key, made)
      return made
    }
    return row => {
      const full = (snapshot.podCount[row] ?? 0) >= (snapshot.allowedPods[row] ?? 0)
      let reasons: string[] | undefined
      let resolvable = true
      if (full) reasons = ['Too many pods']
      for (const [column, amount] of wanted) {
        const allocatable = snapshot.allocatable[column]?.[row] ?? 0
        if (amount <= allocatable - (snapshot.requested[column]?.[row] ?? 0)) continue
        reasons ??= []
        reasons.push(`Insufficient ${snapshot.resources.name(column)}`)
        // More than the whole node has: no eviction helps.
        if (amount > allocatable) resolvable = false
      }
      return reasons && refusal(reasons, resolvable)
    }
  },
}
