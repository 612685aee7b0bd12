import type { Node } from '../../api/kinds/core-v1/node.ts'
import { matchesTerm, wantsNode } from '../../api/kinds/core-v1/node-affinity.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import type { FilterPlugin, Refusal, ScorePlugin } from '../framework/plugin.ts'

const refusal: Refusal = {
  plugin: 'NodeAffinity',
  reasons: ["node(s) didn't match Pod's node affinity/selector"],
  resolvable: false,
}

export const nodeAffinityFilter: FilterPlugin = {
  name: refusal.plugin,
  wokenBy: ['node-added', 'node-labels-changed'],
  prepare({ pod }, snapshot) {
    const { nodeSelector = {}, affinity } = pod.spec
    const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    if (Object.keys(nodeSelector).length === 0 && !required) return undefined
    return row => (wantsNode(pod.spec, labelled(snapshot.node(row).node)) ? undefined : refusal)
  },
}

/** A node scores the weights of the preferred terms it matches. */
export const nodeAffinityScore: ScorePlugin = {
  name: refusal.plugin,
  weight: 2,
  prepare({ pod }, snapshot) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    if (preferred.length === 0) return undefined
    return {
      scale: 'highest',
      score: row => {
        const node = labelled(snapshot.node(row).node)
        let sum = 0
        for (const { weight, preference } of preferred) if (matchesTerm(preference, node)) sum += weight
        return sum
      },
    }
  },
}

const labelled = ({ metadata: { name, labels = {} } }: Stored<Node>) => ({ name, labels })
