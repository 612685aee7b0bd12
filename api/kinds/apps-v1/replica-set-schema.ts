// The declaration of ReplicaSets.
import { type Infer, int32, int64, list, message, one, string, time } from '../../schema/message.ts'
import { podTemplateSpec } from '../core-v1/pod-template.ts'
import { labelSelector } from '../meta-v1/label-selector.ts'
import { objectSchema } from '../object.ts'

export const replicaSetSpec = message(
  'api.apps.v1.ReplicaSetSpec',
  'How many pods a replica set keeps, and what they look like.',
  {
    replicas: int32(1, 'How many pods are wanted.', { explicit: true }),
    selector: one(2, 'Which pods belong to it, by their labels; they must be those of the template.', labelSelector, {
      required: true,
      unchecked: true,
    }),
    template: one(3, 'What its pods look like.', podTemplateSpec, { unchecked: true, byValue: true }),
    minReadySeconds: int32(4, 'Seconds a pod must have been ready to count as available; default 0.'),
  },
)
export interface ReplicaSetSpec extends Infer<typeof replicaSetSpec> {}

export const replicaSetCondition = message('api.apps.v1.ReplicaSetCondition', "An aspect of a replica set's state.", {
  type: string(1, 'The aspect that this is about.', { required: true }),
  status: string(2, 'Whether it holds: True, False, or Unknown.', { required: true }),
  lastTransitionTime: time(3, 'When the status changed last.'),
  reason: string(4, 'Why, in one CamelCase word for programs.'),
  message: string(5, 'Why, in words for people.'),
})
export interface ReplicaSetCondition extends Infer<typeof replicaSetCondition> {}

export const replicaSetStatus = message('api.apps.v1.ReplicaSetStatus', 'What is known of a replica set.', {
  replicas: int32(1, 'How many pods there are.', { required: true }),
  fullyLabeledReplicas: int32(2, 'How many pods carry all labels of the template.'),
  observedGeneration: int64(3, 'The generation that this was found for.'),
  readyReplicas: int32(4, 'How many pods are ready.'),
  availableReplicas: int32(5, 'How many pods have been ready for minReadySeconds.'),
  conditions: list(6, 'Aspects of its present state.', replicaSetCondition, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
  terminatingReplicas: int32(7, 'How many pods are ending.', { explicit: true }),
})
export interface ReplicaSetStatus extends Infer<typeof replicaSetStatus> {}

export const replicaSetSchema = objectSchema('api.apps.v1.ReplicaSet', 'Keeps a number of equal pods running.', {
  spec: one(2, 'What is wanted.', replicaSetSpec, { byValue: true }),
  status: one(3, 'What is known of it.', replicaSetStatus, { byValue: true }),
})
export interface ReplicaSet extends Infer<typeof replicaSetSchema> {}
