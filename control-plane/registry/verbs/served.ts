// What a verb works on: one resource, in the version it is addressed in, and where its objects are kept.
import type { Kind, KubernetesObject } from '../../../api/kinds/kind.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Store } from '../../store/store.ts'
import type { AdmissionChain } from '../admission/chain.ts'
import type { Feed } from '../cache/feed.ts'
import type { ResourceCache } from '../cache/resource-cache.ts'
import type { ServedVersion } from '../served-version.ts'
import type { RegistryStrategy } from '../strategies/strategy.ts'
import type { Registers } from './decode-body.ts'

export interface Served {
  /** As requests address it: names, schema, defaults, table. */
  readonly kind: Kind
  /** As it is stored, which is where its rules are. */
  readonly storage: Kind
  readonly version: ServedVersion
  readonly registers: Registers
  readonly strategy: RegistryStrategy
  readonly admission: AdmissionChain
  readonly store: Store
  readonly cache: ResourceCache
  readonly feed: Feed
  readonly clock: Clock
}

/** Whether a deleted object has nothing more to wait for. */
export function isReleased({ strategy }: Served, object: KubernetesObject): boolean {
  return (object.metadata.finalizers ?? []).length === 0 && strategy.holdsDeletion?.(object) !== true
}
