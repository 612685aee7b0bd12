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
import { type NodeConfigSource, nodeConfigSource } from './node.ts'

export const nodeStatus = message('api.core.v1.NodeStatus', '', {
  capacity: map(1, '', 'quantity'),
  allocatable: map(2, '', 'quantity'),
  phase: string(3, '', { enum: ['Pending', 'Running', 'Terminated'] }),
  conditions: list(4, '', (): Message<NodeCondition> => nodeCondition, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
  addresses: list(5, '', (): Message<NodeAddress> => nodeAddress, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
  daemonEndpoints: one(6, '', (): Message<NodeDaemonEndpoints> => nodeDaemonEndpoints, { byValue: true }),
  nodeInfo: one(7, '', (): Message<NodeSystemInfo> => nodeSystemInfo, { byValue: true }),
  images: list(8, '', (): Message<ContainerImage> => containerImage, { listType: 'atomic' }),
  volumesInUse: list(9, '', 'string', { listType: 'atomic' }),
  volumesAttached: list(10, '', (): Message<AttachedVolume> => attachedVolume, { listType: 'atomic' }),
  config: one(11, '', (): Message<NodeConfigStatus> => nodeConfigStatus),
  runtimeHandlers: list(12, '', (): Message<NodeRuntimeHandler> => nodeRuntimeHandler, { listType: 'atomic' }),
  features: one(13, '', (): Message<NodeFeatures> => nodeFeatures),
  declaredFeatures: list(14, '', 'string', { listType: 'atomic' }),
})
export interface NodeStatus extends Infer<typeof nodeStatus> {}

export const nodeCondition = message('api.core.v1.NodeCondition', '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true, enum: ['True', 'False', 'Unknown'] }),
  lastHeartbeatTime: time(3, ''),
  lastTransitionTime: time(4, ''),
  reason: string(5, ''),
  message: string(6, ''),
})
export interface NodeCondition extends Infer<typeof nodeCondition> {}

export const nodeAddress = message('api.core.v1.NodeAddress', '', {
  type: string(1, '', { required: true }),
  address: string(2, '', { required: true }),
})
export interface NodeAddress extends Infer<typeof nodeAddress> {}

export const nodeDaemonEndpoints = message('api.core.v1.NodeDaemonEndpoints', '', {
  kubeletEndpoint: one(1, '', (): Message<DaemonEndpoint> => daemonEndpoint, { byValue: true }),
})
export interface NodeDaemonEndpoints extends Infer<typeof nodeDaemonEndpoints> {}

export const daemonEndpoint = message('api.core.v1.DaemonEndpoint', '', {
  Port: int32(1, '', { required: true }),
})
export interface DaemonEndpoint extends Infer<typeof daemonEndpoint> {}

export const nodeSystemInfo = message('api.core.v1.NodeSystemInfo', '', {
  machineID: string(1, '', { required: true }),
  systemUUID: string(2, '', { required: true }),
  bootID: string(3, '', { required: true }),
  kernelVersion: string(4, '', { required: true }),
  osImage: string(5, '', { required: true }),
  containerRuntimeVersion: string(6, '', { required: true }),
  kubeletVersion: string(7, '', { required: true }),
  kubeProxyVersion: string(8, '', { required: true }),
  operatingSystem: string(9, '', { required: true }),
  architecture: string(10, '', { required: true }),
  swap: one(11, '', (): Message<NodeSwapStatus> => nodeSwapStatus),
})
export interface NodeSystemInfo extends Infer<typeof nodeSystemInfo> {}

export const nodeSwapStatus = message('api.core.v1.NodeSwapStatus', '', {
  capacity: int64(1, '', { explicit: true }),
})
export interface NodeSwapStatus extends Infer<typeof nodeSwapStatus> {}

export const containerImage = message('api.core.v1.ContainerImage', '', {
  names: list(1, '', 'string', { listType: 'atomic' }),
  sizeBytes: int64(2, ''),
})
export interface ContainerImage extends Infer<typeof containerImage> {}

export const attachedVolume = message('api.core.v1.AttachedVolume', '', {
  name: string(1, '', { required: true }),
  devicePath: string(2, '', { required: true }),
})
export interface AttachedVolume extends Infer<typeof attachedVolume> {}

export const nodeConfigStatus = message('api.core.v1.NodeConfigStatus', '', {
  assigned: one(1, '', (): Message<NodeConfigSource> => nodeConfigSource),
  active: one(2, '', (): Message<NodeConfigSource> => nodeConfigSource),
  lastKnownGood: one(3, '', (): Message<NodeConfigSource> => nodeConfigSource),
  error: string(4, ''),
})
export interface NodeConfigStatus extends Infer<typeof nodeConfigStatus> {}

export const nodeRuntimeHandler = message('api.core.v1.NodeRuntimeHandler', '', {
  name: string(1, ''),
  features: one(2, '', (): Message<NodeRuntimeHandlerFeatures> => nodeRuntimeHandlerFeatures),
})
export interface NodeRuntimeHandler extends Infer<typeof nodeRuntimeHandler> {}

export const nodeRuntimeHandlerFeatures = message('api.core.v1.NodeRuntimeHandlerFeatures', '', {
  recursiveReadOnlyMounts: boolean(1, '', { explicit: true }),
  userNamespaces: boolean(2, '', { explicit: true }),
})
export interface NodeRuntimeHandlerFeatures extends Infer<typeof nodeRuntimeHandlerFeatures> {}

export const nodeFeatures = message('api.core.v1.NodeFeatures', '', {
  supplementalGroupsPolicy: boolean(1, '', { explicit: true }),
})
export interface NodeFeatures extends Infer<typeof nodeFeatures> {}
