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
  typeMeta,
} from '../../schema/message.ts'
import { type ObjectMeta, objectMeta } from '../meta-v1/object-meta.ts'
import {
  type Affinity,
  affinity,
  type Toleration,
  type TopologySpreadConstraint,
  toleration,
  topologySpreadConstraint,
} from './affinity.ts'
import { type Container, container } from './container.ts'
import { type EphemeralContainer, ephemeralContainer } from './ephemeral-container.ts'
import { type PodStatus, podStatus } from './pod-status.ts'
import { type LocalObjectReference, localObjectReference } from './references.ts'
import { type ResourceRequirements, resourceRequirements } from './resources.ts'
import { type PodSecurityContext, podSecurityContext } from './security.ts'
import { type Volume, volume } from './volumes.ts'

export const pod = message('api.core.v1.Pod', '', {
  ...typeMeta('v1', 'Pod'),
  metadata: one(1, '', (): Message<ObjectMeta> => objectMeta, { byValue: true }),
  spec: one(2, '', (): Message<PodSpec> => podSpec, { byValue: true }),
  status: one(3, '', (): Message<PodStatus> => podStatus, { byValue: true }),
})
export interface Pod extends Infer<typeof pod> {}

export const podSpec = message('api.core.v1.PodSpec', '', {
  volumes: list(1, '', (): Message<Volume> => volume, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge,retainKeys',
    mergeKey: 'name',
  }),
  containers: list(2, '', (): Message<Container> => container, {
    required: true,
    nonEmpty: true,
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  restartPolicy: string(3, '', { enum: ['Always', 'OnFailure', 'Never'] }),
  terminationGracePeriodSeconds: int64(4, '', { explicit: true, min: 0 }),
  activeDeadlineSeconds: int64(5, '', { explicit: true, min: 1, max: 2147483647 }),
  dnsPolicy: string(6, '', { enum: ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'] }),
  nodeSelector: map(7, '', 'string', { mapType: 'atomic' }),
  serviceAccountName: string(8, ''),
  serviceAccount: string(9, ''),
  nodeName: string(10, ''),
  hostNetwork: boolean(11, ''),
  hostPID: boolean(12, ''),
  hostIPC: boolean(13, ''),
  securityContext: one(14, '', (): Message<PodSecurityContext> => podSecurityContext),
  imagePullSecrets: list(15, '', (): Message<LocalObjectReference> => localObjectReference, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  hostname: string(16, ''),
  subdomain: string(17, ''),
  affinity: one(18, '', (): Message<Affinity> => affinity),
  schedulerName: string(19, ''),
  initContainers: list(20, '', (): Message<Container> => container, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  automountServiceAccountToken: boolean(21, '', { explicit: true }),
  tolerations: list(22, '', (): Message<Toleration> => toleration, { listType: 'atomic' }),
  hostAliases: list(23, '', (): Message<HostAlias> => hostAlias, {
    listType: 'map',
    keys: ['ip'],
    patch: 'merge',
    mergeKey: 'ip',
  }),
  priorityClassName: string(24, ''),
  priority: int32(25, '', { explicit: true }),
  dnsConfig: one(26, '', (): Message<PodDNSConfig> => podDNSConfig),
  shareProcessNamespace: boolean(27, '', { explicit: true }),
  readinessGates: list(28, '', (): Message<PodReadinessGate> => podReadinessGate, { listType: 'atomic' }),
  runtimeClassName: string(29, '', { explicit: true }),
  enableServiceLinks: boolean(30, '', { explicit: true }),
  preemptionPolicy: string(31, '', { explicit: true, enum: ['Never', 'PreemptLowerPriority'] }),
  overhead: map(32, '', 'quantity'),
  topologySpreadConstraints: list(33, '', (): Message<TopologySpreadConstraint> => topologySpreadConstraint, {
    listType: 'map',
    keys: ['topologyKey', 'whenUnsatisfiable'],
    patch: 'merge',
    mergeKey: 'topologyKey',
  }),
  ephemeralContainers: list(34, '', (): Message<EphemeralContainer> => ephemeralContainer, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  setHostnameAsFQDN: boolean(35, '', { explicit: true }),
  os: one(36, '', (): Message<PodOS> => podOS),
  hostUsers: boolean(37, '', { explicit: true }),
  schedulingGates: list(38, '', (): Message<PodSchedulingGate> => podSchedulingGate, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  resourceClaims: list(39, '', (): Message<PodResourceClaim> => podResourceClaim, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge,retainKeys',
    mergeKey: 'name',
  }),
  resources: one(40, '', (): Message<ResourceRequirements> => resourceRequirements),
  hostnameOverride: string(41, '', { explicit: true }),
  schedulingGroup: one(43, '', (): Message<PodSchedulingGroup> => podSchedulingGroup),
})
export interface PodSpec extends Infer<typeof podSpec> {}

export const podOS = message('api.core.v1.PodOS', '', {
  name: string(1, '', { required: true, enum: ['linux', 'windows'], nonEmpty: true }),
})
export interface PodOS extends Infer<typeof podOS> {}

export const podReadinessGate = message('api.core.v1.PodReadinessGate', '', {
  conditionType: string(1, '', { required: true, nonEmpty: true }),
})
export interface PodReadinessGate extends Infer<typeof podReadinessGate> {}

export const podSchedulingGate = message('api.core.v1.PodSchedulingGate', '', {
  name: string(1, '', { required: true, nonEmpty: true }),
})
export interface PodSchedulingGate extends Infer<typeof podSchedulingGate> {}

export const podSchedulingGroup = message('api.core.v1.PodSchedulingGroup', '', {
  podGroupName: string(1, '', { explicit: true }),
})
export interface PodSchedulingGroup extends Infer<typeof podSchedulingGroup> {}

export const podResourceClaim = message('api.core.v1.PodResourceClaim', '', {
  name: string(1, '', { required: true, nonEmpty: true }),
  resourceClaimName: string(3, '', { explicit: true }),
  resourceClaimTemplateName: string(4, '', { explicit: true }),
})
export interface PodResourceClaim extends Infer<typeof podResourceClaim> {}

export const hostAlias = message('api.core.v1.HostAlias', '', {
  ip: string(1, '', { required: true, nonEmpty: true }),
  hostnames: list(2, '', 'string', { listType: 'atomic' }),
})
export interface HostAlias extends Infer<typeof hostAlias> {}

export const podDNSConfig = message('api.core.v1.PodDNSConfig', '', {
  nameservers: list(1, '', 'string', { listType: 'atomic' }),
  searches: list(2, '', 'string', { listType: 'atomic' }),
  options: list(3, '', (): Message<PodDNSConfigOption> => podDNSConfigOption, { listType: 'atomic' }),
})
export interface PodDNSConfig extends Infer<typeof podDNSConfig> {}

export const podDNSConfigOption = message('api.core.v1.PodDNSConfigOption', '', {
  name: string(1, ''),
  value: string(2, '', { explicit: true }),
})
export interface PodDNSConfigOption extends Infer<typeof podDNSConfigOption> {}
