// The group version v1 (the core group).
import { binding } from './core-v1/binding.ts'
import { configMap } from './core-v1/config-map.ts'
import { event } from './core-v1/event.ts'
import { namespace } from './core-v1/namespace.ts'
import { node } from './core-v1/node.ts'
import { pod } from './core-v1/pod.ts'
import { secret } from './core-v1/secret.ts'
import { service } from './core-v1/service.ts'
import { kind, type Subresource, status } from './kind.ts'

export * from './core-v1/affinity.ts'
export * from './core-v1/binding.ts'
export * from './core-v1/claim.ts'
export * from './core-v1/config-map.ts'
export * from './core-v1/container.ts'
export * from './core-v1/container-status.ts'
export * from './core-v1/environment.ts'
export * from './core-v1/ephemeral-container.ts'
export * from './core-v1/event.ts'
export * from './core-v1/namespace.ts'
export * from './core-v1/node.ts'
export * from './core-v1/node-status.ts'
export * from './core-v1/pod.ts'
export * from './core-v1/pod-options.ts'
export * from './core-v1/pod-status.ts'
export * from './core-v1/probes.ts'
export * from './core-v1/projected-volume.ts'
export * from './core-v1/references.ts'
export * from './core-v1/resources.ts'
export * from './core-v1/secret.ts'
export * from './core-v1/security.ts'
export * from './core-v1/service.ts'
export * from './core-v1/storage-volumes.ts'
export * from './core-v1/volumes.ts'

const core = { group: '', version: 'v1' } as const

const podSubresources: readonly Subresource[] = [
  { name: 'binding', kind: { ...core, kind: 'Binding' }, verbs: ['create'] },
  { name: 'exec', kind: { ...core, kind: 'PodExecOptions' }, verbs: ['connect'] },
  { name: 'log', verbs: ['get'] },
  status,
]

export const pods = kind(
  {
    ...core,
    kind: 'Pod',
    resource: 'pods',
    singular: 'pod',
    shortNames: ['po'],
    categories: ['all'],
    namespaced: true,
    subresources: podSubresources,
  },
  pod,
)

export const nodes = kind(
  {
    ...core,
    kind: 'Node',
    resource: 'nodes',
    singular: 'node',
    shortNames: ['no'],
    namespaced: false,
    subresources: [status],
  },
  node,
)

export const namespaces = kind(
  {
    ...core,
    kind: 'Namespace',
    resource: 'namespaces',
    singular: 'namespace',
    shortNames: ['ns'],
    namespaced: false,
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    subresources: [{ name: 'finalize', verbs: ['update'] }, status],
  },
  namespace,
)

export const configMaps = kind(
  { ...core, kind: 'ConfigMap', resource: 'configmaps', singular: 'configmap', shortNames: ['cm'], namespaced: true },
  configMap,
)

export const secrets = kind(
  { ...core, kind: 'Secret', resource: 'secrets', singular: 'secret', namespaced: true },
  secret,
)

export const services = kind(
  {
    ...core,
    kind: 'Service',
    resource: 'services',
    singular: 'service',
    shortNames: ['svc'],
    categories: ['all'],
    namespaced: true,
    subresources: [status],
  },
  service,
)

export const events = kind(
  { ...core, kind: 'Event', resource: 'events', singular: 'event', shortNames: ['ev'], namespaced: true },
  event,
)

/** Bodies of pods/binding; nothing is stored under this name. */
export const bindings = kind(
  { ...core, kind: 'Binding', resource: 'bindings', singular: 'binding', namespaced: true, verbs: ['create'] },
  binding,
)
