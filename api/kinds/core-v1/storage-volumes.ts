// Volumes that a storage system outside the node provides; most of these have moved to CSI drivers.
import { boolean, type Infer, int32, list, map, message, one, string } from '../../schema/message.ts'
import { localObjectReference } from './references.ts'

export const nfsVolumeSource = message('api.core.v1.NFSVolumeSource', 'A directory of an NFS server.', {
  server: string(1, "The server's name or address.", { required: true, nonEmpty: true }),
  path: string(2, 'The exported path.', { required: true, nonEmpty: true }),
  readOnly: boolean(3, 'Whether it is mounted read-only; default false.'),
})
export interface NFSVolumeSource extends Infer<typeof nfsVolumeSource> {}

export const iscsiVolumeSource = message('api.core.v1.ISCSIVolumeSource', 'A disk over iSCSI.', {
  targetPortal: string(1, 'The portal: an address, with a port unless it is 860 or 3260.', {
    required: true,
    nonEmpty: true,
  }),
  iqn: string(2, "The target's qualified name.", { required: true, nonEmpty: true }),
  lun: int32(3, "The logical unit's number.", { required: true, min: 0, max: 255 }),
  iscsiInterface: string(4, 'The interface; default is TCP.', { default: 'default' }),
  fsType: string(5, 'The file system on it; default ext4.'),
  readOnly: boolean(6, 'Whether it is mounted read-only; default false.'),
  portals: list(7, 'Further portals of the same target.', 'string', { listType: 'atomic' }),
  chapAuthDiscovery: boolean(8, 'Whether discovery authenticates by CHAP.'),
  secretRef: one(10, 'The Secret with the CHAP credentials.', localObjectReference),
  chapAuthSession: boolean(11, 'Whether sessions authenticate by CHAP.'),
  initiatorName: string(12, "The initiator's name; default the node's.", { explicit: true }),
})
export interface ISCSIVolumeSource extends Infer<typeof iscsiVolumeSource> {}

export const fcVolumeSource = message(
  'api.core.v1.FCVolumeSource',
  'A Fibre Channel disk, by wwids or by targetWWNs and lun.',
  {
    targetWWNs: list(1, 'World wide names of the targets.', 'string', { listType: 'atomic' }),
    lun: int32(2, "The logical unit's number.", { explicit: true, min: 0, max: 255 }),
    fsType: string(3, 'The file system on it; default ext4.'),
    readOnly: boolean(4, 'Whether it is mounted read-only; default false.'),
    wwids: list(5, 'World wide identifiers of the disk.', 'string', { listType: 'atomic' }),
  },
)
export interface FCVolumeSource extends Infer<typeof fcVolumeSource> {}

export const rbdVolumeSource = message('api.core.v1.RBDVolumeSource', 'A Ceph block device.', {
  monitors: list(1, 'Addresses of the Ceph monitors.', 'string', {
    required: true,
    nonEmpty: true,
    listType: 'atomic',
  }),
  image: string(2, "The image's name.", { required: true, nonEmpty: true }),
  fsType: string(3, 'The file system on it; default ext4.'),
  pool: string(4, "The pool's name.", { default: 'rbd' }),
  user: string(5, 'The Ceph user.', { default: 'admin' }),
  keyring: string(6, "The path of the user's key ring on the node.", { default: '/etc/ceph/keyring' }),
  secretRef: one(7, "The Secret with the user's key, instead of keyring.", localObjectReference),
  readOnly: boolean(8, 'Whether it is mounted read-only; default false.'),
})
export interface RBDVolumeSource extends Infer<typeof rbdVolumeSource> {}

export const cephFSVolumeSource = message('api.core.v1.CephFSVolumeSource', 'A Ceph file system.', {
  monitors: list(1, 'Addresses of the Ceph monitors.', 'string', {
    required: true,
    nonEmpty: true,
    listType: 'atomic',
  }),
  path: string(2, 'The directory that is mounted; default /.'),
  user: string(3, 'The Ceph user; default admin.'),
  secretFile: string(4, "The path of the user's key ring on the node; default /etc/ceph/user.secret."),
  secretRef: one(5, "The Secret with the user's key, instead of secretFile.", localObjectReference),
  readOnly: boolean(6, 'Whether it is mounted read-only; default false.'),
})
export interface CephFSVolumeSource extends Infer<typeof cephFSVolumeSource> {}

