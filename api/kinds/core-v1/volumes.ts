// What a pod can mount.
import { boolean, embed, type Infer, int32, list, map, message, one, quantity, string } from '../../schema/message.ts'
import { ephemeralVolumeSource, persistentVolumeClaimVolumeSource } from './claim.ts'
import { projectedVolumeSource } from './projected-volume.ts'
import { localObjectReference } from './references.ts'
import {
  awsElasticBlockStoreVolumeSource,
  azureDiskVolumeSource,
  azureFileVolumeSource,
  cephFSVolumeSource,
  cinderVolumeSource,
  fcVolumeSource,
  flexVolumeSource,
  flockerVolumeSource,
  gcePersistentDiskVolumeSource,
  gitRepoVolumeSource,
  glusterfsVolumeSource,
  iscsiVolumeSource,
  nfsVolumeSource,
  photonPersistentDiskVolumeSource,
  portworxVolumeSource,
  quobyteVolumeSource,
  rbdVolumeSource,
  scaleIOVolumeSource,
  storageOSVolumeSource,
  vsphereVirtualDiskVolumeSource,
} from './storage-volumes.ts'
import { downwardAPIVolumeFile, keyToPath } from './volume-files.ts'

export const hostPathVolumeSource = message('api.core.v1.HostPathVolumeSource', 'A file or directory of the node.', {
  path: string(1, 'Its path on the node.', { required: true, nonEmpty: true }),
  type: string(
    2,
    'What must be there: DirectoryOrCreate, Directory, FileOrCreate, File, Socket, CharDevice, BlockDevice; empty does not look.',
    {
      explicit: true,
      enum: ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'],
    },
  ),
})

export const emptyDirVolumeSource = message(
  'api.core.v1.EmptyDirVolumeSource',
  'A directory that begins empty and is deleted with the pod.',
  {
    medium: string(
      1,
      "Where it is kept: empty is the node's disk, Memory a tmpfs, HugePages or HugePages-2Mi huge pages.",
    ),
    sizeLimit: quantity(2, 'The most it may hold.', { explicit: true }),
  },
)

export const secretVolumeSource = message(
  'api.core.v1.SecretVolumeSource',
  'The entries of a Secret as files, kept in memory.',
  {
    secretName: string(1, "The Secret's name."),
    items: list(2, 'Which entries, under which paths; without it, each under its key.', keyToPath, {
      listType: 'atomic',
    }),
    defaultMode: int32(3, "The files' permissions, as a decimal number; default 420, which is 0644.", {
      explicit: true,
    }),
    optional: boolean(4, 'Whether the Secret or its entries may be missing.', { explicit: true }),
  },
)
export interface SecretVolumeSource extends Infer<typeof secretVolumeSource> {}

export const downwardAPIVolumeSource = message('api.core.v1.DownwardAPIVolumeSource', 'Facts about the pod as files.', {
  items: list(1, 'The files.', downwardAPIVolumeFile, { listType: 'atomic' }),
  defaultMode: int32(2, "The files' permissions, as a decimal number; default 420, which is 0644.", { explicit: true }),
})

export const configMapVolumeSource = message(
  'api.core.v1.ConfigMapVolumeSource',
  'The entries of a ConfigMap as files.',
  {
    items: list(2, 'Which entries, under which paths; without it, each under its key.', keyToPath, {
      listType: 'atomic',
    }),
    defaultMode: int32(3, "The files' permissions, as a decimal number; default 420, which is 0644.", {
      explicit: true,
    }),
    optional: boolean(4, 'Whether the ConfigMap or its entries may be missing.', { explicit: true }),
  },
  embed(1, 'localObjectReference', localObjectReference),
)
export interface ConfigMapVolumeSource extends Infer<typeof configMapVolumeSource> {}

export const csiVolumeSource = message(
  'api.core.v1.CSIVolumeSource',
  'A volume that a CSI driver makes for the pod alone.',
  {
    driver: string(1, "The driver's name.", { required: true, nonEmpty: true }),
    readOnly: boolean(2, 'Whether it is read-only; default false.', { explicit: true }),
    fsType: string(3, "The file system to make; default the driver's choice.", { explicit: true }),
    volumeAttributes: map(4, 'What the driver wants to know.', 'string'),
    nodePublishSecretRef: one(5, 'A Secret to give to the driver.', localObjectReference),
  },
)

