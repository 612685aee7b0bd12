// Objects in memory with what a registry gives them: resourceVersions, a history to watch, compaction.
import { StatusError } from '../api/errors.ts'
import type { KubernetesObject, Stored } from '../api/kinds/kind.ts'
import { UnavailableError } from './call-error.ts'

export type Matches = (object: Stored) => boolean

interface Change {
  readonly resource: string
  readonly revision: number
  readonly old: Stored | undefined
  /** As it stands after; for a deletion, the last state with the deletion's resourceVersion. */
  readonly object: Stored
  readonly deleted: boolean
}

export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Stored
}

/** What the wire does to a value: undefined members vanish and nothing is shared. */
export const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

export class FakeStore {
  /** Well above 1, which tests use for a version long gone. */
  revision = 100
  readonly #objects = new Map<string, Map<string, Stored>>()
  #history: Change[] = []
  #oldest = this.revision
  readonly #watches = new Set<{ wake: () => void; broken: boolean }>()

  get(resource: string, key: string): Stored | undefined {
    return this.#objects.get(resource)?.get(key)
  }

  /** In order of key. */
  list(resource: string, matches: Matches): Stored[] {
    const entries = [...(this.#objects.get(resource) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
    return entries.map(([, object]) => object).filter(matches)
  }

  put(resource: string, key: string, object: KubernetesObject): Stored {
    const stored = this.#stamp(object)
    const objects = this.#objects.get(resource) ?? new Map<string, Stored>()
    this.#objects.set(resource, objects)
    this.#record({ resource, revision: this.revision, old: objects.get(key), object: stored, deleted: false })
    objects.set(key, stored)
    return stored
  }

  remove(resource: string, key: string): void {
    const old = this.get(resource, key)
    if (!old) return
    this.#objects.get(resource)?.delete(key)
    const object = this.#stamp(old)
    this.#record({ resource, revision: this.revision, old, object, deleted: true })
  }

  /** Forgets all history: a watch that has not seen the newest change must start over. */
  compact(): void {
    this.#history = []
    this.#oldest = this.revision
  }

  /** Breaks every open watch, as a lost connection does. */
  disconnect(): void {
    for (const watch of this.#watches) {
      watch.broken = true
      watch.wake()
    }
  }

  /**
   * @param after the resourceVersion to start after
   * @throws StatusError Expired; UnavailableError after disconnect
   */
  async *watch(
    resource: string,
    after: number,
    matches: Matches,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StoreEvent, void, void> {
    const watch = { wake: () => {}, broken: false }
    const wake = (): void => watch.wake()
    this.#watches.add(watch)
    signal?.addEventListener('abort', wake)
    try {
      let seen = after
      while (!signal?.aborted) {
        if (watch.broken) throw new UnavailableError('fake', 'disconnected')
        if (seen < this.#oldest) throw StatusError.expired()
        const change = this.#history[this.#firstAfter(seen)]
        if (change) {
          seen = change.revision
          const event = change.resource === resource ? asSeen(change, matches) : undefined
          if (event) yield event
        } else {
          await new Promise<void>(resolve => {
            watch.wake = resolve
          })
        }
      }
    } finally {
      signal?.removeEventListener('abort', wake)
      this.#watches.delete(watch)
    }
  }

  #stamp(object: KubernetesObject): Stored {
    this.revision++
    const stored = copy(object) as Stored
    stored.metadata.resourceVersion = String(this.revision)
    return stored
  }

  #record(change: Change): void {
    this.#history.push(change)
    for (const watch of this.#watches) watch.wake()
  }

  /** Where in the history the first change after a revision is. */
  #firstAfter(revision: number): number {
    let [low, high] = [0, this.#history.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#history[middle]?.revision ?? 0) <= revision) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** What a watch with a selector sees of a change: an object comes into view and goes out of it. */
function asSeen({ old, object, deleted }: Change, matches: Matches): StoreEvent | undefined {
  const was = old !== undefined && matches(old)
  const is = !deleted && matches(object)
  if (was && is) return { type: 'MODIFIED', object: copy(object) }
  if (is) return { type: 'ADDED', object: copy(object) }
  if (!was) return undefined
  // Kubernetes shows the last state that matched, with the resourceVersion of the change.
  const { resourceVersion } = object.metadata
  return { type: 'DELETED', object: copy({ ...old, metadata: { ...old.metadata, resourceVersion } }) }
}
