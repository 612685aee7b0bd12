// What a verb works on: one resource, where it is kept, and what its kind does its own way.
import type { Kind } from '../../../api/kinds/kind.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Store } from '../../store/store.ts'
import { type Feed, rootPrefix } from '../cache/feed.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import type { Target } from '../contract.ts'
import type { Strategy } from '../strategies/strategy.ts'

export interface Served {
  readonly kind: Kind
  readonly strategy: Strategy
  readonly store: Store
  readonly cache: ResourceCache
  readonly feed: Feed
  readonly clock: Clock
  /** Of the namespaces, which objects are created in. */
  readonly namespaces: ResourceCache
}

/** The first two steps of a resource's keys: `core/pods`. */
export function resourcePath({ group, resource }: { readonly group: string; readonly resource: string }): string {
  return `${group === '' ? 'core' : group}/${resource}`
}

/** What the store's keys of a resource begin with: `/registry/core/pods/`. */
export const keyPrefix = (kind: Kind): string => `${rootPrefix}${resourcePath(kind)}/`

/** The key within its resource: `namespace/name`, or `name` at cluster scope. */
export function cacheKey(kind: Kind, { namespace, name }: Pick<Target, 'namespace' | 'name'>): string {
  return kind.namespaced ? `${namespace}/${name}` : name
}

/** Whether `metadata.generation` counts the changes of what is wished. */
export function tracksGeneration({ kind, strategy }: Pick<Served, 'kind' | 'strategy'>): boolean {
  return strategy.tracksGeneration ?? kind.subresources.some(({ name }) => name === 'status')
}
