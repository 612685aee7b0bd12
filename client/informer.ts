// A copy of one kind's objects, kept current by a watch. Reconcilers read it instead of asking the server, and hear of
// each change after it is in the copy.
import { StatusError } from '../api/errors.ts'
import type { KubernetesObject, Stored } from '../api/kinds/kind.ts'
import { sleep } from '../lib/abort.ts'
import { type BackoffOptions, backoffMs } from '../lib/backoff.ts'
import type { Client, Resource, Selection, WatchEvent } from './client.ts'

/** What happened to an object. The cache already holds the new state when these are called. */
export interface Handlers<T extends KubernetesObject> {
  added?(object: Stored<T>): void
  updated?(object: Stored<T>, old: Stored<T>): void
  deleted?(old: Stored<T>): void
}

export type Indexer<T extends KubernetesObject> = (object: Stored<T>) => readonly string[]

export interface InformerOptions<T extends KubernetesObject, Index extends string> extends Selection {
  /** Ways to look objects up besides by name: an index's name, and the values an object is found under. */
  readonly indexes?: Readonly<Record<Index, Indexer<T>>>
  /** Told of each failed watch (another attempt follows) and of each handler that threw. */
  readonly onError?: (error: unknown) => void
  /** Between failed attempts; default 100 ms doubling to 10 s. */
  readonly backoff?: BackoffOptions
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** `namespace/name`, or `name` for kinds without namespaces. */
export function objectKey(object: Stored): string {
  const { namespace, name } = object.metadata
  return namespace ? `${namespace}/${name}` : name
}

/**
 * Deltas are exact: replaying added, updated and deleted from nothing gives the cache, whatever happened to the
 * connection. An object deleted and made anew while nobody looked (another uid) is told as deleted, then added.
 */
export class Informer<T extends KubernetesObject, Index extends string = never> {
  readonly kind: Resource<T>
  /** Resolves when the cache first holds everything there was. */
  readonly synced: Promise<void>
  readonly #client: Client
  readonly #options: InformerOptions<T, Index>
  readonly #objects = new Map<string, Stored<T>>()
  readonly #indexes = new Map<
    string,
    { readonly of: Indexer<T>; readonly buckets: Map<string, Map<string, Stored<T>>> }
  >()
  readonly #handlers = new Set<Handlers<T>>()
  /** The last resourceVersion seen; undefined: start over with everything present. */
  #resourceVersion: string | undefined
  #hasSynced = false
  #resolveSynced: () => void = () => {}

  constructor(client: Client, kind: Resource<T>, options: InformerOptions<T, Index> = {}) {
    this.#client = client
    this.kind = kind
    this.#options = options
    this.synced = new Promise(resolve => {
      this.#resolveSynced = resolve
    })
    const indexes: Readonly<Record<string, Indexer<T>>> = options.indexes ?? {}
    for (const [name, of] of Object.entries(indexes)) this.#indexes.set(name, { of, buckets: new Map() })
  }

  get hasSynced(): boolean {
    return this.#hasSynced
  }

  /** @param key see objectKey */
  get(key: string): Stored<T> | undefined {
    return this.#objects.get(key)
  }

  list(): IterableIterator<Stored<T>> {
    return this.#objects.values()
  }

  get size(): number {
    return this.#objects.size
  }

  /** The objects an index holds under a value. */
  by(index: Index, value: string): IterableIterator<Stored<T>> {
    return (this.#indexes.get(index)?.buckets.get(value) ?? new Map<string, Stored<T>>()).values()
  }

  /** Calls back for every change, at first for what is there already; answers how to stop. */
  subscribe(handlers: Handlers<T>): () => void {
    this.#handlers.add(handlers)
    for (const object of this.#objects.values()) this.#tell(() => handlers.added?.(object))
    return () => this.#handlers.delete(handlers)
  }

  /** Keeps the cache current until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { backoff = { initialMs: 100, maxMs: 10_000, jitter: 0.2 }, wait = sleep } = this.#options
    let failures = 0
    while (!signal.aborted) {
      failures = (await this.#follow(signal)) ? 0 : failures + 1
      // A server that hangs up in the middle of the conversation is asked again at once.
      if (failures > 0) await wait(backoffMs(failures - 1, backoff), signal)
    }
  }

  /** One watch, to its end. Answers whether anything came of it. */
  async #follow(signal: AbortSignal): Promise<boolean> {
    const { namespace, labelSelector, fieldSelector } = this.#options
    const selection = { namespace, labelSelector, fieldSelector, bookmarks: true, signal }
    let present: Map<string, Stored<T>> | undefined = this.#resourceVersion === undefined ? new Map() : undefined
    let progressed = false
    try {
      for await (const event of this.#client.watch(this.kind, {
        ...selection,
        resourceVersion: this.#resourceVersion,
      })) {
        if (present === undefined) this.#apply(event)
        else if (event.type === 'ADDED') present.set(objectKey(event.object), event.object)
        else if (event.type === 'BOOKMARK') {
          this.#replace(present)
          this.#resourceVersion = event.resourceVersion
          present = undefined
          this.#hasSynced = true
          this.#resolveSynced()
        }
        progressed ||= present === undefined
      }
    } catch (error) {
      if (signal.aborted) return false
      if (error instanceof StatusError && error.code === 410 && this.#resourceVersion !== undefined) {
        this.#resourceVersion = undefined
        return true
      }
      this.#options.onError?.(error)
    }
    return progressed
  }

  #apply(event: WatchEvent<T>): void {
    const resourceVersion = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion
    // Ordered by the write that caused them (ARCHITECTURE.md), so a repeated event is recognised.
    if (Number(resourceVersion) <= Number(this.#resourceVersion)) return
    this.#resourceVersion = resourceVersion
    if (event.type === 'DELETED') this.#remove(objectKey(event.object))
    else if (event.type !== 'BOOKMARK') this.#keep(event.object)
  }

  /** What is present now, after a time without watching. */
  #replace(present: ReadonlyMap<string, Stored<T>>): void {
    for (const key of [...this.#objects.keys()]) if (!present.has(key)) this.#remove(key)
    for (const object of present.values()) this.#keep(object)
  }

  #keep(object: Stored<T>): void {
    const key = objectKey(object)
    const old = this.#objects.get(key)
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion) return
    if (old && old.metadata.uid !== object.metadata.uid) {
      this.#remove(key)
      this.#keep(object)
      return
    }
    this.#objects.set(key, object)
    this.#reindex(key, old, object)
    for (const handlers of this.#handlers) {
      this.#tell(() => (old ? handlers.updated?.(object, old) : handlers.added?.(object)))
    }
  }

  #remove(key: string): void {
    const old = this.#objects.get(key)
    if (!old) return
    this.#objects.delete(key)
    this.#reindex(key, old, undefined)
    for (const handlers of this.#handlers) this.#tell(() => handlers.deleted?.(old))
  }

  #reindex(key: string, old: Stored<T> | undefined, object: Stored<T> | undefined): void {
    for (const { of, buckets } of this.#indexes.values()) {
      const values = object ? of(object) : []
      for (const value of old ? of(old) : []) {
        if (values.includes(value)) continue
        const bucket = buckets.get(value)
        bucket?.delete(key)
        if (bucket?.size === 0) buckets.delete(value)
      }
      for (const value of values) {
        const bucket = buckets.get(value)
        if (bucket && object) bucket.set(key, object)
        else if (object) buckets.set(value, new Map([[key, object]]))
      }
    }
  }

  /** A handler's mistake must not stop the cache. */
  #tell(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#options.onError?.(error)
    }
  }
}
