import { type Infer, int64, list, type Message, map, message, one, string, time } from '../../schema/message.ts'
import { type ContainerStatus, containerStatus } from './container-status.ts'
import { type ResourceRequirements, resourceRequirements } from './resources.ts'

export const podStatus = message('api.core.v1.PodStatus', '', {
  phase: string(1, '', { enum: ['Failed', 'Pending', 'Running', 'Succeeded', 'Unknown'] }),
  conditions: list(2, '', (): Message<PodCondition> => podCondition, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
  message: string(3, ''),
  reason: string(4, ''),
  hostIP: string(5, ''),
  podIP: string(6, ''),
  startTime: time(7, ''),
  containerStatuses: list(8, '', (): Message<ContainerStatus> => containerStatus, { listType: 'atomic' }),
  qosClass: string(9, '', { enum: ['BestEffort', 'Burstable', 'Guaranteed'] }),
  initContainerStatuses: list(10, '', (): Message<ContainerStatus> => containerStatus, { listType: 'atomic' }),
  nominatedNodeName: string(11, ''),
  podIPs: list(12, '', (): Message<PodIP> => podIP, { listType: 'map', keys: ['ip'], patch: 'merge', mergeKey: 'ip' }),
  ephemeralContainerStatuses: list(13, '', (): Message<ContainerStatus> => containerStatus, { listType: 'atomic' }),
  resize: string(14, ''),
  resourceClaimStatuses: list(15, '', (): Message<PodResourceClaimStatus> => podResourceClaimStatus, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge,retainKeys',
    mergeKey: 'name',
  }),
  hostIPs: list(16, '', (): Message<HostIP> => hostIP, { listType: 'atomic', patch: 'merge', mergeKey: 'ip' }),
  observedGeneration: int64(17, ''),
  extendedResourceClaimStatus: one(
    18,
    '',
    (): Message<PodExtendedResourceClaimStatus> => podExtendedResourceClaimStatus,
  ),
  allocatedResources: map(19, '', 'quantity'),
  resources: one(20, '', (): Message<ResourceRequirements> => resourceRequirements),
  nodeAllocatableResourceClaimStatuses: list(
    21,
    '',
    (): Message<NodeAllocatableResourceClaimStatus> => nodeAllocatableResourceClaimStatus,
    { listType: 'atomic' },
  ),
})
export interface PodStatus extends Infer<typeof podStatus> {}

export const podCondition = message('api.core.v1.PodCondition', '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true, enum: ['True', 'False', 'Unknown'] }),
  lastProbeTime: time(3, ''),
  lastTransitionTime: time(4, ''),
  reason: string(5, ''),
  message: string(6, ''),
  observedGeneration: int64(7, ''),
})
export interface PodCondition extends Infer<typeof podCondition> {}

export const podIP = message('api.core.v1.PodIP', '', {
  ip: string(1, '', { required: true }),
})
export interface PodIP extends Infer<typeof podIP> {}

export const hostIP = message('api.core.v1.HostIP', '', {
  ip: string(1, '', { required: true }),
})
export interface HostIP extends Infer<typeof hostIP> {}

export const podResourceClaimStatus = message('api.core.v1.PodResourceClaimStatus', '', {
  name: string(1, '', { required: true }),
  resourceClaimName: string(2, '', { explicit: true }),
})
export interface PodResourceClaimStatus extends Infer<typeof podResourceClaimStatus> {}

export const podExtendedResourceClaimStatus = message('api.core.v1.PodExtendedResourceClaimStatus', '', {
  requestMappings: list(1, '', (): Message<ContainerExtendedResourceRequest> => containerExtendedResourceRequest, {
    required: true,
    listType: 'atomic',
  }),
  resourceClaimName: string(2, '', { required: true }),
})
export interface PodExtendedResourceClaimStatus extends Infer<typeof podExtendedResourceClaimStatus> {}

export const containerExtendedResourceRequest = message('api.core.v1.ContainerExtendedResourceRequest', '', {
  containerName: string(1, '', { required: true }),
  resourceName: string(2, '', { required: true }),
  requestName: string(3, '', { required: true }),
})
export interface ContainerExtendedResourceRequest extends Infer<typeof containerExtendedResourceRequest> {}

export const nodeAllocatableResourceClaimStatus = message('api.core.v1.NodeAllocatableResourceClaimStatus', '', {
  resourceClaimName: string(1, '', { required: true }),
  containers: list(2, '', 'string', { listType: 'set' }),
  resources: map(3, '', 'quantity', { required: true }),
})
export interface NodeAllocatableResourceClaimStatus extends Infer<typeof nodeAllocatableResourceClaimStatus> {}
