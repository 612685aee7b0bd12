// All present objects of one resource and its recent changes. Only the feed writes here, in order of revision, so at
// any moment the cache is the resource as it stood at the feed's revision.
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { Revision } from '../../store/store.ts'
import type { ApiObject, Encoded, WatchEvent } from '../contract.ts'
import { decode } from './codec.ts'
import { bookmark, Change } from './events.ts'
import { ChangeRing } from './ring.ts'
import type { Selection } from './selection.ts'
import { type CacheEntry, SortedEntries } from './sorted-entries.ts'
import type { Watcher } from './watcher.ts'

export interface ResourceCacheOptions {
  readonly kind: string
  readonly apiVersion: string
  /** Makes of what the store holds what readers rely on; the object itself where nothing is missing. @throws Error */
  readonly complete: (stored: KubernetesObject) => KubernetesObject
  /** A field that many readers select one value of, as a pod's node: its objects and watchers are found without a scan. */
  readonly index?: FieldIndex
}

interface FieldIndex {
  /** The field selector's name for it. */
  readonly label: string
  readonly value: (object: ApiObject) => string
}

export class ResourceCache {
  readonly #options: ResourceCacheOptions
  readonly #entries = new SortedEntries()
  readonly #byIndex = new Map<string, SortedEntries>()
  readonly #watchers = new Set<Watcher>()
  readonly #watchersByIndex = new Map<string, Set<Watcher>>()
  readonly #ring = new ChangeRing(0)
  #changed: Revision = 0
  #filledAt: Revision = 0
  #acknowledged: Revision = 0

