import { boolean, type Infer, int32, int64, list, map, message, one, string, time } from '../../schema/message.ts'
import { nodeConfigSource } from './node-config.ts'

export const nodeCondition = message('api.core.v1.NodeCondition', 'What holds of a node.', {
  type: string(1, 'What it is about.', { required: true }),
  status: string(2, 'Whether it holds: True, False, or Unknown.', {
    required: true,
    enum: ['True', 'False', 'Unknown'],
  }),
  lastHeartbeatTime: time(3, 'When the agent last said so.'),
  lastTransitionTime: time(4, 'When the status changed last.'),
  reason: string(5, 'Why, in one CamelCase word for programs.'),
  message: string(6, 'Why, in words for people.'),
})
export interface NodeCondition extends Infer<typeof nodeCondition> {}

export const nodeAddress = message('api.core.v1.NodeAddress', 'An address or name of a node.', {
  type: string(1, 'Hostname, InternalIP, ExternalIP, InternalDNS, or ExternalDNS.', { required: true }),
  address: string(2, 'The address or name.', { required: true }),
})

export const daemonEndpoint = message('api.core.v1.DaemonEndpoint', 'A port of a daemon.', {
  Port: int32(1, 'The port; 0 when it does not listen.', { required: true }),
})

export const nodeDaemonEndpoints = message('api.core.v1.NodeDaemonEndpoints', "Ports of a node's daemons.", {
  kubeletEndpoint: one(1, 'Where the agent listens.', daemonEndpoint, { byValue: true }),
})

export const nodeSwapStatus = message('api.core.v1.NodeSwapStatus', "A node's swap space.", {
  capacity: int64(1, 'Bytes of it.', { explicit: true }),
})

export const nodeSystemInfo = message('api.core.v1.NodeSystemInfo', 'What a node is.', {
  machineID: string(1, "The machine's id, from /etc/machine-id.", { required: true }),
  systemUUID: string(2, "The hardware's id.", { required: true }),
  bootID: string(3, 'Another one after each boot.', { required: true }),
  kernelVersion: string(4, "The kernel's release, as uname -r prints it.", { required: true }),
  osImage: string(5, 'The operating system, from /etc/os-release.', { required: true }),
  containerRuntimeVersion: string(6, "The runtime's name and version: tessera://0.1.0.", { required: true }),
  kubeletVersion: string(7, "The node agent's version.", { required: true }),
  kubeProxyVersion: string(8, 'No longer used.', { required: true }),
  operatingSystem: string(9, 'linux.', { required: true }),
  architecture: string(10, "The processor's architecture, in Go's words: amd64, arm64.", { required: true }),
  swap: one(11, 'Its swap space.', nodeSwapStatus),
})

export const containerImage = message('api.core.v1.ContainerImage', 'An image on a node.', {
  names: list(1, 'Its names, by tag and by digest.', 'string', { listType: 'atomic' }),
  sizeBytes: int64(2, 'Its size in bytes.'),
})
export interface ContainerImage extends Infer<typeof containerImage> {}

export const attachedVolume = message('api.core.v1.AttachedVolume', 'A volume attached to a node.', {
  name: string(1, "The volume's name.", { required: true }),
  devicePath: string(2, 'The device it appears as.', { required: true }),
})

export const nodeConfigStatus = message(
  'api.core.v1.NodeConfigStatus',
  'Which configuration a node uses; no longer used.',
  {
    assigned: one(1, 'What it was told to use.', nodeConfigSource),
    active: one(2, 'What it uses.', nodeConfigSource),
    lastKnownGood: one(3, 'What it falls back to.', nodeConfigSource),
    error: string(4, 'Why it does not use what it was told to.'),
  },
)

export const nodeRuntimeHandlerFeatures = message('api.core.v1.NodeRuntimeHandlerFeatures', 'What a handler can do.', {
  recursiveReadOnlyMounts: boolean(1, 'Whether it can make mounts read-only with all below.', { explicit: true }),
  userNamespaces: boolean(2, 'Whether it can give pods user namespaces.', { explicit: true }),
})

export const nodeRuntimeHandler = message('api.core.v1.NodeRuntimeHandler', "A handler of a node's runtime.", {
  name: string(1, "The handler's name; empty is the default one."),
  features: one(2, 'What it can do.', nodeRuntimeHandlerFeatures),
})

export const nodeFeatures = message('api.core.v1.NodeFeatures', "What a node's runtime can do, whatever the handler.", {
  supplementalGroupsPolicy: boolean(1, 'Whether it knows supplementalGroupsPolicy.', { explicit: true }),
})

export const nodeStatus = message('api.core.v1.NodeStatus', 'What is known of a node.', {
  capacity: map(1, 'What it has, by resource.', 'quantity'),
  allocatable: map(2, 'What of it pods may use, by resource.', 'quantity'),
  phase: string(3, 'No longer used.', { enum: ['Pending', 'Running', 'Terminated'] }),
  conditions: list(
    4,
    'What holds of it: Ready, MemoryPressure, DiskPressure, PIDPressure, NetworkUnavailable.',
    nodeCondition,
    { listType: 'map', keys: ['type'], patch: 'merge', mergeKey: 'type' },
  ),
  addresses: list(5, 'Its addresses and names.', nodeAddress, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
  daemonEndpoints: one(6, 'Ports its agent listens on.', nodeDaemonEndpoints, {
    byValue: true,
  }),
  nodeInfo: one(7, 'What it is: its ids and versions.', nodeSystemInfo, {
    byValue: true,
  }),
  images: list(8, 'Container images it has.', containerImage, { listType: 'atomic' }),
  volumesInUse: list(9, 'Volumes that are in use on it.', 'string', { listType: 'atomic' }),
  volumesAttached: list(10, 'Volumes that are attached to it.', attachedVolume, {
    listType: 'atomic',
  }),
  config: one(11, 'No longer used.', nodeConfigStatus),
  runtimeHandlers: list(12, 'Handlers its runtime offers to runtime classes.', nodeRuntimeHandler, {
    listType: 'atomic',
  }),
  features: one(13, 'What its runtime can do.', nodeFeatures),
  declaredFeatures: list(14, 'Features it says it has, which pods may need.', 'string', { listType: 'atomic' }),
})
export interface NodeStatus extends Infer<typeof nodeStatus> {}
