// What the node agent reports of one container.
import { boolean, type Infer, int32, int64, list, map, message, one, string, time } from '../../schema/message.ts'
import { resourceRequirements } from './resources.ts'

export const containerStateWaiting = message(
  'api.core.v1.ContainerStateWaiting',
  'A container that does not run yet.',
  {
    reason: string(1, 'Why, in one word: ContainerCreating, ImagePullBackOff, CrashLoopBackOff.'),
    message: string(2, 'Why, in words for people.'),
  },
)
export interface ContainerStateWaiting extends Infer<typeof containerStateWaiting> {}

export const containerStateRunning = message('api.core.v1.ContainerStateRunning', 'A container that runs.', {
  startedAt: time(1, 'When it was started.'),
})

export const containerStateTerminated = message('api.core.v1.ContainerStateTerminated', 'A container that has ended.', {
  exitCode: int32(1, "The exit code of its first process; 128 and the signal's number when a signal ended it.", {
    required: true,
  }),
  signal: int32(2, 'The number of the signal that ended it.'),
  reason: string(3, 'Why, in one word: Completed, Error, OOMKilled.'),
  message: string(4, 'What it said of its end: its termination message.'),
  startedAt: time(5, 'When it was started.'),
  finishedAt: time(6, 'When it ended.'),
  containerID: string(7, 'The id of the container that ended.'),
})
export interface ContainerStateTerminated extends Infer<typeof containerStateTerminated> {}

export const containerState = message(
  'api.core.v1.ContainerState',
  'What a container does; at most one is given, and none means waiting.',
  {
    waiting: one(1, 'It is not running yet.', containerStateWaiting),
    running: one(2, 'It runs.', containerStateRunning),
    terminated: one(3, 'It has ended.', containerStateTerminated),
  },
)
export interface ContainerState extends Infer<typeof containerState> {}

export const imageVolumeStatus = message('api.core.v1.ImageVolumeStatus', 'What is known of a mounted image.', {
  imageRef: string(1, 'The digest of the image.', { required: true }),
})

export const volumeStatus = message(
  'api.core.v1.VolumeStatus',
  'What is known of a mounted volume; at most one is given.',
  {
    image: one(1, 'Of an image volume.', imageVolumeStatus),
  },
)

export const volumeMountStatus = message('api.core.v1.VolumeMountStatus', 'How a volume is mounted in a container.', {
  name: string(1, "The volume's name.", { required: true }),
  mountPath: string(2, 'Where it is mounted.', { required: true }),
  readOnly: boolean(3, 'Whether it is read-only.'),
  recursiveReadOnly: string(4, 'Whether the mounts below are read-only: Disabled, or Enabled.', { explicit: true }),
  volumeStatus: one(5, "More, by the volume's type.", volumeStatus),
})

export const linuxContainerUser = message(
  'api.core.v1.LinuxContainerUser',
  'A user on Linux; the process may have changed it since.',
  {
    uid: int64(1, "The user's id.", { required: true }),
    gid: int64(2, "The group's id.", { required: true }),
    supplementalGroups: list(3, 'Further groups.', 'int64', { listType: 'atomic' }),
  },
)

export const containerUser = message('api.core.v1.ContainerUser', "Who a container's first process was started as.", {
  linux: one(1, 'The user on Linux.', linuxContainerUser),
})

export const resourceHealth = message('api.core.v1.ResourceHealth', 'How one device is.', {
  resourceID: string(1, "The device's id, unique in its resource.", { required: true }),
  health: string(2, 'Healthy, Unhealthy, or Unknown.'),
  message: string(6, 'More on it, for people.', { explicit: true }),
})

export const resourceStatus = message('api.core.v1.ResourceStatus', 'How the devices of one resource are.', {
  name: string(1, 'The resource, or claim and request: claim:NAME/REQUEST.', { required: true }),
  resources: list(2, 'Each device.', resourceHealth, {
    listType: 'map',
    keys: ['resourceID'],
  }),
})

export const containerStatus = message('api.core.v1.ContainerStatus', 'What is known of a container of the pod.', {
  name: string(1, "The container's name.", { required: true }),
  state: one(2, 'What it does now.', containerState, { byValue: true }),
  lastState: one(3, 'How it ended before it was last restarted.', containerState, {
    byValue: true,
  }),
  ready: boolean(4, 'Whether it passes its readiness probe.', { required: true }),
  restartCount: int32(5, 'How often it was restarted.', { required: true }),
  image: string(6, 'The image it runs, as resolved.', { required: true }),
  imageID: string(7, "The image's identity: its digest.", { required: true }),
  containerID: string(8, "The container's id, with the runtime's name in front: tessera://1f2e…."),
  started: boolean(9, 'Whether it has started: its startup probe has passed, and postStart is done.', {
    explicit: true,
  }),
  allocatedResources: map(10, 'What the node has set aside for it.', 'quantity'),
  resources: one(11, 'The limits and requests that are in force.', resourceRequirements),
  volumeMounts: list(12, 'How its volumes are mounted.', volumeMountStatus, {
    listType: 'map',
    keys: ['mountPath'],
    patch: 'merge',
    mergeKey: 'mountPath',
  }),
  user: one(13, 'Who its first process was started as.', containerUser),
  allocatedResourcesStatus: list(14, 'How the devices it was given are.', resourceStatus, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  stopSignal: string(15, 'The signal that stops it.', { explicit: true }),
})
export interface ContainerStatus extends Infer<typeof containerStatus> {}
