// What admission and strategies may know of other objects: what the caches hold, and what the store holds now.
import type { Kind, KubernetesObject } from '../../api/kinds/kind.ts'
import type { Store } from '../store/store.ts'
import type { Feed } from './cache/feed.ts'
import type { ResourceCache } from './cache/resource-cache.ts'
import { cacheKey, keyPrefix } from './keys.ts'
import { withStoreErrors } from './verbs/store-errors.ts'

export interface ObjectKey {
  /** Absent or '' at cluster scope. */
  readonly namespace?: string
  readonly name: string
}

export interface LookupOptions {
  readonly store: Store
  readonly feed: Feed
  /** Of a kind that is stored. @throws RangeError when it is not served */
  readonly cache: (kind: Kind) => ResourceCache
}

/** Objects belong to all readers: never write to them. */
export class Lookup {
  readonly #options: LookupOptions

  constructor(options: LookupOptions) {
    this.#options = options
  }

  /** As this server last saw it. */
  cached<T extends KubernetesObject>(kind: Kind<T>, { namespace = '', name }: ObjectKey): Readonly<T> | undefined {
    return typed(kind, this.#options.cache(kind).get(cacheKey(kind, { namespace, name }))?.object)
  }

  /** All of them, or those of a namespace, as this server last saw them. */
  list<T extends KubernetesObject>(kind: Kind<T>, namespace = ''): Readonly<T>[] {
    const everything = { namespace, selects: () => true, everything: true }
    return this.#options
      .cache(kind)
      .candidates(everything)
      .flatMap(({ object }) => typed(kind, object) ?? [])
  }

  /** Asks the store. @throws StatusError 503 */
  async read<T extends KubernetesObject>(
    kind: Kind<T>,
    { namespace = '', name }: ObjectKey,
    signal?: AbortSignal,
  ): Promise<Readonly<T> | undefined> {
    const { store, cache } = this.#options
    const key = keyPrefix(kind) + cacheKey(kind, { namespace, name })
    const { entry } = await withStoreErrors(() => store.get(key, signal))
    return entry && typed(kind, cache(kind).decode(entry.value, entry.revision).object)
  }

  /** Waits until the cache of a kind holds what this server itself has written. */
  async settled(kind: Kind, signal?: AbortSignal): Promise<void> {
    const { feed, cache } = this.#options
    await feed.reached(cache(kind).acknowledged, signal)
  }
}

/** A kind's cache and store hold objects of its type: nothing else was let in. */
function typed<T extends KubernetesObject>(_: Kind<T>, object: KubernetesObject | undefined): Readonly<T> | undefined {
  return object as T | undefined
}
