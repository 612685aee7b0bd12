// A volume put together from several sources.
import { boolean, embed, type Infer, int32, int64, list, map, message, one, string } from '../../schema/message.ts'
import { labelSelector } from '../meta-v1/label-selector.ts'
import { localObjectReference } from './references.ts'
import { downwardAPIVolumeFile, keyToPath } from './volume-files.ts'

export const secretProjection = message(
  'api.core.v1.SecretProjection',
  'Entries of a Secret as files.',
  {
    items: list(2, 'Which entries, under which paths; without it, each under its key.', keyToPath, {
      listType: 'atomic',
    }),
    optional: boolean(4, 'Whether the Secret or its entries may be missing.', { explicit: true }),
  },
  embed(1, 'localObjectReference', localObjectReference),
)
export interface SecretProjection extends Infer<typeof secretProjection> {}

export const downwardAPIProjection = message('api.core.v1.DownwardAPIProjection', 'Facts about the pod as files.', {
  items: list(1, 'The files.', downwardAPIVolumeFile, { listType: 'atomic' }),
})

export const configMapProjection = message(
  'api.core.v1.ConfigMapProjection',
  'Entries of a ConfigMap as files.',
  {
    items: list(2, 'Which entries, under which paths; without it, each under its key.', keyToPath, {
      listType: 'atomic',
    }),
    optional: boolean(4, 'Whether the ConfigMap or its entries may be missing.', { explicit: true }),
  },
  embed(1, 'localObjectReference', localObjectReference),
)
export interface ConfigMapProjection extends Infer<typeof configMapProjection> {}

export const serviceAccountTokenProjection = message(
  'api.core.v1.ServiceAccountTokenProjection',
  "A token of the pod's service account, renewed before it expires.",
  {
    audience: string(1, 'Whom the token is for; default the API server.'),
    expirationSeconds: int64(2, 'Seconds it is valid for; default 3600, at least 600.', {
      explicit: true,
      min: 600,
      max: 4294967296,
    }),
    path: string(3, "The file's path in the volume.", { required: true, nonEmpty: true }),
  },
)

export const clusterTrustBundleProjection = message(
  'api.core.v1.ClusterTrustBundleProjection',
  'Certificates the cluster trusts, in one PEM file.',
  {
    name: string(1, 'One bundle by its name; not together with signerName.', { explicit: true }),
    signerName: string(2, 'All bundles of a signer.', { explicit: true }),
    labelSelector: one(3, "Which of the signer's bundles; absent selects none, empty all.", labelSelector),
    path: string(4, "The file's path in the volume.", { required: true, nonEmpty: true }),
    optional: boolean(5, 'Whether the bundle may be missing.', { explicit: true }),
  },
)

export const podCertificateProjection = message(
  'api.core.v1.PodCertificateProjection',
  "A key and a certificate of the pod's own, renewed before it expires.",
  {
    signerName: string(1, 'Who signs the certificate.', { required: true, nonEmpty: true }),
    keyType: string(2, 'The kind of key: RSA3072, RSA4096, ECDSAP256, ECDSAP384, ECDSAP521, ED25519.', {
      required: true,
      enum: ['ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519', 'RSA3072', 'RSA4096'],
    }),
    maxExpirationSeconds: int32(3, 'Seconds it may be valid for at most; from 3600 to 7862400, default 86400.', {
      explicit: true,
    }),
    credentialBundlePath: string(4, 'The file that holds the key and the chain of certificates together.'),
    keyPath: string(5, 'The file that holds the key.'),
    certificateChainPath: string(6, 'The file that holds the chain of certificates.'),
    userAnnotations: map(7, 'What else the signer is told.', 'string'),
  },
)

export const volumeProjection = message(
  'api.core.v1.VolumeProjection',
  'One source of a projected volume; exactly one is given.',
  {
    secret: one(1, 'Entries of a Secret.', secretProjection),
    downwardAPI: one(2, 'Facts about the pod.', downwardAPIProjection),
    configMap: one(3, 'Entries of a ConfigMap.', configMapProjection),
    serviceAccountToken: one(4, "A token of the pod's service account.", serviceAccountTokenProjection),
    clusterTrustBundle: one(5, 'Certificates the cluster trusts.', clusterTrustBundleProjection),
    podCertificate: one(6, "A key and a certificate of the pod's own.", podCertificateProjection),
  },
)
export interface VolumeProjection extends Infer<typeof volumeProjection> {}

export const projectedVolumeSource = message('api.core.v1.ProjectedVolumeSource', 'Several sources in one directory.', {
  sources: list(1, 'The sources.', volumeProjection, { listType: 'atomic' }),
  defaultMode: int32(2, "The files' permissions, as a decimal number; default 420, which is 0644.", { explicit: true }),
})
export interface ProjectedVolumeSource extends Infer<typeof projectedVolumeSource> {}
