// What a pod runs, where, and how.
import { boolean, type Infer, int32, int64, list, map, message, one, string } from '../../schema/message.ts'
import { affinity, toleration, topologySpreadConstraint } from './affinity.ts'
import { container } from './container.ts'
import { ephemeralContainer } from './ephemeral-container.ts'
import { localObjectReference } from './references.ts'
import { resourceRequirements } from './resources.ts'
import { podSecurityContext } from './security.ts'
import { volume } from './volumes.ts'

export const hostAlias = message('api.core.v1.HostAlias', 'A line of /etc/hosts.', {
  ip: string(1, 'The address.', { required: true, nonEmpty: true }),
  hostnames: list(2, 'Its names.', 'string', { listType: 'atomic' }),
})

export const podDNSConfigOption = message('api.core.v1.PodDNSConfigOption', 'An option of the resolver.', {
  name: string(1, "The option's name."),
  value: string(2, "The option's value, if it has one.", { explicit: true }),
})

export const podDNSConfig = message('api.core.v1.PodDNSConfig', "Settings of a pod's resolver.", {
  nameservers: list(1, 'Addresses of name servers.', 'string', { listType: 'atomic' }),
  searches: list(2, 'Domains to look names up in.', 'string', { listType: 'atomic' }),
  options: list(3, 'Options of the resolver.', podDNSConfigOption, {
    listType: 'atomic',
  }),
})

export const podReadinessGate = message(
  'api.core.v1.PodReadinessGate',
  'A condition that must hold for a pod to be ready.',
  {
    conditionType: string(1, "The condition's type.", { required: true, nonEmpty: true }),
  },
)

export const podOS = message('api.core.v1.PodOS', 'An operating system.', {
  name: string(1, 'linux, or windows.', { required: true, enum: ['linux', 'windows'], nonEmpty: true }),
})

export const podSchedulingGate = message(
  'api.core.v1.PodSchedulingGate',
  'Something that keeps a pod from being scheduled.',
  {
    name: string(1, "The gate's name, unique in the pod.", { required: true, nonEmpty: true }),
  },
)

export const podResourceClaim = message(
  'api.core.v1.PodResourceClaim',
  'A claim for devices; exactly one of its names is given.',
  {
    name: string(1, 'What containers of the pod call it.', { required: true, nonEmpty: true }),
    resourceClaimName: string(3, "The ResourceClaim in the pod's namespace.", { explicit: true }),
    resourceClaimTemplateName: string(4, 'The ResourceClaimTemplate a claim for the pod is made from.', {
      explicit: true,
    }),
  },
)

export const podSchedulingGroup = message(
  'api.core.v1.PodSchedulingGroup',
  'The group of pods a pod is scheduled with.',
  {
    podGroupName: string(1, 'The name of the PodGroup.', { explicit: true }),
  },
)

