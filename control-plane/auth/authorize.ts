// Who may do what, in its first form: fixed rules for the users a cluster begins with. The questions
// are Kubernetes' (resource attributes, or a path), and so are the answers, so that RBAC fits in later.
import { type Attributes, isEvent, isRead, type PathAttributes, type ResourceAttributes } from './attributes.ts'
import type { User } from './authenticate.ts'
import { allowsNode, type NodeReferences } from './node-rules.ts'
import { administrators, controllerManagerUser, nodeOf, schedulerUser } from './users.ts'

export type { Attributes, ResourceAttributes } from './attributes.ts'

/** Says whether a user may; a string is no, and why. */
export type Authorize = (user: User, attributes: Attributes) => boolean | string

/** @param references which objects the pods of a node refer to, kept up to date by the caller */
export function createAuthorizer(references: NodeReferences): Authorize {
  return (user, attributes) => {
    if (user.groups.includes(administrators)) return true
    if ('path' in attributes) return allowsPath(user, attributes)
    const node = nodeOf(user)
    if (node !== undefined) return allowsNode(node, attributes, references)
    if (user.name === schedulerUser.name) return allowsScheduler(attributes)
    if (user.name === controllerManagerUser.name) return true
    return false
  }
}

const publicPaths = new Set(['/version', '/healthz', '/livez', '/readyz'])
/** Discovery: what the API is made of, not what is in it. */
const discoveryPaths = ['/api', '/apis', '/openapi']

function allowsPath(user: User, { verb, path }: PathAttributes): boolean {
  if (verb !== 'get' && verb !== 'head') return false
  const below = (root: string): boolean => path === root || path.startsWith(`${root}/`)
  if ([...publicPaths].some(below)) return true
  if (!user.groups.includes('system:authenticated')) return false
  return discoveryPaths.some(below) || (path === '/metrics' && user.name === controllerManagerUser.name)
}

/** Everything is read except secrets; what it writes are bindings, pod status, events and its own Lease. */
function allowsScheduler({ verb, group, resource, subresource, namespace }: ResourceAttributes): boolean {
  if (isRead(verb)) return resource !== 'secrets'
  const writes = verb === 'create' || verb === 'update' || verb === 'patch'
  if (group === '' && resource === 'pods') {
    return (subresource === 'binding' && verb === 'create') || (subresource === 'status' && writes)
  }
  if (isEvent(group, resource)) return writes
  return group === 'coordination.k8s.io' && resource === 'leases' && namespace === 'kube-system' && writes
}
