// Where a pod wants to run: which nodes, near or far from which pods.
import { type Infer, int32, int64, list, type Message, message, one, string, time } from '../../schema/message.ts'
import { type LabelSelector, labelSelector } from '../meta-v1/label-selector.ts'

export const affinity = message('api.core.v1.Affinity', '', {
  nodeAffinity: one(1, '', (): Message<NodeAffinity> => nodeAffinity),
  podAffinity: one(2, '', (): Message<PodAffinity> => podAffinity),
  podAntiAffinity: one(3, '', (): Message<PodAntiAffinity> => podAntiAffinity),
})
export interface Affinity extends Infer<typeof affinity> {}

export const nodeAffinity = message('api.core.v1.NodeAffinity', '', {
  requiredDuringSchedulingIgnoredDuringExecution: one(1, '', (): Message<NodeSelector> => nodeSelector),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    2,
    '',
    (): Message<PreferredSchedulingTerm> => preferredSchedulingTerm,
    { listType: 'atomic' },
  ),
})
export interface NodeAffinity extends Infer<typeof nodeAffinity> {}

export const nodeSelector = message('api.core.v1.NodeSelector', '', {
  nodeSelectorTerms: list(1, '', (): Message<NodeSelectorTerm> => nodeSelectorTerm, {
    required: true,
    nonEmpty: true,
    listType: 'atomic',
  }),
})
export interface NodeSelector extends Infer<typeof nodeSelector> {}

export const nodeSelectorTerm = message('api.core.v1.NodeSelectorTerm', '', {
  matchExpressions: list(1, '', (): Message<NodeSelectorRequirement> => nodeSelectorRequirement, {
    listType: 'atomic',
  }),
  matchFields: list(2, '', (): Message<NodeSelectorRequirement> => nodeSelectorRequirement, { listType: 'atomic' }),
})
export interface NodeSelectorTerm extends Infer<typeof nodeSelectorTerm> {}

export const nodeSelectorRequirement = message('api.core.v1.NodeSelectorRequirement', '', {
  key: string(1, '', { required: true, nonEmpty: true }),
  operator: string(2, '', { required: true, enum: ['DoesNotExist', 'Exists', 'Gt', 'In', 'Lt', 'NotIn'] }),
  values: list(3, '', 'string', { listType: 'atomic' }),
})
export interface NodeSelectorRequirement extends Infer<typeof nodeSelectorRequirement> {}

export const preferredSchedulingTerm = message('api.core.v1.PreferredSchedulingTerm', '', {
  weight: int32(1, '', { required: true, min: 1, max: 100 }),
  preference: one(2, '', (): Message<NodeSelectorTerm> => nodeSelectorTerm, { required: true, byValue: true }),
})
export interface PreferredSchedulingTerm extends Infer<typeof preferredSchedulingTerm> {}

export const podAffinity = message('api.core.v1.PodAffinity', '', {
  requiredDuringSchedulingIgnoredDuringExecution: list(1, '', (): Message<PodAffinityTerm> => podAffinityTerm, {
    listType: 'atomic',
  }),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    2,
    '',
    (): Message<WeightedPodAffinityTerm> => weightedPodAffinityTerm,
    { listType: 'atomic' },
  ),
})
export interface PodAffinity extends Infer<typeof podAffinity> {}

export const podAntiAffinity = message('api.core.v1.PodAntiAffinity', '', {
  requiredDuringSchedulingIgnoredDuringExecution: list(1, '', (): Message<PodAffinityTerm> => podAffinityTerm, {
    listType: 'atomic',
  }),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    2,
    '',
    (): Message<WeightedPodAffinityTerm> => weightedPodAffinityTerm,
    { listType: 'atomic' },
  ),
})
export interface PodAntiAffinity extends Infer<typeof podAntiAffinity> {}

export const podAffinityTerm = message('api.core.v1.PodAffinityTerm', '', {
  labelSelector: one(1, '', (): Message<LabelSelector> => labelSelector),
  namespaces: list(2, '', 'string', { listType: 'atomic' }),
  topologyKey: string(3, '', { required: true, nonEmpty: true }),
  namespaceSelector: one(4, '', (): Message<LabelSelector> => labelSelector),
  matchLabelKeys: list(5, '', 'string', { listType: 'atomic' }),
  mismatchLabelKeys: list(6, '', 'string', { listType: 'atomic' }),
})
export interface PodAffinityTerm extends Infer<typeof podAffinityTerm> {}

export const weightedPodAffinityTerm = message('api.core.v1.WeightedPodAffinityTerm', '', {
  weight: int32(1, '', { required: true, min: 1, max: 100 }),
  podAffinityTerm: one(2, '', (): Message<PodAffinityTerm> => podAffinityTerm, { required: true, byValue: true }),
})
export interface WeightedPodAffinityTerm extends Infer<typeof weightedPodAffinityTerm> {}

export const topologySpreadConstraint = message('api.core.v1.TopologySpreadConstraint', '', {
  maxSkew: int32(1, '', { required: true, min: 1 }),
  topologyKey: string(2, '', { required: true, nonEmpty: true }),
  whenUnsatisfiable: string(3, '', { required: true, enum: ['DoNotSchedule', 'ScheduleAnyway'] }),
  labelSelector: one(4, '', (): Message<LabelSelector> => labelSelector),
  minDomains: int32(5, '', { explicit: true, min: 1 }),
  nodeAffinityPolicy: string(6, '', { explicit: true, enum: ['Honor', 'Ignore'] }),
  nodeTaintsPolicy: string(7, '', { explicit: true, enum: ['Honor', 'Ignore'] }),
  matchLabelKeys: list(8, '', 'string', { listType: 'atomic' }),
})
export interface TopologySpreadConstraint extends Infer<typeof topologySpreadConstraint> {}

export const taint = message('api.core.v1.Taint', '', {
  key: string(1, '', { required: true, nonEmpty: true }),
  value: string(2, ''),
  effect: string(3, '', { required: true, enum: ['NoExecute', 'NoSchedule', 'PreferNoSchedule'], nonEmpty: true }),
  timeAdded: time(4, ''),
})
export interface Taint extends Infer<typeof taint> {}

export const toleration = message('api.core.v1.Toleration', '', {
  key: string(1, ''),
  operator: string(2, '', { enum: ['Equal', 'Exists', 'Gt', 'Lt'] }),
  value: string(3, ''),
  effect: string(4, '', { enum: ['NoExecute', 'NoSchedule', 'PreferNoSchedule'] }),
  tolerationSeconds: int64(5, '', { explicit: true }),
})
export interface Toleration extends Infer<typeof toleration> {}