export const imageVolumeSource = message('api.core.v1.ImageVolumeSource', 'The files of an OCI image or artifact.', {
  reference: string(1, "The image's name, as of a container."),
  pullPolicy: string(
    2,
    'When it is fetched: Always, IfNotPresent, or Never; default Always for latest, else IfNotPresent.',
    { enum: ['Always', 'IfNotPresent', 'Never'] },
  ),
})

export const volumeSource = message('api.core.v1.VolumeSource', 'What a volume is; exactly one is given.', {
  hostPath: one(1, 'A file or directory of the node.', hostPathVolumeSource),
  emptyDir: one(2, 'A directory that begins empty and lives as long as the pod.', emptyDirVolumeSource),
  gcePersistentDisk: one(3, 'A disk of Google Compute Engine; deprecated.', gcePersistentDiskVolumeSource),
  awsElasticBlockStore: one(4, 'A disk of Amazon EBS; deprecated.', awsElasticBlockStoreVolumeSource),
  gitRepo: one(5, 'A git repository; deprecated, and not run.', gitRepoVolumeSource),
  secret: one(6, 'The entries of a Secret as files.', secretVolumeSource),
  nfs: one(7, 'A directory of an NFS server.', nfsVolumeSource),
  iscsi: one(8, 'A disk over iSCSI.', iscsiVolumeSource),
  glusterfs: one(9, 'A Glusterfs volume; deprecated.', glusterfsVolumeSource),
  persistentVolumeClaim: one(10, 'The volume behind a PersistentVolumeClaim.', persistentVolumeClaimVolumeSource),
  rbd: one(11, 'A Ceph block device; deprecated.', rbdVolumeSource),
  flexVolume: one(12, 'A volume of a flexvolume driver; deprecated.', flexVolumeSource),
  cinder: one(13, 'A disk of OpenStack Cinder; deprecated.', cinderVolumeSource),
  cephfs: one(14, 'A Ceph file system; deprecated.', cephFSVolumeSource),
  flocker: one(15, 'A Flocker dataset; deprecated.', flockerVolumeSource),
  downwardAPI: one(16, 'Facts about the pod as files.', downwardAPIVolumeSource),
  fc: one(17, 'A Fibre Channel disk.', fcVolumeSource),
  azureFile: one(18, 'A file share of Azure; deprecated.', azureFileVolumeSource),
  configMap: one(19, 'The entries of a ConfigMap as files.', configMapVolumeSource),
  vsphereVolume: one(20, 'A disk of vSphere; deprecated.', vsphereVirtualDiskVolumeSource),
  quobyte: one(21, 'A Quobyte volume; deprecated.', quobyteVolumeSource),
  azureDisk: one(22, 'A disk of Azure; deprecated.', azureDiskVolumeSource),
  photonPersistentDisk: one(23, 'A disk of Photon; deprecated.', photonPersistentDiskVolumeSource),
  portworxVolume: one(24, 'A Portworx volume; deprecated.', portworxVolumeSource),
  scaleIO: one(25, 'A ScaleIO volume; deprecated.', scaleIOVolumeSource),
  projected: one(26, 'Several sources in one directory.', projectedVolumeSource),
  storageos: one(27, 'A StorageOS volume; deprecated.', storageOSVolumeSource),
  csi: one(28, 'A volume that a CSI driver makes for the pod alone.', csiVolumeSource),
  ephemeral: one(29, 'A claim made for the pod and deleted with it.', ephemeralVolumeSource),
  image: one(30, 'The files of an OCI image or artifact, read-only.', imageVolumeSource),
})

export const volume = message(
  'api.core.v1.Volume',
  'A named volume that containers of the pod can mount.',
  {
    name: string(1, "The volume's name, unique in the pod.", { required: true, nonEmpty: true }),
  },
  embed(2, 'volumeSource', volumeSource),
)
export interface Volume extends Infer<typeof volume> {}
