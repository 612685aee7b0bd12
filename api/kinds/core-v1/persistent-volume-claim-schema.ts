// The declaration of PersistentVolumeClaims.
import { type Infer, list, map, message, one, string, time, withConstants } from '../../schema/message.ts'
import { objectSchema } from '../object.ts'
import { persistentVolumeClaimSpec } from './claim.ts'

export const persistentVolumeClaimCondition = message(
  'api.core.v1.PersistentVolumeClaimCondition',
  "An aspect of a claim's state.",
  {
    type: string(1, 'The aspect that this is about.', { required: true }),
    status: string(2, 'Whether it holds: True, False, or Unknown.', { required: true }),
    lastProbeTime: time(3, 'When it was looked at last.'),
    lastTransitionTime: time(4, 'When the status changed last.'),
    reason: string(5, 'Why, in one CamelCase word for programs.'),
    message: string(6, 'Why, in words for people.'),
  },
)
export interface PersistentVolumeClaimCondition extends Infer<typeof persistentVolumeClaimCondition> {}

export const modifyVolumeStatus = message(
  'api.core.v1.ModifyVolumeStatus',
  "A change of a volume's attributes that goes on.",
  {
    targetVolumeAttributesClassName: string(1, 'The class of attributes it changes to.'),
    status: string(2, 'How far it is: Pending, InProgress, or Infeasible.', { required: true }),
  },
)
export interface ModifyVolumeStatus extends Infer<typeof modifyVolumeStatus> {}

export const persistentVolumeClaimStatus = message(
  'api.core.v1.PersistentVolumeClaimStatus',
  'What is known of a claim.',
  {
    phase: string(1, 'Pending, Bound, or Lost.'),
    accessModes: list(2, 'How the volume may be mounted.', 'string', { listType: 'atomic' }),
    capacity: map(3, 'How much the volume holds.', 'quantity'),
    conditions: list(4, 'Aspects of its present state.', persistentVolumeClaimCondition, {
      listType: 'map',
      keys: ['type'],
      patch: 'merge',
      mergeKey: 'type',
    }),
    allocatedResources: map(5, 'How much was set aside for it, while it grows.', 'quantity'),
    allocatedResourceStatuses: map(7, 'How far the change of a size is.', 'string', { mapType: 'granular' }),
    currentVolumeAttributesClassName: string(8, 'The class of attributes it has.', { explicit: true }),
    modifyVolumeStatus: one(9, 'A change of attributes that goes on.', modifyVolumeStatus),
  },
)
export interface PersistentVolumeClaimStatus extends Infer<typeof persistentVolumeClaimStatus> {}

// Other kinds hold claims, and say by this of what kind they are.
export const persistentVolumeClaimSchema = withConstants(
  objectSchema('api.core.v1.PersistentVolumeClaim', 'A claim on a volume, and the volume it got.', {
    spec: one(2, 'What is wanted.', persistentVolumeClaimSpec, { byValue: true }),
    status: one(3, 'What is known of it.', persistentVolumeClaimStatus, { byValue: true }),
  }),
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
)
export interface PersistentVolumeClaim extends Infer<typeof persistentVolumeClaimSchema> {}
