// Volumes a pod claims instead of describing.
import { boolean, type Infer, list, type Message, message, one, string } from '../../schema/message.ts'
import { type LabelSelector, labelSelector } from '../meta-v1/label-selector.ts'
import { type ObjectMeta, objectMeta } from '../meta-v1/object-meta.ts'
import {
  type TypedLocalObjectReference,
  type TypedObjectReference,
  typedLocalObjectReference,
  typedObjectReference,
} from './references.ts'
import { type VolumeResourceRequirements, volumeResourceRequirements } from './resources.ts'

export const persistentVolumeClaimVolumeSource = message('api.core.v1.PersistentVolumeClaimVolumeSource', '', {
  claimName: string(1, '', { required: true, nonEmpty: true }),
  readOnly: boolean(2, ''),
})
export interface PersistentVolumeClaimVolumeSource extends Infer<typeof persistentVolumeClaimVolumeSource> {}

export const ephemeralVolumeSource = message('api.core.v1.EphemeralVolumeSource', '', {
  volumeClaimTemplate: one(1, '', (): Message<PersistentVolumeClaimTemplate> => persistentVolumeClaimTemplate),
})
export interface EphemeralVolumeSource extends Infer<typeof ephemeralVolumeSource> {}

export const persistentVolumeClaimTemplate = message('api.core.v1.PersistentVolumeClaimTemplate', '', {
  metadata: one(1, '', (): Message<ObjectMeta> => objectMeta, { byValue: true }),
  spec: one(2, '', (): Message<PersistentVolumeClaimSpec> => persistentVolumeClaimSpec, {
    required: true,
    byValue: true,
  }),
})
export interface PersistentVolumeClaimTemplate extends Infer<typeof persistentVolumeClaimTemplate> {}

export const persistentVolumeClaimSpec = message('api.core.v1.PersistentVolumeClaimSpec', '', {
  accessModes: list(1, '', 'string', { listType: 'atomic' }),
  resources: one(2, '', (): Message<VolumeResourceRequirements> => volumeResourceRequirements, { byValue: true }),
  volumeName: string(3, ''),
  selector: one(4, '', (): Message<LabelSelector> => labelSelector),
  storageClassName: string(5, '', { explicit: true }),
  volumeMode: string(6, '', { explicit: true, enum: ['Block', 'Filesystem'] }),
  dataSource: one(7, '', (): Message<TypedLocalObjectReference> => typedLocalObjectReference),
  dataSourceRef: one(8, '', (): Message<TypedObjectReference> => typedObjectReference),
  volumeAttributesClassName: string(9, '', { explicit: true }),
})
export interface PersistentVolumeClaimSpec extends Infer<typeof persistentVolumeClaimSpec> {}