export const cinderVolumeSource = message('api.core.v1.CinderVolumeSource', 'A disk of OpenStack Cinder.', {
  volumeID: string(1, "The disk's id.", { required: true, nonEmpty: true }),
  fsType: string(2, 'The file system on it; default ext4.'),
  readOnly: boolean(3, 'Whether it is mounted read-only; default false.'),
  secretRef: one(4, 'The Secret with parameters to reach OpenStack.', localObjectReference),
})
export interface CinderVolumeSource extends Infer<typeof cinderVolumeSource> {}

export const glusterfsVolumeSource = message('api.core.v1.GlusterfsVolumeSource', 'A Glusterfs volume.', {
  endpoints: string(1, 'The name of the Endpoints object that lists the servers.', { required: true, nonEmpty: true }),
  path: string(2, "The volume's name.", { required: true, nonEmpty: true }),
  readOnly: boolean(3, 'Whether it is mounted read-only; default false.'),
})
export interface GlusterfsVolumeSource extends Infer<typeof glusterfsVolumeSource> {}

export const awsElasticBlockStoreVolumeSource = message(
  'api.core.v1.AWSElasticBlockStoreVolumeSource',
  'A disk of Amazon EBS.',
  {
    volumeID: string(1, "The disk's id.", { required: true, nonEmpty: true }),
    fsType: string(2, 'The file system on it; default ext4.'),
    partition: int32(3, "The partition's number; 0 is the whole disk.", { min: 0, max: 255 }),
    readOnly: boolean(4, 'Whether it is mounted read-only; default false.'),
  },
)
export interface AWSElasticBlockStoreVolumeSource extends Infer<typeof awsElasticBlockStoreVolumeSource> {}

export const gcePersistentDiskVolumeSource = message(
  'api.core.v1.GCEPersistentDiskVolumeSource',
  'A disk of Google Compute Engine.',
  {
    pdName: string(1, "The disk's name.", { required: true, nonEmpty: true }),
    fsType: string(2, 'The file system on it; default ext4.'),
    partition: int32(3, "The partition's number; 0 is the whole disk.", { min: 0, max: 255 }),
    readOnly: boolean(4, 'Whether it is mounted read-only; default false.'),
  },
)
export interface GCEPersistentDiskVolumeSource extends Infer<typeof gcePersistentDiskVolumeSource> {}

export const azureDiskVolumeSource = message('api.core.v1.AzureDiskVolumeSource', 'A disk of Azure.', {
  diskName: string(1, "The disk's name.", { required: true, nonEmpty: true }),
  diskURI: string(2, "The disk's address.", { required: true, nonEmpty: true }),
  cachingMode: string(3, 'How the host caches: None, ReadOnly, or ReadWrite.', {
    explicit: true,
    default: 'ReadWrite',
    enum: ['None', 'ReadOnly', 'ReadWrite'],
  }),
  fsType: string(4, 'The file system on it.', { explicit: true, default: 'ext4' }),
  readOnly: boolean(5, 'Whether it is mounted read-only; default false.', { explicit: true }),
  kind: string(6, 'Shared or Dedicated (a blob in a storage account), or Managed.', {
    explicit: true,
    default: 'Shared',
    enum: ['Dedicated', 'Managed', 'Shared'],
  }),
})
export interface AzureDiskVolumeSource extends Infer<typeof azureDiskVolumeSource> {}

export const azureFileVolumeSource = message('api.core.v1.AzureFileVolumeSource', 'A file share of Azure.', {
  secretName: string(1, "The Secret with the account's name and key.", { required: true, nonEmpty: true }),
  shareName: string(2, "The share's name.", { required: true, nonEmpty: true }),
  readOnly: boolean(3, 'Whether it is mounted read-only; default false.'),
})
export interface AzureFileVolumeSource extends Infer<typeof azureFileVolumeSource> {}

export const vsphereVirtualDiskVolumeSource = message(
  'api.core.v1.VsphereVirtualDiskVolumeSource',
  'A disk of vSphere.',
  {
    volumePath: string(1, 'The path of the disk file.', { required: true, nonEmpty: true }),
    fsType: string(2, 'The file system on it; default ext4.'),
    storagePolicyName: string(3, "The storage policy's name."),
    storagePolicyID: string(4, "The storage policy's id."),
  },
)
export interface VsphereVirtualDiskVolumeSource extends Infer<typeof vsphereVirtualDiskVolumeSource> {}

