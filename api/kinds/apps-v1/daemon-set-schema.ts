// The declaration of DaemonSets.
import { type Infer, int32, int64, list, message, one, string, time } from '../../schema/message.ts'
import { podTemplateSpec } from '../core-v1/pod-template.ts'
import { labelSelector } from '../meta-v1/label-selector.ts'
import { objectSchema } from '../object.ts'
import { rollingUpdateFields } from './rolling-update.ts'

export const rollingUpdateDaemonSet = message(
  'api.apps.v1.RollingUpdateDaemonSet',
  'How far a rolling update goes at once.',
  rollingUpdateFields,
)
export interface RollingUpdateDaemonSet extends Infer<typeof rollingUpdateDaemonSet> {}

export const daemonSetUpdateStrategy = message(
  'api.apps.v1.DaemonSetUpdateStrategy',
  'How a daemon set replaces its pods.',
  {
    type: string(1, 'RollingUpdate (default), or OnDelete: when somebody deletes them.'),
    rollingUpdate: one(2, 'How far a rolling update goes at once.', rollingUpdateDaemonSet),
  },
)
export interface DaemonSetUpdateStrategy extends Infer<typeof daemonSetUpdateStrategy> {}

export const daemonSetSpec = message('api.apps.v1.DaemonSetSpec', 'Which pods a daemon set keeps on every node.', {
  selector: one(1, 'Which pods belong to it, by their labels; they must be those of the template.', labelSelector, {
    required: true,
    unchecked: true,
  }),
  template: one(2, 'What its pods look like.', podTemplateSpec, { required: true, unchecked: true, byValue: true }),
  updateStrategy: one(3, 'How pods are replaced by new ones.', daemonSetUpdateStrategy, { byValue: true }),
  minReadySeconds: int32(4, 'Seconds a pod must have been ready to count as available; default 0.'),
  revisionHistoryLimit: int32(6, 'How many former revisions are kept to go back to.', { explicit: true }),
})
export interface DaemonSetSpec extends Infer<typeof daemonSetSpec> {}

export const daemonSetCondition = message('api.apps.v1.DaemonSetCondition', "An aspect of a daemon set's state.", {
  type: string(1, 'The aspect that this is about.', { required: true }),
  status: string(2, 'Whether it holds: True, False, or Unknown.', { required: true }),
  lastTransitionTime: time(3, 'When the status changed last.'),
  reason: string(4, 'Why, in one CamelCase word for programs.'),
  message: string(5, 'Why, in words for people.'),
})
export interface DaemonSetCondition extends Infer<typeof daemonSetCondition> {}

export const daemonSetStatus = message('api.apps.v1.DaemonSetStatus', 'What is known of a daemon set.', {
  currentNumberScheduled: int32(1, 'How many nodes have a pod and should.', { required: true }),
  numberMisscheduled: int32(2, 'How many nodes have a pod and should not.', { required: true }),
  desiredNumberScheduled: int32(3, 'How many nodes should have a pod.', { required: true }),
  numberReady: int32(4, 'How many nodes have a pod that is ready.', { required: true }),
  observedGeneration: int64(5, 'The generation that this was found for.'),
  updatedNumberScheduled: int32(6, 'How many nodes have a pod of the present template.'),
  numberAvailable: int32(7, 'How many nodes have a pod that is available.'),
  numberUnavailable: int32(8, 'How many nodes lack an available pod.'),
  collisionCount: int32(9, 'How often a name for a revision was taken already.', { explicit: true }),
  conditions: list(10, 'Aspects of its present state.', daemonSetCondition, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
})
export interface DaemonSetStatus extends Infer<typeof daemonSetStatus> {}

export const daemonSetSchema = objectSchema(
  'api.apps.v1.DaemonSet',
  'Keeps a pod on every node, or on those that are selected.',
  {
    spec: one(2, 'What is wanted.', daemonSetSpec, { byValue: true }),
    status: one(3, 'What is known of it.', daemonSetStatus, { byValue: true }),
  },
)
export interface DaemonSet extends Infer<typeof daemonSetSchema> {}
