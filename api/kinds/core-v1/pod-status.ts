import { type Infer, int64, list, map, message, one, string, time } from '../../schema/message.ts'
import { containerStatus } from './container-status.ts'
import { resourceRequirements } from './resources.ts'

export const podCondition = message('api.core.v1.PodCondition', 'What holds of a pod.', {
  type: string(1, 'What it is about.', { required: true }),
  status: string(2, 'Whether it holds: True, False, or Unknown.', {
    required: true,
    enum: ['True', 'False', 'Unknown'],
  }),
  lastProbeTime: time(3, 'When it was last looked at.'),
  lastTransitionTime: time(4, 'When the status changed last.'),
  reason: string(5, 'Why, in one CamelCase word for programs.'),
  message: string(6, 'Why, in words for people.'),
  observedGeneration: int64(7, 'The generation of the pod that this was found for.'),
})
export interface PodCondition extends Infer<typeof podCondition> {}

export const hostIP = message('api.core.v1.HostIP', 'An address of a node.', {
  ip: string(1, 'The address.', { required: true }),
})
export interface HostIP extends Infer<typeof hostIP> {}

export const podIP = message('api.core.v1.PodIP', 'An address of a pod.', {
  ip: string(1, 'The address.', { required: true }),
})

export const podResourceClaimStatus = message('api.core.v1.PodResourceClaimStatus', 'A claim made for a pod.', {
  name: string(1, 'What containers of the pod call it.', { required: true }),
  resourceClaimName: string(2, 'The ResourceClaim; absent when none is needed.', { explicit: true }),
})

export const containerExtendedResourceRequest = message(
  'api.core.v1.ContainerExtendedResourceRequest',
  "A container's extended resource and the request it became.",
  {
    containerName: string(1, 'The container.', { required: true }),
    resourceName: string(2, 'The extended resource.', { required: true }),
    requestName: string(3, 'The request in the claim.', { required: true }),
  },
)

export const podExtendedResourceClaimStatus = message(
  'api.core.v1.PodExtendedResourceClaimStatus',
  "The claim that stands for a pod's extended resources.",
  {
    requestMappings: list(1, "Which container's resource became which request.", containerExtendedResourceRequest, {
      required: true,
      listType: 'atomic',
    }),
    resourceClaimName: string(2, 'The ResourceClaim.', { required: true }),
  },
)

export const nodeAllocatableResourceClaimStatus = message(
  'api.core.v1.NodeAllocatableResourceClaimStatus',
  "Amounts of the node's own resources that a claim takes.",
  {
    resourceClaimName: string(1, 'The ResourceClaim.', { required: true }),
    containers: list(2, 'The containers that use it.', 'string', { listType: 'set' }),
    resources: map(3, 'The amounts.', 'quantity', { required: true }),
  },
)

export const podStatus = message('api.core.v1.PodStatus', 'What is known of a pod.', {
  phase: string(1, 'Where it stands in its life: Pending, Running, Succeeded, Failed, or Unknown.', {
    enum: ['Failed', 'Pending', 'Running', 'Succeeded', 'Unknown'],
  }),
  conditions: list(2, 'What holds of it: PodScheduled, Initialized, ContainersReady, Ready.', podCondition, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
  message: string(3, 'Why it is in this state, in words for people.'),
  reason: string(4, 'Why it is in this state, in one word: Evicted.'),
  hostIP: string(5, "The node's address."),
  podIP: string(6, 'Its address.'),
  startTime: time(7, 'When its node accepted it, before images were fetched.'),
  containerStatuses: list(8, 'Its containers.', containerStatus, {
    listType: 'atomic',
  }),
  qosClass: string(9, 'How it is treated when the node runs short: Guaranteed, Burstable, or BestEffort.', {
    enum: ['BestEffort', 'Burstable', 'Guaranteed'],
  }),
  initContainerStatuses: list(10, 'Its init containers.', containerStatus, {
    listType: 'atomic',
  }),
  nominatedNodeName: string(11, 'The node on which room is being made for it.'),
  podIPs: list(12, 'Its addresses, at most one of each family; the first is podIP.', podIP, {
    listType: 'map',
    keys: ['ip'],
    patch: 'merge',
    mergeKey: 'ip',
  }),
  ephemeralContainerStatuses: list(13, 'Its ephemeral containers.', containerStatus, {
    listType: 'atomic',
  }),
  resize: string(14, 'Superseded by conditions: how far a change of its resources is.'),
  resourceClaimStatuses: list(15, 'The claims made for it.', podResourceClaimStatus, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge,retainKeys',
    mergeKey: 'name',
  }),
  hostIPs: list(16, "The node's addresses; the first is hostIP.", hostIP, {
    listType: 'atomic',
    patch: 'merge',
    mergeKey: 'ip',
  }),
  observedGeneration: int64(17, 'The generation of the pod that this status was found for.'),
  extendedResourceClaimStatus: one(
    18,
    'The claim that stands for its extended resources.',
    podExtendedResourceClaimStatus,
  ),
  allocatedResources: map(19, 'What the node has set aside for the pod as a whole.', 'quantity'),
  resources: one(20, 'The limits and requests of the pod as a whole that are in force.', resourceRequirements),
  nodeAllocatableResourceClaimStatuses: list(
    21,
    "Amounts of the node's own resources that its claims take.",
    nodeAllocatableResourceClaimStatus,
    { listType: 'atomic' },
  ),
})
export interface PodStatus extends Infer<typeof podStatus> {}
