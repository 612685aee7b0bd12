// The group version v1 (the core group).
import { dns1035LabelErrors, dns1123LabelErrors } from '../values/names.ts'
import { binding } from './core-v1/binding.ts'
import { validateBinding } from './core-v1/binding-validation.ts'
import {
  validateNamespace,
  validateNamespaceStatusUpdate,
  validateNode,
  validateNodeUpdate,
} from './core-v1/cluster-validation.ts'
import { configMap } from './core-v1/config-map.ts'
import {
  validateConfigMap,
  validateConfigMapUpdate,
  validateSecret,
  validateSecretUpdate,
} from './core-v1/config-validation.ts'
import { setNamespaceDefaults, setNodeDefaults, setSecretDefaults, setServiceDefaults } from './core-v1/defaults.ts'
import { event } from './core-v1/event.ts'
import { eventTable } from './core-v1/event-table.ts'
import { validateEvent } from './core-v1/event-validation.ts'
import { eventFields, namespaceFields, nodeFields, podFields, secretFields, serviceFields } from './core-v1/fields.ts'
import { namespace } from './core-v1/namespace.ts'
import { node } from './core-v1/node.ts'
import { nodeTable } from './core-v1/node-table.ts'
import { pod } from './core-v1/pod.ts'
import { setPodDefaults } from './core-v1/pod-defaults.ts'
import { podTable } from './core-v1/pod-table.ts'
import { validatePodStatusUpdate, validatePodUpdate } from './core-v1/pod-update-validation.ts'
import { validatePod } from './core-v1/pod-validation.ts'
import { secret } from './core-v1/secret.ts'
import { service } from './core-v1/service.ts'
import { serviceTable } from './core-v1/service-table.ts'
import { validateService, validateServiceUpdate } from './core-v1/service-validation.ts'
import { configMapTable, namespaceTable, secretTable } from './core-v1/tables.ts'
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
export * from './core-v1/node-config.ts'
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
export * from './core-v1/volume-files.ts'
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
  {
    setDefaults: setPodDefaults,
    validate: validatePod,
    validateUpdate: validatePodUpdate,
    validateStatus: validatePodStatusUpdate,
    selectableFields: podFields,
    table: podTable,
  },
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
  {
    setDefaults: setNodeDefaults,
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
    validateStatus: validateNode,
    selectableFields: nodeFields,
    table: nodeTable,
  },
)

export const namespaces = kind(
  {
    ...core,
    kind: 'Namespace',
    resource: 'namespaces',
    singular: 'namespace',
    shortNames: ['ns'],
    namespaced: false,
    nameErrors: dns1123LabelErrors,
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    subresources: [{ name: 'finalize', verbs: ['update'] }, status],
  },
  namespace,
  {
    setDefaults: setNamespaceDefaults,
    validate: validateNamespace,
    validateStatus: validateNamespaceStatusUpdate,
    selectableFields: namespaceFields,
    table: namespaceTable,
  },
)

export const configMaps = kind(
  { ...core, kind: 'ConfigMap', resource: 'configmaps', singular: 'configmap', shortNames: ['cm'], namespaced: true },
  configMap,
  { validate: validateConfigMap, validateUpdate: validateConfigMapUpdate, table: configMapTable },
)

export const secrets = kind(
  { ...core, kind: 'Secret', resource: 'secrets', singular: 'secret', namespaced: true },
  secret,
  {
    setDefaults: setSecretDefaults,
    validate: validateSecret,
    validateUpdate: validateSecretUpdate,
    selectableFields: secretFields,
    table: secretTable,
  },
)

export const services = kind(
  {
    ...core,
    kind: 'Service',
    resource: 'services',
    singular: 'service',
    shortNames: ['svc'],
    nameErrors: dns1035LabelErrors,
    categories: ['all'],
    namespaced: true,
    subresources: [status],
  },
  service,
  {
    setDefaults: setServiceDefaults,
    validate: validateService,
    validateUpdate: validateServiceUpdate,
    selectableFields: serviceFields,
    table: serviceTable,
  },
)

export const events = kind(
  { ...core, kind: 'Event', resource: 'events', singular: 'event', shortNames: ['ev'], namespaced: true },
  event,
  { validate: validateEvent, selectableFields: eventFields, table: eventTable },
)

/** Bodies of pods/binding; nothing is stored under this name. */
export const bindings = kind(
  { ...core, kind: 'Binding', resource: 'bindings', singular: 'binding', namespaced: true, verbs: ['create'] },
  binding,
  { validate: validateBinding },
)
