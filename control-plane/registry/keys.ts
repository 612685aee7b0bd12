// Where the store and the caches keep an object.
import type { Kind } from '../../api/kinds/kind.ts'

export const rootPrefix = '/registry/'

/** The first two steps of a resource's keys: `core/pods`. */
export function resourcePath({ group, resource }: Pick<Kind, 'group' | 'resource'>): string {
  return `${group === '' ? 'core' : group}/${resource}`
}

/** What the store's keys of a stored kind begin with: `/registry/core/pods/`. */
export const keyPrefix = (kind: Pick<Kind, 'group' | 'resource'>): string => `${rootPrefix}${resourcePath(kind)}/`

/** The key within its resource: `namespace/name`, or `name` at cluster scope. */
export function cacheKey(
  { namespaced }: Pick<Kind, 'namespaced'>,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  return namespaced ? `${namespace}/${name}` : name
}
