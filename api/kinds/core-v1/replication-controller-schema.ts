// The declaration of ReplicationControllers.
import { type Infer, int32, int64, list, map, message, one, string, time } from '../../schema/message.ts'
import { objectSchema } from '../object.ts'
import { podTemplateSpec } from './pod-template.ts'

export const replicationControllerSpec = message(
  'api.core.v1.ReplicationControllerSpec',
  'How many pods a replication controller keeps, and what they look like.',
  {
    replicas: int32(1, 'How many pods are wanted.', { explicit: true, default: 1 }),
    selector: map(2, 'Labels its pods have; default: those of the template.', 'string', { mapType: 'atomic' }),
    template: one(3, 'What its pods look like.', podTemplateSpec, { unchecked: true }),
    minReadySeconds: int32(4, 'Seconds a pod must have been ready to count as available; default 0.'),
  },
)
export interface ReplicationControllerSpec extends Infer<typeof replicationControllerSpec> {}

export const replicationControllerCondition = message(
  'api.core.v1.ReplicationControllerCondition',
  "An aspect of a replication controller's state.",
  {
    type: string(1, 'The aspect that this is about.', { required: true }),
    status: string(2, 'Whether it holds: True, False, or Unknown.', { required: true }),
    lastTransitionTime: time(3, 'When the status changed last.'),
    reason: string(4, 'Why, in one CamelCase word for programs.'),
    message: string(5, 'Why, in words for people.'),
  },
)
export interface ReplicationControllerCondition extends Infer<typeof replicationControllerCondition> {}

export const replicationControllerStatus = message(
  'api.core.v1.ReplicationControllerStatus',
  'What is known of a replication controller.',
  {
    replicas: int32(1, 'How many pods there are.', { required: true }),
    fullyLabeledReplicas: int32(2, 'How many pods carry all labels of the template.'),
    observedGeneration: int64(3, 'The generation that this was found for.'),
    readyReplicas: int32(4, 'How many pods are ready.'),
    availableReplicas: int32(5, 'How many pods have been ready for minReadySeconds.'),
    conditions: list(6, 'Aspects of its present state.', replicationControllerCondition, {
      listType: 'map',
      keys: ['type'],
      patch: 'merge',
      mergeKey: 'type',
    }),
  },
)
export interface ReplicationControllerStatus extends Infer<typeof replicationControllerStatus> {}

export const replicationControllerSchema = objectSchema(
  'api.core.v1.ReplicationController',
  'Keeps a number of equal pods running; what ReplicaSet was before.',
  {
    spec: one(2, 'What is wanted.', replicationControllerSpec, { byValue: true }),
    status: one(3, 'What is known of it.', replicationControllerStatus, { byValue: true }),
  },
)
export interface ReplicationController extends Infer<typeof replicationControllerSchema> {}
