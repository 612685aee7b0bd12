import type { Taint } from '../../api/kinds/core-v1/affinity.ts'
import { tolerates } from '../../api/kinds/core-v1/tolerations.ts'
import type { FilterPlugin, Refusal, ScorePlugin } from '../framework/plugin.ts'

const plugin = 'TaintToleration'

/** Taints that forbid (NoSchedule, NoExecute) must be tolerated. */
export const taintTolerationFilter: FilterPlugin = {
  name: plugin,
  wokenBy: ['node-added', 'node-taints-changed'],
  prepare({ pod }, snapshot) {
    const tolerations = pod.spec.tolerations ?? []
    const known = new Map<string, Refusal>()
    const refusal = ({ key, value = '' }: Taint): Refusal => {
      const text = `node(s) had untolerated taint {${key}: ${value}}`
      const made = known.get(text) ?? { plugin, reasons: [text], resolvable: false }
      known.set(text, made)
      return made
    }
    return row => {
      const { taints } = snapshot.node(row).node.spec
      if (!taints) return undefined
      for (const taint of taints) {
        if (taint.effect === 'PreferNoSchedule') continue
        if (!tolerations.some(toleration => tolerates(toleration, taint))) return refusal(taint)
      }
      return undefined
    }
  },
}

/** Taints that discourage (PreferNoSchedule) count against a node unless tolerated. */
export const taintTolerationScore: ScorePlugin = {
  name: plugin,
  weight: 3,
  prepare({ pod }, snapshot) {
    const tolerations = (pod.spec.tolerations ?? []).filter(
      ({ effect }) => effect === undefined || effect === 'PreferNoSchedule',
    )
    return {
      scale: 'lowest',
      score: row => {
        const { taints } = snapshot.node(row).node.spec
        if (!taints) return 0
        let count = 0
        for (const taint of taints) {
          if (taint.effect !== 'PreferNoSchedule') continue
          if (!tolerations.some(toleration => tolerates(toleration, taint))) count++
        }
        return count
      },
    }
  },
}
