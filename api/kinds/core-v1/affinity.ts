// Where a pod wants to run: which nodes, near or far from which pods.
import { atomic, type Infer, int32, int64, list, message, one, string, time } from '../../schema/message.ts'
import { labelSelector } from '../meta-v1/label-selector.ts'

export const nodeSelectorRequirement = message(
  'api.core.v1.NodeSelectorRequirement',
  'A condition on one label or field of a node.',
  {
    key: string(1, "The label's key, or the field's path.", { required: true, nonEmpty: true }),
    operator: string(2, 'In or NotIn the values, Exists, DoesNotExist, or as a number Gt or Lt the value.', {
      required: true,
      enum: ['DoesNotExist', 'Exists', 'Gt', 'In', 'Lt', 'NotIn'],
    }),
    values: list(3, 'Values of In and NotIn; one whole number for Gt and Lt; none for the others.', 'string', {
      listType: 'atomic',
    }),
  },
)
export interface NodeSelectorRequirement extends Infer<typeof nodeSelectorRequirement> {}

export const nodeSelectorTerm = atomic(
  message(
    'api.core.v1.NodeSelectorTerm',
    'A set of conditions on a node, which must all hold; an empty one fits no node.',
    {
      matchExpressions: list(1, 'Conditions on labels.', nodeSelectorRequirement, { listType: 'atomic' }),
      matchFields: list(2, 'Conditions on fields; only metadata.name.', nodeSelectorRequirement, {
        listType: 'atomic',
      }),
    },
  ),
)
export interface NodeSelectorTerm extends Infer<typeof nodeSelectorTerm> {}

export const nodeSelector = atomic(
  message('api.core.v1.NodeSelector', 'Selects nodes; one of the terms must fit.', {
    nodeSelectorTerms: list(1, 'The terms, of which one suffices.', nodeSelectorTerm, {
      required: true,
      nonEmpty: true,
      listType: 'atomic',
    }),
  }),
)

export const preferredSchedulingTerm = message('api.core.v1.PreferredSchedulingTerm', 'A preference for nodes.', {
  weight: int32(1, 'How much it counts, from 1 to 100.', { required: true, min: 1, max: 100 }),
  preference: one(2, 'Which nodes.', nodeSelectorTerm, {
    required: true,
    byValue: true,
  }),
})

export const nodeAffinity = message('api.core.v1.NodeAffinity', 'Which nodes a pod wants.', {
  requiredDuringSchedulingIgnoredDuringExecution: one(
    1,
    'Nodes it must run on; labels that change later do not drive it away.',
    nodeSelector,
  ),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    2,
    'Nodes it prefers: the weights of the terms that fit are added up.',
    preferredSchedulingTerm,
    { listType: 'atomic' },
  ),
})
export interface NodeAffinity extends Infer<typeof nodeAffinity> {}

export const podAffinityTerm = message(
  'api.core.v1.PodAffinityTerm',
  'A set of pods, and what being near them means.',
  {
    labelSelector: one(1, 'The pods, by their labels; absent selects none.', labelSelector),
    namespaces: list(2, "The namespaces they are in; with no namespaceSelector either, the pod's own.", 'string', {
      listType: 'atomic',
    }),
    topologyKey: string(3, 'The node label within one value of which pods are near: kubernetes.io/hostname, a zone.', {
      required: true,
      nonEmpty: true,
    }),
    namespaceSelector: one(4, 'The namespaces they are in, by labels; an empty one is every namespace.', labelSelector),
    matchLabelKeys: list(5, "Keys of the pod's own labels, which the others must have with the same value.", 'string', {
      listType: 'atomic',
    }),
    mismatchLabelKeys: list(
      6,
      "Keys of the pod's own labels, which the others must have with another value.",
      'string',
      { listType: 'atomic' },
    ),
  },
)
export interface PodAffinityTerm extends Infer<typeof podAffinityTerm> {}

export const weightedPodAffinityTerm = message(
  'api.core.v1.WeightedPodAffinityTerm',
  'A preference for being near, or away from, pods.',
  {
    weight: int32(1, 'How much it counts, from 1 to 100.', { required: true, min: 1, max: 100 }),
    podAffinityTerm: one(2, 'Which pods.', podAffinityTerm, {
      required: true,
      byValue: true,
    }),
  },
)

