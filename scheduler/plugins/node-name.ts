import type { FilterPlugin, Refusal } from '../framework/plugin.ts'

const refusal: Refusal = {
  plugin: 'NodeName',
  reasons: ["node(s) didn't match the requested node name"],
  resolvable: false,
}

/** A pod that names its node goes nowhere else. */
export const nodeName: FilterPlugin = {
  name: refusal.plugin,
  wokenBy: ['node-added'],
  prepare({ pod }, snapshot) {
    const wanted = pod.spec.nodeName
    if (!wanted) return undefined
    return row => (snapshot.node(row).name === wanted ? undefined : refusal)
  },
}