  constructor(options: ResourceCacheOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  get watchers(): number {
    return [...this.#everyWatcher()].length
  }

  /** The revision of the newest change of this resource. */
  get changed(): Revision {
    return this.#changed
  }

  /** The revision of the listing it was last filled from: older changes are in it. */
  get filledAt(): Revision {
    return this.#filledAt
  }

  /** The newest write of this process. Reads that must see it wait until the feed has brought it. */
  get acknowledged(): Revision {
    return this.#acknowledged
  }

  acknowledge(revision: Revision): void {
    this.#acknowledged = Math.max(this.#acknowledged, revision)
  }

  /** An object as the store holds it, as readers get it. @throws Error when it is none of this resource */
  decode(value: Buffer, revision: Revision): Encoded {
    return decode(value, revision, this.#options.complete)
  }

  get(key: string): CacheEntry | undefined {
    return this.#entries.get(key)
  }

  /** The objects a selection may hold (the selectors are still to be asked), in order of key, from a key on. */
  candidates(selection: Selection, from = ''): readonly CacheEntry[] {
    const prefix = selection.namespace === '' ? '' : `${selection.namespace}/`
    if (selection.key !== undefined) {
      const entry = this.#entries.get(selection.key)
      return entry !== undefined && entry.key >= from && entry.key.startsWith(prefix) ? [entry] : []
    }
    if (selection.indexed === undefined) return this.#entries.range(prefix, from)
    return this.#byIndex.get(selection.indexed)?.range(prefix, from) ?? []
  }

  /** How many objects a selection without selectors holds from a key on. */
  count(namespace: string, from: string): number {
    return this.#entries.range(namespace === '' ? '' : `${namespace}/`, from).length
  }

  /** Changes after a revision; undefined when they are no longer known. */
  changesAfter(revision: Revision): readonly Change[] | undefined {
    return this.#ring.after(revision)
  }

  get oldestChange(): Revision {
    return this.#ring.oldest
  }

  /** Takes a write. @param after undefined: the object is gone */
  apply(key: string, after: Encoded | undefined, revision: Revision, nowMs: number): void {
    const change = this.#change(key, after, revision)
    if (change === undefined) return
    this.#changed = revision
    this.#ring.push(change, nowMs)
    this.#offer(change)
  }

  /**
   * Takes a fresh listing, at first or after a gap: watchers are told the difference. Deletions come first and carry
   * the revision before the gap, so whoever is cut in the middle of it can't resume past something it never saw.
   */
  replace(entries: readonly CacheEntry[], before: Revision, revision: Revision): void {
    const fresh = new Set(entries.map(entry => entry.key))
    const gone = this.#entries.range().filter(entry => !fresh.has(entry.key))
    const changed = entries.filter(entry => this.#entries.get(entry.key)?.revision !== entry.revision)
    changed.sort((a, b) => a.revision - b.revision)
    this.#changed = revision
    this.#filledAt = revision
    this.#ring.forgetThrough(revision)
    for (const { key } of gone) this.#offer(this.#change(key, undefined, before))
    for (const entry of changed) this.#offer(this.#change(entry.key, entry, entry.revision))
  }

  /** It is kept no more: every watch ends. */
  close(): void {
    for (const watcher of this.#everyWatcher()) watcher.end()
  }

  /** The store's history is another one: everybody has to list anew. */
  reset(entries: readonly CacheEntry[], revision: Revision): void {
    this.close()
    this.replace(entries, revision, revision)
  }

  /** Registers a watcher: from now on every change is offered to it. */
  subscribe(watcher: Watcher): void {
    this.#bucketOf(watcher).add(watcher)
  }

  unsubscribe(watcher: Watcher): void {
    const { indexed } = watcher.selection
    const bucket = this.#bucketOf(watcher)
    bucket.delete(watcher)
    if (indexed !== undefined && bucket.size === 0) this.#watchersByIndex.delete(indexed)
  }

  #bucketOf({ selection: { indexed } }: Watcher): Set<Watcher> {
    if (indexed === undefined) return this.#watchers
    let bucket = this.#watchersByIndex.get(indexed)
    if (bucket === undefined) this.#watchersByIndex.set(indexed, (bucket = new Set()))
    return bucket
  }

  *#everyWatcher(): Iterable<Watcher> {
    yield* this.#watchers
    for (const bucket of this.#watchersByIndex.values()) yield* bucket
  }

  bookmark(revision: Revision): void {
    let event: WatchEvent | undefined
    for (const watcher of this.#everyWatcher()) {
      if (!watcher.bookmarks) continue
      event ??= bookmark(this.#options.kind, this.#options.apiVersion, revision)
      watcher.push(event)
    }
  }

  /** Puts, replaces or removes an object; undefined: there was nothing to remove. */
  #change(key: string, after: Encoded | undefined, revision: Revision): Change | undefined {
    const before = this.#entries.get(key)
    if (before === undefined && after === undefined) return undefined
    if (before !== undefined) this.#unindex(before)
    if (after === undefined) this.#entries.delete(key)
    else {
      const entry: CacheEntry = { key, revision, object: after.object, json: after.json }
      this.#entries.set(entry)
      this.#indexOf(entry)?.set(entry)
    }
    return new Change(revision, before, after)
  }

  #indexOf(entry: CacheEntry): SortedEntries | undefined {
    const value = this.#options.index?.value(entry.object)
    if (value === undefined || value === '') return undefined
    let entries = this.#byIndex.get(value)
    if (entries === undefined) this.#byIndex.set(value, (entries = new SortedEntries()))
    return entries
  }

  #unindex(entry: CacheEntry): void {
    const entries = this.#indexOf(entry)
    entries?.delete(entry.key)
    if (entries?.size === 0) this.#byIndex.delete(this.#options.index?.value(entry.object) ?? '')
  }

  #offer(change: Change | undefined): void {
    if (change === undefined) return
    const { index } = this.#options
    if (index !== undefined && this.#watchersByIndex.size > 0) {
      const values = new Set([change.before, change.after].map(side => side && index.value(side.object)))
      // One watcher stands under one value, so nobody is offered a change twice.
      for (const value of values) {
        if (value !== undefined) for (const watcher of this.#watchersByIndex.get(value) ?? []) watcher.offer(change)
      }
    }
    for (const watcher of this.#watchers) watcher.offer(change)
  }
}
