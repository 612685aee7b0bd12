// NodeRestriction: what a node agent may write, judged by the objects themselves. Who is allowed a verb on a name
// (control-plane/auth) is still not allowed everything an object can say
// (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction).
import { StatusError } from '../../../api/errors.ts'
import { leases } from '../../../api/kinds/coordination-v1/lease.ts'
import { nodes } from '../../../api/kinds/core-v1/node.ts'
import { type Pod, pods } from '../../../api/kinds/core-v1/pod.ts'
import { podReferences } from '../../../api/kinds/core-v1/pod-references.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import { nodeOf } from '../../../api/values/node-user.ts'
import { jsonEqual, toJson } from '../patch/json.ts'
import { forbiddenLabels } from './node-labels.ts'
import { isMirrorPod, isOf, mirrorAnnotation, objectOf } from './objects.ts'
import type { AdmissionPlugin, Attributes } from './plugin.ts'

/** What is judged. */
export type NodeRequest = Pick<
  Attributes,
  'operation' | 'kind' | 'subresource' | 'namespace' | 'name' | 'object' | 'old' | 'user'
> & {
  /** Of the Node the user is the agent of, if there is one; what a new pod must be owned by. */
  readonly nodeUid?: string | undefined
}

const leaseNamespace = 'kube-node-lease'

export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  handles: ({ user }) => user !== undefined && nodeOf(user) !== undefined,
  async mutate(attributes, lookup) {
    const { user, operation, subresource, namespace, name, signal } = attributes
    const node = (user && nodeOf(user)) ?? ''
    const isNew = isOf(attributes, pods) && operation === 'create' && node !== ''
    // Asks the store, since the Node may just have been registered anew.
    const registered = isNew ? await lookup.read(nodes, { name: node }, signal) : undefined
    const evicted = isNew && subresource === 'eviction' ? lookup.cached(pods, { namespace, name }) : undefined
    const old = attributes.old ?? evicted
    const refused = nodeRefusal({ ...attributes, old, nodeUid: registered?.metadata.uid })
    if (refused !== undefined) throw refused
  },
}

/**
 * @param request of an eviction, `old` is the pod that is evicted
 * @returns Forbidden, in Kubernetes' words; undefined: nothing speaks against it, or the user is no node agent
 */
export function nodeRefusal(request: NodeRequest): StatusError | undefined {
  const { user, kind, name } = request
  const node = user && nodeOf(user)
  if (user === undefined || node === undefined) return undefined
  const why = node === '' ? `could not determine node from user ${JSON.stringify(user.name)}` : refusal(node, request)
  return why === undefined ? undefined : StatusError.forbidden(kind, name, why)
}

/** Why not; undefined: it may. */
type Refusal = string | undefined

function refusal(node: string, request: NodeRequest): Refusal {
  if (isOf(request, pods)) return refusePod(node, request)
  if (isOf(request, nodes)) return refuseNode(node, request)
  return isOf(request, leases) ? refuseLease(node, request) : undefined
}

const called = (node: string): string => `node ${JSON.stringify(node)}`

function refusePod(node: string, request: NodeRequest): Refusal {
  const { operation, subresource, object, old } = request
  const operationText = JSON.stringify(operation.toUpperCase())
  switch (subresource) {
    case '':
      if (operation === 'create') return refuseNewPod(node, objectOf(pods, object), request.nodeUid)
      if (operation === 'update') {
        return `unexpected operation ${operationText}, ${called(node)} can only create and delete mirror pods`
      }
      return isBoundTo(node, old) ? undefined : `${called(node)} can only delete pods with spec.nodeName set to itself`
    case 'status':
      if (operation !== 'update') return `unexpected operation ${operationText}`
      return refusePodStatus(node, objectOf(pods, object), objectOf(pods, old))
    case 'eviction':
      if (operation !== 'create') return `unexpected operation ${operationText}`
      return isBoundTo(node, old) ? undefined : `${called(node)} can only evict pods with spec.nodeName set to itself`
    default:
      return `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`
  }
}

const isBoundTo = (node: string, object: KubernetesObject | undefined): boolean =>
  objectOf(pods, object).spec.nodeName === node

