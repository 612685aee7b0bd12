// What a node agent may do: with its own Node and Lease, with the pods bound to it, and with what those
// pods refer to. As Kubernetes' node authorizer and NodeRestriction have it, in their first form.
import { isEvent, isRead, type ResourceAttributes } from './attributes.ts'

/** Answers, from the pods that are bound, what a node has to do with an object. */
export interface NodeReferences {
  /** Whether the pod is bound to the node. */
  hasPod(node: string, namespace: string, name: string): boolean
  /** Whether a pod bound to the node refers to the object, as a volume, an environment or an image pull secret does. */
  refers(node: string, resource: string, namespace: string, name: string): boolean
}

const isWrite = (verb: string): boolean => verb === 'update' || verb === 'patch'

/** What pods refer to and agents read. */
const referenced = new Set(['secrets', 'configmaps', 'persistentvolumeclaims'])
/** What every agent needs to know of, and nobody minds it knowing. */
const shared = new Set(['services', 'endpoints', 'endpointslices', 'runtimeclasses', 'csidrivers', 'namespaces'])

/** @returns true, or why not */
export function allowsNode(node: string, attributes: ResourceAttributes, references: NodeReferences): boolean | string {
  const { verb, group, resource, subresource, namespace, name, fieldSelector = '' } = attributes
  if (group === '' && resource === 'nodes') return allowsOwnNode(node, attributes)
  if (group === 'coordination.k8s.io' && resource === 'leases') return allowsOwnLease(node, attributes)
  if (isEvent(group, resource)) {
    return verb === 'create' || isWrite(verb) || 'node agents may only write events'
  }
  if (group === '' && resource === 'pods') {
    if (name === '' && (verb === 'list' || verb === 'watch')) {
      const own = `spec.nodeName=${node}`
      return fieldSelector.split(',').includes(own) || `node agents may only ${verb} with the field selector ${own}`
    }
    // The mirror of a static pod: the registry, which sees the object, admits no other.
    if (name === '') return verb === 'create' && subresource === ''
    if (!references.hasPod(node, namespace, name)) return `no pod of that name is bound to node ${node}`
    if (subresource === 'status') return isWrite(verb) || isRead(verb)
    return subresource === '' && (isRead(verb) || verb === 'delete')
  }
  if (group === '' && referenced.has(resource)) {
    if (!isRead(verb)) return 'node agents may only read it'
    if (name === '') return 'node agents must name the object they read'
    if (references.refers(node, resource, namespace, name)) return true
    return `no pod bound to node ${node} refers to it`
  }
  return shared.has(resource) && isRead(verb)
}

function allowsOwnNode(node: string, { verb, subresource, name }: ResourceAttributes): boolean | string {
  if (isRead(verb)) return true
  // At creation the name stands in the object, where the registry checks what it is given.
  if (verb === 'create') return name === '' || name === node
  if (name !== node) return `node ${node} may only change its own Node`
  return isWrite(verb) && (subresource === '' || subresource === 'status')
}

function allowsOwnLease(node: string, { verb, namespace, name }: ResourceAttributes): boolean | string {
  if (namespace !== 'kube-node-lease') return 'node agents may only use leases in kube-node-lease'
  if (verb === 'create' && name === '') return true
  return name === node
    ? isRead(verb) || isWrite(verb) || verb === 'create' || verb === 'delete'
    : `node ${node} may only use its own Lease`
}