export const photonPersistentDiskVolumeSource = message(
  'api.core.v1.PhotonPersistentDiskVolumeSource',
  'A disk of Photon.',
  {
    pdID: string(1, "The disk's id.", { required: true, nonEmpty: true }),
    fsType: string(2, 'The file system on it; default ext4.'),
  },
)
export interface PhotonPersistentDiskVolumeSource extends Infer<typeof photonPersistentDiskVolumeSource> {}

export const portworxVolumeSource = message('api.core.v1.PortworxVolumeSource', 'A Portworx volume.', {
  volumeID: string(1, "The volume's id.", { required: true, nonEmpty: true }),
  fsType: string(2, 'The file system on it; default ext4.'),
  readOnly: boolean(3, 'Whether it is mounted read-only; default false.'),
})
export interface PortworxVolumeSource extends Infer<typeof portworxVolumeSource> {}

export const scaleIOVolumeSource = message('api.core.v1.ScaleIOVolumeSource', 'A ScaleIO volume.', {
  gateway: string(1, "The address of the gateway's API.", { required: true, nonEmpty: true }),
  system: string(2, "The storage system's name.", { required: true, nonEmpty: true }),
  secretRef: one(3, 'The Secret with the user and password.', localObjectReference, { required: true }),
  sslEnabled: boolean(4, 'Whether the gateway is reached over TLS.'),
  protectionDomain: string(5, "The protection domain's name."),
  storagePool: string(6, "The storage pool's name."),
  storageMode: string(7, 'ThickProvisioned, or ThinProvisioned.', { default: 'ThinProvisioned' }),
  volumeName: string(8, "The volume's name."),
  fsType: string(9, 'The file system on it.', { default: 'xfs' }),
  readOnly: boolean(10, 'Whether it is mounted read-only; default false.'),
})
export interface ScaleIOVolumeSource extends Infer<typeof scaleIOVolumeSource> {}

export const storageOSVolumeSource = message('api.core.v1.StorageOSVolumeSource', 'A StorageOS volume.', {
  volumeName: string(1, "The volume's name in its namespace."),
  volumeNamespace: string(2, "The StorageOS namespace; default the pod's."),
  fsType: string(3, 'The file system on it; default ext4.'),
  readOnly: boolean(4, 'Whether it is mounted read-only; default false.'),
  secretRef: one(5, 'The Secret with credentials for the API.', localObjectReference),
})
export interface StorageOSVolumeSource extends Infer<typeof storageOSVolumeSource> {}

export const quobyteVolumeSource = message('api.core.v1.QuobyteVolumeSource', 'A Quobyte volume.', {
  registry: string(1, 'Addresses of the registry: host:port, separated by commas.', { required: true, nonEmpty: true }),
  volume: string(2, "The volume's name.", { required: true, nonEmpty: true }),
  readOnly: boolean(3, 'Whether it is mounted read-only; default false.'),
  user: string(4, "The user who owns what is written; default the service's."),
  group: string(5, 'The group that owns what is written; default none.'),
  tenant: string(6, 'The tenant that owns the volume.'),
})
export interface QuobyteVolumeSource extends Infer<typeof quobyteVolumeSource> {}

export const flockerVolumeSource = message('api.core.v1.FlockerVolumeSource', 'A Flocker dataset.', {
  datasetName: string(1, "The dataset's name, kept in its metadata."),
  datasetUUID: string(2, "The dataset's unique id."),
})
export interface FlockerVolumeSource extends Infer<typeof flockerVolumeSource> {}

export const flexVolumeSource = message('api.core.v1.FlexVolumeSource', 'A volume of a flexvolume driver.', {
  driver: string(1, "The driver's name.", { required: true, nonEmpty: true }),
  fsType: string(2, "The file system on it; default the driver's choice."),
  secretRef: one(3, 'A Secret to give to the driver.', localObjectReference),
  readOnly: boolean(4, 'Whether it is mounted read-only; default false.'),
  options: map(5, 'What the driver wants to know.', 'string'),
})
export interface FlexVolumeSource extends Infer<typeof flexVolumeSource> {}

export const gitRepoVolumeSource = message(
  'api.core.v1.GitRepoVolumeSource',
  'A git repository, cloned when the pod starts.',
  {
    repository: string(1, "The repository's address.", { required: true, nonEmpty: true }),
    revision: string(2, 'The commit to check out.'),
    directory: string(3, "The directory to clone into; . is the volume's root."),
  },
)
export interface GitRepoVolumeSource extends Infer<typeof gitRepoVolumeSource> {}