/** A node only shows what it runs by itself: the mirror of a static pod, which needs nothing of the cluster. */
function refuseNewPod(node: string, pod: Pod, nodeUid: string | undefined): Refusal {
  const { spec } = pod
  if (!isMirrorPod(pod)) {
    return `pod does not have ${JSON.stringify(mirrorAnnotation)} annotation, ${called(node)} can only create mirror pods`
  }
  if (spec.nodeName !== node) return `${called(node)} can only create pods with spec.nodeName set to itself`
  return refuseOwners(node, pod, nodeUid) ?? refuseReferences(node, pod)
}

function refuseOwners(node: string, { metadata }: Pod, nodeUid: string | undefined): Refusal {
  const [owner, ...others] = metadata.ownerReferences ?? []
  const may = `${called(node)} can only create pods with`
  if (others.length > 0) return `${may} a single owner reference set to itself`
  if (owner?.apiVersion !== nodes.apiVersion || owner.kind !== nodes.kind || owner.name !== node) {
    return `${may} an owner reference set to itself`
  }
  if (owner.controller !== true) return `${may} a controller owner reference set to itself`
  if (owner.blockOwnerDeletion === true) {
    return `${called(node)} must not set blockOwnerDeletion on an owner reference`
  }
  if (nodeUid === undefined) return `error looking up node ${node} to verify uid: ${called(node)} not found`
  return owner.uid === nodeUid ? undefined : `node ${node} UID mismatch: expected ${owner.uid} got ${nodeUid}`
}

/** What a pod refers to its node may read: a pod of the node's own making must not open anything to it. */
function refuseReferences(node: string, pod: Pod): Refusal {
  const may = `${called(node)} can not create pods that reference`
  if ((pod.spec.serviceAccountName ?? '') !== '') return `${may} a service account`
  const resources = new Set([...podReferences(pod)].map(reference => reference.slice(0, reference.indexOf('/'))))
  for (const resource of ['secrets', 'configmaps', 'persistentvolumeclaims']) {
    if (resources.has(resource)) return `${may} ${resource}`
  }
  const sources = (pod.spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? [])
  return sources.some(({ clusterTrustBundle }) => clusterTrustBundle) ? `${may} clustertrustbundles` : undefined
}

function refusePodStatus(node: string, pod: Pod, current: Pod): Refusal {
  if (!isBoundTo(node, current)) {
    return `${called(node)} can only update pod status for pods with spec.nodeName set to itself`
  }
  // Services and policies choose pods by their labels.
  if (!same(pod.metadata.labels ?? {}, current.metadata.labels ?? {})) {
    return `${called(node)} cannot update labels through pod status`
  }
  if (!same(pod.status.resourceClaimStatuses ?? [], current.status.resourceClaimStatuses ?? [])) {
    return `${called(node)} cannot update resource claim statuses`
  }
  return undefined
}

const same = (a: object, b: object): boolean => jsonEqual(toJson(a), toJson(b))

function refuseNode(node: string, request: NodeRequest): Refusal {
  const { operation, name, object, old } = request
  if (name !== node) return `${called(node)} is not allowed to modify ${called(name)}`
  if (operation === 'delete') return `${called(node)} is not allowed to delete itself`
  const wanted = objectOf(nodes, object)
  const isNew = operation === 'create'
  const before = isNew ? undefined : objectOf(nodes, old)
  const { configSource } = wanted.spec
  if (configSource !== undefined && !same(configSource, before?.spec.configSource ?? {})) {
    return isNew
      ? `${called(node)} is not allowed to create nodes with a non-nil configSource`
      : `${called(node)} is not allowed to update configSource to a new non-nil configSource`
  }
  // At registration a node may keep pods away; later it must not call in those that others keep away.
  if (before !== undefined && !same(wanted.spec.taints ?? [], before.spec.taints ?? [])) {
    return `${called(node)} is not allowed to modify taints`
  }
  const labels = forbiddenLabels(wanted.metadata.labels, before?.metadata.labels)
  if (labels.length === 0) return undefined
  return isNew
    ? `${called(node)} is not allowed to set the following labels: ${labels.join(', ')}`
    : `is not allowed to modify labels: ${labels.join(', ')}`
}

function refuseLease(node: string, request: NodeRequest): Refusal {
  if (request.namespace !== leaseNamespace) {
    return `can only access leases in the ${JSON.stringify(leaseNamespace)} system namespace`
  }
  if (request.name === node) return undefined
  return 'can only access node lease with the same name as the requesting node'
}
