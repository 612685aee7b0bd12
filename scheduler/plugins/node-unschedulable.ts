import { tolerates } from '../../api/kinds/core-v1/tolerations.ts'
import type { FilterPlugin, Refusal } from '../framework/plugin.ts'

const refusal: Refusal = {
  plugin: 'NodeUnschedulable',
  reasons: ['node(s) were unschedulable'],
  resolvable: false,
}

/** The taint that spec.unschedulable stands for: who tolerates it may be placed on a cordoned node. */
const cordon = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const

/** A cordoned node takes no new pods. */
export const nodeUnschedulable: FilterPlugin = {
  name: refusal.plugin,
  wokenBy: ['node-added', 'node-unschedulable-changed'],
  prepare({ pod }, snapshot) {
    if ((pod.spec.tolerations ?? []).some(toleration => tolerates(toleration, cordon))) return undefined
    return row => (snapshot.node(row).node.spec.unschedulable ? refusal : undefined)
  },
}
