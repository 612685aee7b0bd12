// Volumes that a storage system outside the node provides; most of these have moved to CSI drivers.
import { boolean, type Infer, int32, list, type Message, map, message, one, string } from '../../schema/message.ts'
import { type LocalObjectReference, localObjectReference } from './references.ts'

export const nfsVolumeSource = message('api.core.v1.NFSVolumeSource', '', {
  server: string(1, '', { required: true, nonEmpty: true }),
  path: string(2, '', { required: true, nonEmpty: true }),
  readOnly: boolean(3, ''),
})
export interface NFSVolumeSource extends Infer<typeof nfsVolumeSource> {}

export const iscsiVolumeSource = message('api.core.v1.ISCSIVolumeSource', '', {
  targetPortal: string(1, '', { required: true, nonEmpty: true }),
  iqn: string(2, '', { required: true, nonEmpty: true }),
  lun: int32(3, '', { required: true, min: 0, max: 255 }),
  iscsiInterface: string(4, '', { default: 'default' }),
  fsType: string(5, ''),
  readOnly: boolean(6, ''),
  portals: list(7, '', 'string', { listType: 'atomic' }),
  chapAuthDiscovery: boolean(8, ''),
  secretRef: one(10, '', (): Message<LocalObjectReference> => localObjectReference),
  chapAuthSession: boolean(11, ''),
  initiatorName: string(12, '', { explicit: true }),
})
export interface ISCSIVolumeSource extends Infer<typeof iscsiVolumeSource> {}

export const fcVolumeSource = message('api.core.v1.FCVolumeSource', '', {
  targetWWNs: list(1, '', 'string', { listType: 'atomic' }),
  lun: int32(2, '', { explicit: true, min: 0, max: 255 }),
  fsType: string(3, ''),
  readOnly: boolean(4, ''),
  wwids: list(5, '', 'string', { listType: 'atomic' }),
})
export interface FCVolumeSource extends Infer<typeof fcVolumeSource> {}

export const rbdVolumeSource = message('api.core.v1.RBDVolumeSource', '', {
  monitors: list(1, '', 'string', { required: true, nonEmpty: true, listType: 'atomic' }),
  image: string(2, '', { required: true, nonEmpty: true }),
  fsType: string(3, ''),
  pool: string(4, '', { default: 'rbd' }),
  user: string(5, '', { default: 'admin' }),
  keyring: string(6, '', { default: '/etc/ceph/keyring' }),
  secretRef: one(7, '', (): Message<LocalObjectReference> => localObjectReference),
  readOnly: boolean(8, ''),
})
export interface RBDVolumeSource extends Infer<typeof rbdVolumeSource> {}

export const cephFSVolumeSource = message('api.core.v1.CephFSVolumeSource', '', {
  monitors: list(1, '', 'string', { required: true, nonEmpty: true, listType: 'atomic' }),
  path: string(2, ''),
  user: string(3, ''),
  secretFile: string(4, ''),
  secretRef: one(5, '', (): Message<LocalObjectReference> => localObjectReference),
  readOnly: boolean(6, ''),
})
export interface CephFSVolumeSource extends Infer<typeof cephFSVolumeSource> {}

export const cinderVolumeSource = message('api.core.v1.CinderVolumeSource', '', {
  volumeID: string(1, '', { required: true, nonEmpty: true }),
  fsType: string(2, ''),
  readOnly: boolean(3, ''),
  secretRef: one(4, '', (): Message<LocalObjectReference> => localObjectReference),
})
export interface CinderVolumeSource extends Infer<typeof cinderVolumeSource> {}

export const glusterfsVolumeSource = message('api.core.v1.GlusterfsVolumeSource', '', {
  endpoints: string(1, '', { required: true, nonEmpty: true }),
  path: string(2, '', { required: true, nonEmpty: true }),
  readOnly: boolean(3, ''),
})
export interface GlusterfsVolumeSource extends Infer<typeof glusterfsVolumeSource> {}

export const awsElasticBlockStoreVolumeSource = message('api.core.v1.AWSElasticBlockStoreVolumeSource', '', {
  volumeID: string(1, '', { required: true, nonEmpty: true }),
  fsType: string(2, ''),
  partition: int32(3, '', { min: 0, max: 255 }),
  readOnly: boolean(4, ''),
})
export interface AWSElasticBlockStoreVolumeSource extends Infer<typeof awsElasticBlockStoreVolumeSource> {}

export const gcePersistentDiskVolumeSource = message('api.core.v1.GCEPersistentDiskVolumeSource', '', {
  pdName: string(1, '', { required: true, nonEmpty: true }),
  fsType: string(2, ''),
  partition: int32(3, '', { min: 0, max: 255 }),
  readOnly: boolean(4, ''),
})
export interface GCEPersistentDiskVolumeSource extends Infer<typeof gcePersistentDiskVolumeSource> {}

