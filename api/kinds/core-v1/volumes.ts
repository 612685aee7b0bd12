// What a pod can mount.
import {
  boolean,
  embed,
  type Infer,
  int32,
  list,
  type Message,
  map,
  message,
  one,
  quantity,
  string,
} from '../../schema/message.ts'
import {
  type EphemeralVolumeSource,
  ephemeralVolumeSource,
  type PersistentVolumeClaimVolumeSource,
  persistentVolumeClaimVolumeSource,
} from './claim.ts'
import {
  type ObjectFieldSelector,
  objectFieldSelector,
  type ResourceFieldSelector,
  resourceFieldSelector,
} from './environment.ts'
import { type ProjectedVolumeSource, projectedVolumeSource } from './projected-volume.ts'
import { type LocalObjectReference, localObjectReference } from './references.ts'
import {
  type AWSElasticBlockStoreVolumeSource,
  type AzureDiskVolumeSource,
  type AzureFileVolumeSource,
  awsElasticBlockStoreVolumeSource,
  azureDiskVolumeSource,
  azureFileVolumeSource,
  type CephFSVolumeSource,
  type CinderVolumeSource,
  cephFSVolumeSource,
  cinderVolumeSource,
  type FCVolumeSource,
  type FlexVolumeSource,
  type FlockerVolumeSource,
  fcVolumeSource,
  flexVolumeSource,
  flockerVolumeSource,
  type GCEPersistentDiskVolumeSource,
  type GitRepoVolumeSource,
  type GlusterfsVolumeSource,
  gcePersistentDiskVolumeSource,
  gitRepoVolumeSource,
  glusterfsVolumeSource,
  type ISCSIVolumeSource,
  iscsiVolumeSource,
  type NFSVolumeSource,
  nfsVolumeSource,
  type PhotonPersistentDiskVolumeSource,
  type PortworxVolumeSource,
  photonPersistentDiskVolumeSource,
  portworxVolumeSource,
  type QuobyteVolumeSource,
  quobyteVolumeSource,
  type RBDVolumeSource,
  rbdVolumeSource,
  type ScaleIOVolumeSource,
  type StorageOSVolumeSource,
  scaleIOVolumeSource,
  storageOSVolumeSource,
  type VsphereVirtualDiskVolumeSource,
  vsphereVirtualDiskVolumeSource,
} from './storage-volumes.ts'

export const volume = message(
  'api.core.v1.Volume',
  '',
  {
    name: string(1, '', { required: true, nonEmpty: true }),
  },
  embed(2, 'volumeSource', (): Message<VolumeSource> => volumeSource),
)
export interface Volume extends Infer<typeof volume> {}

export const volumeSource = message('api.core.v1.VolumeSource', '', {
  hostPath: one(1, '', (): Message<HostPathVolumeSource> => hostPathVolumeSource),
  emptyDir: one(2, '', (): Message<EmptyDirVolumeSource> => emptyDirVolumeSource),
  gcePersistentDisk: one(3, '', (): Message<GCEPersistentDiskVolumeSource> => gcePersistentDiskVolumeSource),
  awsElasticBlockStore: one(4, '', (): Message<AWSElasticBlockStoreVolumeSource> => awsElasticBlockStoreVolumeSource),
  gitRepo: one(5, '', (): Message<GitRepoVolumeSource> => gitRepoVolumeSource),
  secret: one(6, '', (): Message<SecretVolumeSource> => secretVolumeSource),
  nfs: one(7, '', (): Message<NFSVolumeSource> => nfsVolumeSource),
  iscsi: one(8, '', (): Message<ISCSIVolumeSource> => iscsiVolumeSource),
  glusterfs: one(9, '', (): Message<GlusterfsVolumeSource> => glusterfsVolumeSource),
  persistentVolumeClaim: one(
    10,
    '',
    (): Message<PersistentVolumeClaimVolumeSource> => persistentVolumeClaimVolumeSource,
  ),
  rbd: one(11, '', (): Message<RBDVolumeSource> => rbdVolumeSource),
  flexVolume: one(12, '', (): Message<FlexVolumeSource> => flexVolumeSource),
  cinder: one(13, '', (): Message<CinderVolumeSource> => cinderVolumeSource),
  cephfs: one(14, '', (): Message<CephFSVolumeSource> => cephFSVolumeSource),
  flocker: one(15, '', (): Message<FlockerVolumeSource> => flockerVolumeSource),
  downwardAPI: one(16, '', (): Message<DownwardAPIVolumeSource> => downwardAPIVolumeSource),
  fc: one(17, '', (): Message<FCVolumeSource> => fcVolumeSource),
  azureFile: one(18, '', (): Message<AzureFileVolumeSource> => azureFileVolumeSource),
  configMap: one(19, '', (): Message<ConfigMapVolumeSource> => configMapVolumeSource),
  vsphereVolume: one(20, '', (): Message<VsphereVirtualDiskVolumeSource> => vsphereVirtualDiskVolumeSource),
  quobyte: one(21, '', (): Message<QuobyteVolumeSource> => quobyteVolumeSource),
  azureDisk: one(22, '', (): Message<AzureDiskVolumeSource> => azureDiskVolumeSource),
  photonPersistentDisk: one(23, '', (): Message<PhotonPersistentDiskVolumeSource> => photonPersistentDiskVolumeSource),
  portworxVolume: one(24, '', (): Message<PortworxVolumeSource> => portworxVolumeSource),
  scaleIO: one(25, '', (): Message<ScaleIOVolumeSource> => scaleIOVolumeSource),
  projected: one(26, '', (): Message<ProjectedVolumeSource> => projectedVolumeSource),
  storageos: one(27, '', (): Message<StorageOSVolumeSource> => storageOSVolumeSource),
  csi: one(28, '', (): Message<CSIVolumeSource> => csiVolumeSource),
  ephemeral: one(29, '', (): Message<EphemeralVolumeSource> => ephemeralVolumeSource),
  image: one(30, '', (): Message<ImageVolumeSource> => imageVolumeSource),
})
export interface VolumeSource extends Infer<typeof volumeSource> {}

