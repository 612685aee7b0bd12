// The declaration of Deployments.
import { boolean, type Infer, int32, int64, list, message, one, string, time } from '../../schema/message.ts'
import { podTemplateSpec } from '../core-v1/pod-template.ts'
import { labelSelector } from '../meta-v1/label-selector.ts'
import { objectSchema } from '../object.ts'
import { rollingUpdateFields } from './rolling-update.ts'

export const rollingUpdateDeployment = message(
  'api.apps.v1.RollingUpdateDeployment',
  'How far a rolling update goes at once.',
  rollingUpdateFields,
)
export interface RollingUpdateDeployment extends Infer<typeof rollingUpdateDeployment> {}

export const deploymentStrategy = message(
  'api.apps.v1.DeploymentStrategy',
  'How a deployment replaces pods by new ones.',
  {
    type: string(1, 'Recreate ends all before it starts new ones; RollingUpdate (default) goes step by step.'),
    rollingUpdate: one(2, 'How far a rolling update goes at once.', rollingUpdateDeployment),
  },
)
export interface DeploymentStrategy extends Infer<typeof deploymentStrategy> {}

export const deploymentSpec = message(
  'api.apps.v1.DeploymentSpec',
  'Which pods a deployment keeps, and how it replaces them.',
  {
    replicas: int32(1, 'How many pods are wanted.', { explicit: true }),
    selector: one(2, 'Which pods belong to it, by their labels; they must be those of the template.', labelSelector, {
      required: true,
      unchecked: true,
    }),
    template: one(3, 'What its pods look like.', podTemplateSpec, { required: true, unchecked: true, byValue: true }),
    strategy: one(4, 'How pods are replaced by new ones.', deploymentStrategy, { patch: 'retainKeys', byValue: true }),
    minReadySeconds: int32(5, 'Seconds a pod must have been ready to count as available; default 0.'),
    revisionHistoryLimit: int32(6, 'How many former revisions are kept to go back to.', { explicit: true }),
    paused: boolean(7, 'Whether changes of the template wait.'),
    progressDeadlineSeconds: int32(9, 'Seconds without progress after which it is told as failed; default 600.', {
      explicit: true,
    }),
  },
)
export interface DeploymentSpec extends Infer<typeof deploymentSpec> {}

export const deploymentCondition = message('api.apps.v1.DeploymentCondition', "An aspect of a deployment's state.", {
  type: string(1, 'The aspect that this is about.', { required: true }),
  status: string(2, 'Whether it holds: True, False, or Unknown.', { required: true }),
  reason: string(4, 'Why, in one CamelCase word for programs.'),
  message: string(5, 'Why, in words for people.'),
  lastUpdateTime: time(6, 'When this was written last.'),
  lastTransitionTime: time(7, 'When the status changed last.'),
})
export interface DeploymentCondition extends Infer<typeof deploymentCondition> {}

export const deploymentStatus = message('api.apps.v1.DeploymentStatus', 'What is known of a deployment.', {
  observedGeneration: int64(1, 'The generation that this was found for.'),
  replicas: int32(2, 'How many pods there are.'),
  updatedReplicas: int32(3, 'How many pods are of the present template.'),
  availableReplicas: int32(4, 'How many pods have been ready for minReadySeconds.'),
  unavailableReplicas: int32(5, 'How many pods are still missing.'),
  conditions: list(6, 'Aspects of its present state.', deploymentCondition, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
  readyReplicas: int32(7, 'How many pods are ready.'),
  collisionCount: int32(8, 'How often a name for a revision was taken already.', { explicit: true }),
  terminatingReplicas: int32(9, 'How many pods are ending.', { explicit: true }),
})
export interface DeploymentStatus extends Infer<typeof deploymentStatus> {}

export const deploymentSchema = objectSchema(
  'api.apps.v1.Deployment',
  'Keeps equal pods running and replaces them step by step when their template changes.',
  {
    spec: one(2, 'What is wanted.', deploymentSpec, { byValue: true }),
    status: one(3, 'What is known of it.', deploymentStatus, { byValue: true }),
  },
)
export interface Deployment extends Infer<typeof deploymentSchema> {}
