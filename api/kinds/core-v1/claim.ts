// Volumes a pod claims instead of describing.
import { boolean, type Infer, list, message, one, string } from '../../schema/message.ts'
import { labelSelector } from '../meta-v1/label-selector.ts'
import { objectMeta } from '../meta-v1/object-meta.ts'
import { typedLocalObjectReference, typedObjectReference } from './references.ts'
import { volumeResourceRequirements } from './resources.ts'

export const persistentVolumeClaimVolumeSource = message(
  'api.core.v1.PersistentVolumeClaimVolumeSource',
  "The volume behind a claim in the pod's namespace.",
  {
    claimName: string(1, "The claim's name.", { required: true, nonEmpty: true }),
    readOnly: boolean(2, 'Whether it is mounted read-only; default false.'),
  },
)
export interface PersistentVolumeClaimVolumeSource extends Infer<typeof persistentVolumeClaimVolumeSource> {}

export const persistentVolumeClaimSpec = message('api.core.v1.PersistentVolumeClaimSpec', 'What a claim asks for.', {
  accessModes: list(
    1,
    'How it may be mounted: ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod.',
    'string',
    { listType: 'atomic' },
  ),
  resources: one(2, 'How much it must hold.', volumeResourceRequirements, {
    byValue: true,
  }),
  volumeName: string(3, 'The PersistentVolume that is claimed.'),
  selector: one(4, 'Which volumes may be claimed, by labels.', labelSelector),
  storageClassName: string(5, 'The storage class; absent takes the default one, empty none.', { explicit: true }),
  volumeMode: string(6, 'Filesystem (default), or Block.', { explicit: true, enum: ['Block', 'Filesystem'] }),
  dataSource: one(7, 'What the volume begins with: a snapshot, or another claim.', typedLocalObjectReference),
  dataSourceRef: one(
    8,
    'What the volume begins with, of any kind and perhaps another namespace.',
    typedObjectReference,
  ),
  volumeAttributesClassName: string(9, 'The class of attributes that can change while the volume is used.', {
    explicit: true,
  }),
})

export const persistentVolumeClaimTemplate = message(
  'api.core.v1.PersistentVolumeClaimTemplate',
  'What a claim made for a pod looks like.',
  {
    metadata: one(1, 'Labels and annotations of the claim.', objectMeta, { byValue: true }),
    spec: one(2, 'What the claim asks for.', persistentVolumeClaimSpec, {
      required: true,
      byValue: true,
    }),
  },
)

export const ephemeralVolumeSource = message(
  'api.core.v1.EphemeralVolumeSource',
  'A claim made for the pod, named PODNAME-VOLUMENAME, and deleted with it.',
  {
    volumeClaimTemplate: one(1, 'What the claim looks like.', persistentVolumeClaimTemplate),
  },
)
export interface EphemeralVolumeSource extends Infer<typeof ephemeralVolumeSource> {}