export const azureDiskVolumeSource = message('api.core.v1.AzureDiskVolumeSource', '', {
  diskName: string(1, '', { required: true, nonEmpty: true }),
  diskURI: string(2, '', { required: true, nonEmpty: true }),
  cachingMode: string(3, '', { explicit: true, default: 'ReadWrite', enum: ['None', 'ReadOnly', 'ReadWrite'] }),
  fsType: string(4, '', { explicit: true, default: 'ext4' }),
  readOnly: boolean(5, '', { explicit: true }),
  kind: string(6, '', { explicit: true, default: 'Shared', enum: ['Dedicated', 'Managed', 'Shared'] }),
})
export interface AzureDiskVolumeSource extends Infer<typeof azureDiskVolumeSource> {}

export const azureFileVolumeSource = message('api.core.v1.AzureFileVolumeSource', '', {
  secretName: string(1, '', { required: true, nonEmpty: true }),
  shareName: string(2, '', { required: true, nonEmpty: true }),
  readOnly: boolean(3, ''),
})
export interface AzureFileVolumeSource extends Infer<typeof azureFileVolumeSource> {}

export const vsphereVirtualDiskVolumeSource = message('api.core.v1.VsphereVirtualDiskVolumeSource', '', {
  volumePath: string(1, '', { required: true, nonEmpty: true }),
  fsType: string(2, ''),
  storagePolicyName: string(3, ''),
  storagePolicyID: string(4, ''),
})
export interface VsphereVirtualDiskVolumeSource extends Infer<typeof vsphereVirtualDiskVolumeSource> {}

export const photonPersistentDiskVolumeSource = message('api.core.v1.PhotonPersistentDiskVolumeSource', '', {
  pdID: string(1, '', { required: true, nonEmpty: true }),
  fsType: string(2, ''),
})
export interface PhotonPersistentDiskVolumeSource extends Infer<typeof photonPersistentDiskVolumeSource> {}

export const portworxVolumeSource = message('api.core.v1.PortworxVolumeSource', '', {
  volumeID: string(1, '', { required: true, nonEmpty: true }),
  fsType: string(2, ''),
  readOnly: boolean(3, ''),
})
export interface PortworxVolumeSource extends Infer<typeof portworxVolumeSource> {}

export const scaleIOVolumeSource = message('api.core.v1.ScaleIOVolumeSource', '', {
  gateway: string(1, '', { required: true, nonEmpty: true }),
  system: string(2, '', { required: true, nonEmpty: true }),
  secretRef: one(3, '', (): Message<LocalObjectReference> => localObjectReference, { required: true }),
  sslEnabled: boolean(4, ''),
  protectionDomain: string(5, ''),
  storagePool: string(6, ''),
  storageMode: string(7, '', { default: 'ThinProvisioned' }),
  volumeName: string(8, ''),
  fsType: string(9, '', { default: 'xfs' }),
  readOnly: boolean(10, ''),
})
export interface ScaleIOVolumeSource extends Infer<typeof scaleIOVolumeSource> {}

export const storageOSVolumeSource = message('api.core.v1.StorageOSVolumeSource', '', {
  volumeName: string(1, ''),
  volumeNamespace: string(2, ''),
  fsType: string(3, ''),
  readOnly: boolean(4, ''),
  secretRef: one(5, '', (): Message<LocalObjectReference> => localObjectReference),
})
export interface StorageOSVolumeSource extends Infer<typeof storageOSVolumeSource> {}

export const quobyteVolumeSource = message('api.core.v1.QuobyteVolumeSource', '', {
  registry: string(1, '', { required: true, nonEmpty: true }),
  volume: string(2, '', { required: true, nonEmpty: true }),
  readOnly: boolean(3, ''),
  user: string(4, ''),
  group: string(5, ''),
  tenant: string(6, ''),
})
export interface QuobyteVolumeSource extends Infer<typeof quobyteVolumeSource> {}

export const flockerVolumeSource = message('api.core.v1.FlockerVolumeSource', '', {
  datasetName: string(1, ''),
  datasetUUID: string(2, ''),
})
export interface FlockerVolumeSource extends Infer<typeof flockerVolumeSource> {}

export const flexVolumeSource = message('api.core.v1.FlexVolumeSource', '', {
  driver: string(1, '', { required: true, nonEmpty: true }),
  fsType: string(2, ''),
  secretRef: one(3, '', (): Message<LocalObjectReference> => localObjectReference),
  readOnly: boolean(4, ''),
  options: map(5, '', 'string'),
})
export interface FlexVolumeSource extends Infer<typeof flexVolumeSource> {}

export const gitRepoVolumeSource = message('api.core.v1.GitRepoVolumeSource', '', {
  repository: string(1, '', { required: true, nonEmpty: true }),
  revision: string(2, ''),
  directory: string(3, ''),
})
export interface GitRepoVolumeSource extends Infer<typeof gitRepoVolumeSource> {}