export const podSpec = message('api.core.v1.PodSpec', 'What a pod runs, where, and how.', {
  volumes: list(1, 'Volumes its containers can mount.', volume, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge,retainKeys',
    mergeKey: 'name',
  }),
  containers: list(2, 'The containers; at least one.', container, {
    required: true,
    nonEmpty: true,
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  restartPolicy: string(
    3,
    'When containers are started again after they ended: Always (default), OnFailure, or Never.',
    { enum: ['Always', 'OnFailure', 'Never'] },
  ),
  terminationGracePeriodSeconds: int64(
    4,
    'Seconds from the stop signal to the kill signal; default 30, 0 kills at once.',
    { explicit: true, min: 0 },
  ),
  activeDeadlineSeconds: int64(5, 'Seconds the pod may run before it is failed.', {
    explicit: true,
    min: 1,
    max: 2147483647,
  }),
  dnsPolicy: string(
    6,
    'Where its resolver looks: ClusterFirst (default), ClusterFirstWithHostNet, Default (as the node), or None (only dnsConfig).',
    { enum: ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'] },
  ),
  nodeSelector: map(7, 'Labels the node must have.', 'string', { mapType: 'atomic' }),
  serviceAccountName: string(8, "The service account it runs as; default the namespace's default."),
  serviceAccount: string(9, 'The older name of serviceAccountName.'),
  nodeName: string(10, 'The node it runs on; set by a scheduler, or by whoever bypasses one.'),
  hostNetwork: boolean(11, "Whether it uses the node's network instead of one of its own."),
  hostPID: boolean(12, "Whether it sees the node's processes."),
  hostIPC: boolean(13, "Whether it shares the node's IPC."),
  securityContext: one(14, 'What its processes may be, and how its volumes are owned.', podSecurityContext),
  imagePullSecrets: list(15, 'Secrets with credentials for image registries.', localObjectReference, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  hostname: string(16, "The name of the host as its containers see it; default the pod's name."),
  subdomain: string(17, 'Makes its full name HOSTNAME.SUBDOMAIN.NAMESPACE.svc.CLUSTERDOMAIN.'),
  affinity: one(18, 'Where it wants to run.', affinity),
  schedulerName: string(19, 'The scheduler that places it; default default-scheduler.'),
  initContainers: list(
    20,
    'Containers that run one after another, each to its end, before the others start.',
    container,
    { listType: 'map', keys: ['name'], patch: 'merge', mergeKey: 'name' },
  ),
  automountServiceAccountToken: boolean(21, 'Whether a token of its service account is mounted.', { explicit: true }),
  tolerations: list(22, 'Taints it can bear.', toleration, { listType: 'atomic' }),
  hostAliases: list(23, 'Lines to add to /etc/hosts.', hostAlias, {
    listType: 'map',
    keys: ['ip'],
    patch: 'merge',
    mergeKey: 'ip',
  }),
  priorityClassName: string(
    24,
    'The class of its priority; system-node-critical and system-cluster-critical are the highest.',
  ),
  priority: int32(25, 'Its priority as a number, from its class.', { explicit: true }),
  dnsConfig: one(26, 'More for its resolver, on top of dnsPolicy.', podDNSConfig),
  shareProcessNamespace: boolean(27, "Whether its containers see each other's processes.", { explicit: true }),
  readinessGates: list(28, "Conditions that must hold besides its containers' for it to be ready.", podReadinessGate, {
    listType: 'atomic',
  }),
  runtimeClassName: string(29, "The runtime class it runs under; default the node's runtime.", { explicit: true }),
  enableServiceLinks: boolean(
    30,
    'Whether variables tell its containers of the services of its namespace; default true.',
    { explicit: true },
  ),
  preemptionPolicy: string(
    31,
    'Whether it may push out pods of lower priority: PreemptLowerPriority (default), or Never.',
    { explicit: true, enum: ['Never', 'PreemptLowerPriority'] },
  ),
  overhead: map(32, 'What running it costs besides its containers, from its runtime class.', 'quantity'),
  topologySpreadConstraints: list(
    33,
    'How it spreads with its like over the cluster; all must hold.',
    topologySpreadConstraint,
    { listType: 'map', keys: ['topologyKey', 'whenUnsatisfiable'], patch: 'merge', mergeKey: 'topologyKey' },
  ),
  ephemeralContainers: list(34, 'Containers added while it runs, to look at it.', ephemeralContainer, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  setHostnameAsFQDN: boolean(35, 'Whether its hostname is its full name; default false.', { explicit: true }),
  os: one(36, 'The operating system it is for.', podOS),
  hostUsers: boolean(37, "Whether it uses the node's users; false gives it a user namespace. Default true.", {
    explicit: true,
  }),
  schedulingGates: list(38, 'What must be taken away before it is scheduled.', podSchedulingGate, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge',
    mergeKey: 'name',
  }),
  resourceClaims: list(39, 'Devices it claims, for its containers to use.', podResourceClaim, {
    listType: 'map',
    keys: ['name'],
    patch: 'merge,retainKeys',
    mergeKey: 'name',
  }),
  resources: one(40, 'What its containers ask for and may use together.', resourceRequirements),
  hostnameOverride: string(
    41,
    'The name of the host as its containers see it, whatever hostname and subdomain say; at most 64 characters.',
    { explicit: true },
  ),
  schedulingGroup: one(43, 'The group of pods it is scheduled with.', podSchedulingGroup),
})
export interface PodSpec extends Infer<typeof podSpec> {}
