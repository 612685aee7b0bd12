// A volume put together from several sources.
import {
  boolean,
  embed,
  type Infer,
  int32,
  int64,
  list,
  type Message,
  map,
  message,
  one,
  string,
} from '../../schema/message.ts'
import { type LabelSelector, labelSelector } from '../meta-v1/label-selector.ts'
import { type LocalObjectReference, localObjectReference } from './references.ts'
import { type DownwardAPIVolumeFile, downwardAPIVolumeFile, type KeyToPath, keyToPath } from './volumes.ts'

export const projectedVolumeSource = message('api.core.v1.ProjectedVolumeSource', '', {
  sources: list(1, '', (): Message<VolumeProjection> => volumeProjection, { listType: 'atomic' }),
  defaultMode: int32(2, '', { explicit: true }),
})
export interface ProjectedVolumeSource extends Infer<typeof projectedVolumeSource> {}

export const volumeProjection = message('api.core.v1.VolumeProjection', '', {
  secret: one(1, '', (): Message<SecretProjection> => secretProjection),
  downwardAPI: one(2, '', (): Message<DownwardAPIProjection> => downwardAPIProjection),
  configMap: one(3, '', (): Message<ConfigMapProjection> => configMapProjection),
  serviceAccountToken: one(4, '', (): Message<ServiceAccountTokenProjection> => serviceAccountTokenProjection),
  clusterTrustBundle: one(5, '', (): Message<ClusterTrustBundleProjection> => clusterTrustBundleProjection),
  podCertificate: one(6, '', (): Message<PodCertificateProjection> => podCertificateProjection),
})
export interface VolumeProjection extends Infer<typeof volumeProjection> {}

export const secretProjection = message(
  'api.core.v1.SecretProjection',
  '',
  {
    items: list(2, '', (): Message<KeyToPath> => keyToPath, { listType: 'atomic' }),
    optional: boolean(4, '', { explicit: true }),
  },
  embed(1, 'localObjectReference', (): Message<LocalObjectReference> => localObjectReference),
)
export interface SecretProjection extends Infer<typeof secretProjection> {}

export const configMapProjection = message(
  'api.core.v1.ConfigMapProjection',
  '',
  {
    items: list(2, '', (): Message<KeyToPath> => keyToPath, { listType: 'atomic' }),
    optional: boolean(4, '', { explicit: true }),
  },
  embed(1, 'localObjectReference', (): Message<LocalObjectReference> => localObjectReference),
)
export interface ConfigMapProjection extends Infer<typeof configMapProjection> {}

export const downwardAPIProjection = message('api.core.v1.DownwardAPIProjection', '', {
  items: list(1, '', (): Message<DownwardAPIVolumeFile> => downwardAPIVolumeFile, { listType: 'atomic' }),
})
export interface DownwardAPIProjection extends Infer<typeof downwardAPIProjection> {}

export const serviceAccountTokenProjection = message('api.core.v1.ServiceAccountTokenProjection', '', {
  audience: string(1, ''),
  expirationSeconds: int64(2, '', { explicit: true, min: 600, max: 4294967296 }),
  path: string(3, '', { required: true, nonEmpty: true }),
})
export interface ServiceAccountTokenProjection extends Infer<typeof serviceAccountTokenProjection> {}

export const clusterTrustBundleProjection = message('api.core.v1.ClusterTrustBundleProjection', '', {
  name: string(1, '', { explicit: true }),
  signerName: string(2, '', { explicit: true }),
  labelSelector: one(3, '', (): Message<LabelSelector> => labelSelector),
  path: string(4, '', { required: true, nonEmpty: true }),
  optional: boolean(5, '', { explicit: true }),
})
export interface ClusterTrustBundleProjection extends Infer<typeof clusterTrustBundleProjection> {}

export const podCertificateProjection = message('api.core.v1.PodCertificateProjection', '', {
  signerName: string(1, '', { required: true, nonEmpty: true }),
  keyType: string(2, '', {
    required: true,
    enum: ['ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519', 'RSA3072', 'RSA4096'],
  }),
  maxExpirationSeconds: int32(3, '', { explicit: true }),
  credentialBundlePath: string(4, ''),
  keyPath: string(5, ''),
  certificateChainPath: string(6, ''),
  userAnnotations: map(7, '', 'string'),
})
export interface PodCertificateProjection extends Infer<typeof podCertificateProjection> {}