export const podAffinity = message('api.core.v1.PodAffinity', 'Which pods a pod wants to be near.', {
  requiredDuringSchedulingIgnoredDuringExecution: list(1, 'Pods it must be near.', podAffinityTerm, {
    listType: 'atomic',
  }),
  preferredDuringSchedulingIgnoredDuringExecution: list(2, 'Pods it prefers to be near.', weightedPodAffinityTerm, {
    listType: 'atomic',
  }),
})

export const podAntiAffinity = message('api.core.v1.PodAntiAffinity', 'Which pods a pod wants to be away from.', {
  requiredDuringSchedulingIgnoredDuringExecution: list(1, 'Pods it must be away from.', podAffinityTerm, {
    listType: 'atomic',
  }),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    2,
    'Pods it prefers to be away from.',
    weightedPodAffinityTerm,
    { listType: 'atomic' },
  ),
})

export const affinity = message('api.core.v1.Affinity', 'Where a pod wants to run.', {
  nodeAffinity: one(1, 'On which nodes.', nodeAffinity),
  podAffinity: one(2, 'Near which pods.', podAffinity),
  podAntiAffinity: one(3, 'Away from which pods.', podAntiAffinity),
})
export interface Affinity extends Infer<typeof affinity> {}

export const topologySpreadConstraint = message(
  'api.core.v1.TopologySpreadConstraint',
  'How evenly pods spread over the values of a node label.',
  {
    maxSkew: int32(1, 'By how many pods the fullest and the emptiest value may differ.', { required: true, min: 1 }),
    topologyKey: string(2, 'The node label.', { required: true, nonEmpty: true }),
    whenUnsatisfiable: string(
      3,
      'What happens when it cannot hold: DoNotSchedule, or ScheduleAnyway where it is least broken.',
      { required: true, enum: ['DoNotSchedule', 'ScheduleAnyway'] },
    ),
    labelSelector: one(4, 'The pods that are counted.', labelSelector),
    minDomains: int32(5, 'How many values there must be for the emptiest to count as more than 0.', {
      explicit: true,
      min: 1,
    }),
    nodeAffinityPolicy: string(6, 'Whether nodes the pod may not run on are left out: Honor (default), or Ignore.', {
      explicit: true,
      enum: ['Honor', 'Ignore'],
    }),
    nodeTaintsPolicy: string(
      7,
      'Whether nodes whose taints the pod does not tolerate are left out: Honor, or Ignore (default).',
      { explicit: true, enum: ['Honor', 'Ignore'] },
    ),
    matchLabelKeys: list(
      8,
      "Keys of the pod's own labels, which counted pods must have with the same value.",
      'string',
      { listType: 'atomic' },
    ),
  },
)
export interface TopologySpreadConstraint extends Infer<typeof topologySpreadConstraint> {}

export const taint = message('api.core.v1.Taint', 'Keeps pods off a node unless they tolerate it.', {
  key: string(1, "The taint's key.", { required: true, nonEmpty: true }),
  value: string(2, "The taint's value."),
  effect: string(
    3,
    'NoSchedule keeps new pods off, PreferNoSchedule if possible, NoExecute drives running ones away too.',
    { required: true, enum: ['NoExecute', 'NoSchedule', 'PreferNoSchedule'], nonEmpty: true },
  ),
  timeAdded: time(4, 'When it was added; only for NoExecute.'),
})
export interface Taint extends Infer<typeof taint> {}

export const toleration = message('api.core.v1.Toleration', 'Lets a pod run on nodes with certain taints.', {
  key: string(1, "The taint's key; empty, with Exists, fits every taint."),
  operator: string(2, 'Equal (default) compares the value, Exists fits any, Gt and Lt compare numbers.', {
    enum: ['Equal', 'Exists', 'Gt', 'Lt'],
  }),
  value: string(3, "The taint's value; empty with Exists."),
  effect: string(4, 'The effect it is for; empty is every effect.', {
    enum: ['NoExecute', 'NoSchedule', 'PreferNoSchedule'],
  }),
  tolerationSeconds: int64(5, 'Seconds a NoExecute taint is tolerated for; absent is for ever, 0 or less not at all.', {
    explicit: true,
  }),
})
export interface Toleration extends Infer<typeof toleration> {}