export const emptyDirVolumeSource = message('api.core.v1.EmptyDirVolumeSource', '', {
  medium: string(1, ''),
  sizeLimit: quantity(2, '', { explicit: true }),
})
export interface EmptyDirVolumeSource extends Infer<typeof emptyDirVolumeSource> {}

export const hostPathVolumeSource = message('api.core.v1.HostPathVolumeSource', '', {
  path: string(1, '', { required: true, nonEmpty: true }),
  type: string(2, '', {
    explicit: true,
    enum: ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'],
  }),
})
export interface HostPathVolumeSource extends Infer<typeof hostPathVolumeSource> {}

export const configMapVolumeSource = message(
  'api.core.v1.ConfigMapVolumeSource',
  '',
  {
    items: list(2, '', (): Message<KeyToPath> => keyToPath, { listType: 'atomic' }),
    defaultMode: int32(3, '', { explicit: true }),
    optional: boolean(4, '', { explicit: true }),
  },
  embed(1, 'localObjectReference', (): Message<LocalObjectReference> => localObjectReference),
)
export interface ConfigMapVolumeSource extends Infer<typeof configMapVolumeSource> {}

export const secretVolumeSource = message('api.core.v1.SecretVolumeSource', '', {
  secretName: string(1, ''),
  items: list(2, '', (): Message<KeyToPath> => keyToPath, { listType: 'atomic' }),
  defaultMode: int32(3, '', { explicit: true }),
  optional: boolean(4, '', { explicit: true }),
})
export interface SecretVolumeSource extends Infer<typeof secretVolumeSource> {}

export const keyToPath = message('api.core.v1.KeyToPath', '', {
  key: string(1, '', { required: true, nonEmpty: true }),
  path: string(2, '', { required: true, nonEmpty: true }),
  mode: int32(3, '', { explicit: true }),
})
export interface KeyToPath extends Infer<typeof keyToPath> {}

export const downwardAPIVolumeSource = message('api.core.v1.DownwardAPIVolumeSource', '', {
  items: list(1, '', (): Message<DownwardAPIVolumeFile> => downwardAPIVolumeFile, { listType: 'atomic' }),
  defaultMode: int32(2, '', { explicit: true }),
})
export interface DownwardAPIVolumeSource extends Infer<typeof downwardAPIVolumeSource> {}

export const downwardAPIVolumeFile = message('api.core.v1.DownwardAPIVolumeFile', '', {
  path: string(1, '', { required: true, nonEmpty: true }),
  fieldRef: one(2, '', (): Message<ObjectFieldSelector> => objectFieldSelector),
  resourceFieldRef: one(3, '', (): Message<ResourceFieldSelector> => resourceFieldSelector),
  mode: int32(4, '', { explicit: true }),
})
export interface DownwardAPIVolumeFile extends Infer<typeof downwardAPIVolumeFile> {}

export const imageVolumeSource = message('api.core.v1.ImageVolumeSource', '', {
  reference: string(1, ''),
  pullPolicy: string(2, '', { enum: ['Always', 'IfNotPresent', 'Never'] }),
})
export interface ImageVolumeSource extends Infer<typeof imageVolumeSource> {}

export const csiVolumeSource = message('api.core.v1.CSIVolumeSource', '', {
  driver: string(1, '', { required: true, nonEmpty: true }),
  readOnly: boolean(2, '', { explicit: true }),
  fsType: string(3, '', { explicit: true }),
  volumeAttributes: map(4, '', 'string'),
  nodePublishSecretRef: one(5, '', (): Message<LocalObjectReference> => localObjectReference),
})
export interface CSIVolumeSource extends Infer<typeof csiVolumeSource> {}
