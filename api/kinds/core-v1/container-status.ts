// What the node agent reports of one container.
import {
  boolean,
  type Infer,
  int32,
  int64,
  list,
  type Message,
  map,
  message,
  one,
  string,
  time,
} from '../../schema/message.ts'
import { type ResourceRequirements, resourceRequirements } from './resources.ts'

export const containerStatus = message('api.core.v1.ContainerStatus', '', {
  name: string(1, '', { required: true }),
  state: one(2, '', (): Message<ContainerState> => containerState, { byValue: true }),
  lastState: one(3, '', (): Message<ContainerState> => containerState, { byValue: true }),
  ready: boolean(4, '', { required: true }),
  restartCount: int32(5, '', { required: true }),
  image: string(6, '', { required: true }),
  imageID: string(7, '', { required: true }),
  containerID: string(8, ''),
  started: boolean(9, '', { explicit: true }),
  allocatedResources: map(10, '', 'quantity'),
  resources: one(11, '', (): Message<ResourceRequirements> => resourceRequirements),
  volumeMounts: list(12, '', (): Message<VolumeMountStatus> => volumeMountStatus, {
    listType: 'map',
    keys: ['mountPath'],
    patch: 'merge',
    mergeKey: 'mountPath',
  }),
  user: one(13, '', (): Message<ContainerUser> => containerUser),
  allocatedResourcesStatus: list(14, '', (): Message<ResourceStatus> => resourceStatus, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  stopSignal: string(15, '', { explicit: true }),
})
export interface ContainerStatus extends Infer<typeof containerStatus> {}

export const containerState = message('api.core.v1.ContainerState', '', {
  waiting: one(1, '', (): Message<ContainerStateWaiting> => containerStateWaiting),
  running: one(2, '', (): Message<ContainerStateRunning> => containerStateRunning),
  terminated: one(3, '', (): Message<ContainerStateTerminated> => containerStateTerminated),
})
export interface ContainerState extends Infer<typeof containerState> {}

export const containerStateWaiting = message('api.core.v1.ContainerStateWaiting', '', {
  reason: string(1, ''),
  message: string(2, ''),
})
export interface ContainerStateWaiting extends Infer<typeof containerStateWaiting> {}

export const containerStateRunning = message('api.core.v1.ContainerStateRunning', '', {
  startedAt: time(1, ''),
})
export interface ContainerStateRunning extends Infer<typeof containerStateRunning> {}

export const containerStateTerminated = message('api.core.v1.ContainerStateTerminated', '', {
  exitCode: int32(1, '', { required: true }),
  signal: int32(2, ''),
  reason: string(3, ''),
  message: string(4, ''),
  startedAt: time(5, ''),
  finishedAt: time(6, ''),
  containerID: string(7, ''),
})
export interface ContainerStateTerminated extends Infer<typeof containerStateTerminated> {}

export const containerUser = message('api.core.v1.ContainerUser', '', {
  linux: one(1, '', (): Message<LinuxContainerUser> => linuxContainerUser),
})
export interface ContainerUser extends Infer<typeof containerUser> {}

export const linuxContainerUser = message('api.core.v1.LinuxContainerUser', '', {
  uid: int64(1, '', { required: true }),
  gid: int64(2, '', { required: true }),
  supplementalGroups: list(3, '', 'int64', { listType: 'atomic' }),
})
export interface LinuxContainerUser extends Infer<typeof linuxContainerUser> {}

export const resourceStatus = message('api.core.v1.ResourceStatus', '', {
  name: string(1, '', { required: true }),
  resources: list(2, '', (): Message<ResourceHealth> => resourceHealth, { listType: 'map', keys: ['resourceID'] }),
})
export interface ResourceStatus extends Infer<typeof resourceStatus> {}

export const resourceHealth = message('api.core.v1.ResourceHealth', '', {
  resourceID: string(1, '', { required: true }),
  health: string(2, ''),
  message: string(6, '', { explicit: true }),
})
export interface ResourceHealth extends Infer<typeof resourceHealth> {}

export const volumeMountStatus = message('api.core.v1.VolumeMountStatus', '', {
  name: string(1, '', { required: true }),
  mountPath: string(2, '', { required: true }),
  readOnly: boolean(3, ''),
  recursiveReadOnly: string(4, '', { explicit: true }),
  volumeStatus: one(5, '', (): Message<VolumeStatus> => volumeStatus),
})
export interface VolumeMountStatus extends Infer<typeof volumeMountStatus> {}

export const volumeStatus = message('api.core.v1.VolumeStatus', '', {
  image: one(1, '', (): Message<ImageVolumeStatus> => imageVolumeStatus),
})
export interface VolumeStatus extends Infer<typeof volumeStatus> {}

export const imageVolumeStatus = message('api.core.v1.ImageVolumeStatus', '', {
  imageRef: string(1, '', { required: true }),
})
export interface ImageVolumeStatus extends Infer<typeof imageVolumeStatus> {}
