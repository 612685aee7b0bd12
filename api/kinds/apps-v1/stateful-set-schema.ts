// The declaration of StatefulSets.
import { type Infer, int32, int64, intOrString, list, message, one, string, time } from '../../schema/message.ts'
import { persistentVolumeClaimSchema } from '../core-v1/persistent-volume-claim-schema.ts'
import { podTemplateSpec } from '../core-v1/pod-template.ts'
import { labelSelector } from '../meta-v1/label-selector.ts'
import { objectSchema } from '../object.ts'

export const rollingUpdateStatefulSetStrategy = message(
  'api.apps.v1.RollingUpdateStatefulSetStrategy',
  'How far a rolling update goes.',
  {
    partition: int32(1, 'Pods of this ordinal and above are replaced; default 0.', { explicit: true }),
    maxUnavailable: intOrString(
      2,
      'How many pods may be missing while pods are replaced: a number, or a share such as 25%.',
      { explicit: true },
    ),
  },
)
export interface RollingUpdateStatefulSetStrategy extends Infer<typeof rollingUpdateStatefulSetStrategy> {}

export const statefulSetUpdateStrategy = message(
  'api.apps.v1.StatefulSetUpdateStrategy',
  'How a stateful set replaces its pods.',
  {
    type: string(1, 'RollingUpdate (default), or OnDelete: when somebody deletes them.'),
    rollingUpdate: one(2, 'How far a rolling update goes at once.', rollingUpdateStatefulSetStrategy),
  },
)
export interface StatefulSetUpdateStrategy extends Infer<typeof statefulSetUpdateStrategy> {}

export const statefulSetPersistentVolumeClaimRetentionPolicy = message(
  'api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy',
  'What becomes of claims made from the templates.',
  {
    whenDeleted: string(1, 'When the set is deleted: Retain (default) or Delete.'),
    whenScaled: string(2, 'When their pod is no longer wanted: Retain (default) or Delete.'),
  },
)
export interface StatefulSetPersistentVolumeClaimRetentionPolicy
  extends Infer<typeof statefulSetPersistentVolumeClaimRetentionPolicy> {}

export const statefulSetOrdinals = message('api.apps.v1.StatefulSetOrdinals', 'How pods are counted.', {
  start: int32(1, "The first pod's number; default 0."),
})
export interface StatefulSetOrdinals extends Infer<typeof statefulSetOrdinals> {}

export const statefulSetSpec = message(
  'api.apps.v1.StatefulSetSpec',
  'Which pods a stateful set keeps, with what names and volumes.',
  {
    replicas: int32(1, 'How many pods are wanted.', { explicit: true }),
    selector: one(2, 'Which pods belong to it, by their labels; they must be those of the template.', labelSelector, {
      required: true,
      unchecked: true,
    }),
    template: one(3, 'What its pods look like.', podTemplateSpec, { required: true, unchecked: true, byValue: true }),
    volumeClaimTemplates: list(4, 'Claims that each pod gets one of its own of.', persistentVolumeClaimSchema, {
      unchecked: true,
      listType: 'atomic',
    }),
    serviceName: string(5, 'The service that gives the pods their names in DNS.', { explicit: true }),
    podManagementPolicy: string(6, 'OrderedReady (default): one after another; Parallel: all at once.'),
    updateStrategy: one(7, 'How pods are replaced by new ones.', statefulSetUpdateStrategy, { byValue: true }),
    revisionHistoryLimit: int32(8, 'How many former revisions are kept to go back to.', { explicit: true }),
    minReadySeconds: int32(9, 'Seconds a pod must have been ready to count as available; default 0.'),
    persistentVolumeClaimRetentionPolicy: one(
      10,
      'What becomes of claims made from the templates.',
      statefulSetPersistentVolumeClaimRetentionPolicy,
    ),
    ordinals: one(11, 'How pods are counted.', statefulSetOrdinals),
  },
)
export interface StatefulSetSpec extends Infer<typeof statefulSetSpec> {}

export const statefulSetCondition = message(
  'api.apps.v1.StatefulSetCondition',
  "An aspect of a stateful set's state.",
  {
    type: string(1, 'The aspect that this is about.', { required: true }),
    status: string(2, 'Whether it holds: True, False, or Unknown.', { required: true }),
    lastTransitionTime: time(3, 'When the status changed last.'),
    reason: string(4, 'Why, in one CamelCase word for programs.'),
    message: string(5, 'Why, in words for people.'),
  },
)
export interface StatefulSetCondition extends Infer<typeof statefulSetCondition> {}

export const statefulSetStatus = message('api.apps.v1.StatefulSetStatus', 'What is known of a stateful set.', {
  observedGeneration: int64(1, 'The generation that this was found for.'),
  replicas: int32(2, 'How many pods there are.', { required: true }),
  readyReplicas: int32(3, 'How many pods are ready.'),
  currentReplicas: int32(4, 'How many pods are of the current revision.'),
  updatedReplicas: int32(5, 'How many pods are of the present template.'),
  currentRevision: string(6, 'The revision that pods come from.'),
  updateRevision: string(7, 'The revision that pods are changed to.'),
  collisionCount: int32(9, 'How often a name for a revision was taken already.', { explicit: true }),
  conditions: list(10, 'Aspects of its present state.', statefulSetCondition, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
  availableReplicas: int32(11, 'How many pods have been ready for minReadySeconds.', { explicit: true }),
})
export interface StatefulSetStatus extends Infer<typeof statefulSetStatus> {}

export const statefulSetSchema = objectSchema(
  'api.apps.v1.StatefulSet',
  'Keeps pods with names and volumes that stay.',
  {
    spec: one(2, 'What is wanted.', statefulSetSpec, { byValue: true }),
    status: one(3, 'What is known of it.', statefulSetStatus, { byValue: true }),
  },
)
export interface StatefulSet extends Infer<typeof statefulSetSchema> {}
