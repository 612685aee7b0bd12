// A store in memory that fails when told to, for what a registry does about that.
import {
  CompactedError,
  type Entry,
  type Page,
  type Revision,
  type Store,
  type StoreEvent,
  StoreUnavailableError,
  type WatchBatch,
  type Write,
  type WriteResult,
} from '../../control-plane/store/store.ts'

export class MemoryStore implements Store {
  readonly #history: StoreEvent[] = []
  #compacted: Revision = 0
  #revision: Revision = 0
  #away = false
  /** Watches of an older age have been cut. */
  #age = 0
  readonly #wake = new Set<() => void>()

  /** From now on nothing answers, and watches break, until `comeBack`. */
  goAway(): void {
    this.#away = true
    this.cutWatches()
  }

  comeBack(): void {
    this.#away = false
  }

  cutWatches(): void {
    this.#age++
    this.#rouse()
  }

  /** Writes whatever the state, as another server would. */
  write(key: string, value: Buffer | undefined): Revision {
    this.#revision++
    this.#history.push({ key, value, revision: this.#revision })
    this.#rouse()
    return this.#revision
  }

  async get(key: string): Promise<{ entry: Entry | undefined; revision: Revision }> {
    this.#answer()
    return { entry: this.#at(this.#revision).get(key), revision: this.#revision }
  }

  async list(prefix: string, options: { limit?: number; from?: string; at?: Revision } = {}): Promise<Page> {
    this.#answer()
    const { limit = Number.POSITIVE_INFINITY, from = '', at = this.#revision } = options
    if (at < this.#compacted) throw new CompactedError(at, this.#compacted)
    const found = [...this.#at(at).values()].filter(({ key }) => key.startsWith(prefix) && key >= from)
    found.sort((a, b) => (a.key < b.key ? -1 : 1))
    return { entries: found.slice(0, limit), revision: at, more: found.length > limit }
  }

  async commit(writes: readonly Write[]): Promise<WriteResult[]> {
    this.#answer()
    const live = this.#at(this.#revision)
    return writes.map(({ key, value, expect }): WriteResult => {
      const current = live.get(key)
      if (expect !== undefined && expect !== (current?.revision ?? 0)) return { ok: false, current }
      const revision = this.write(key, value)
      if (value === undefined) live.delete(key)
      else live.set(key, { key, value, revision })
      return { ok: true, revision }
    })
  }

  async *watch(prefix: string, after: Revision, signal: AbortSignal): AsyncGenerator<WatchBatch> {
    const age = this.#age
    let seen = after
    signal.addEventListener('abort', () => this.#rouse(), { once: true })
    while (!signal.aborted) {
      if (age !== this.#age || this.#away) throw new StoreUnavailableError('the watch was cut')
      if (seen < this.#compacted) throw new CompactedError(seen, this.#compacted)
      if (seen < this.#revision) {
        const events = this.#history.filter(({ key, revision }) => revision > seen && key.startsWith(prefix))
        seen = this.#revision
        yield { events, revision: seen }
      } else {
        await new Promise<void>(resolve => {
          this.#wake.add(resolve)
        })
      }
    }
  }

  async currentRevision(): Promise<Revision> {
    this.#answer()
    return this.#revision
  }

  async compact(before: Revision): Promise<void> {
    this.#compacted = Math.max(this.#compacted, before)
  }

  async close(): Promise<void> {
    this.goAway()
  }

  #answer(): void {
    if (this.#away) throw new StoreUnavailableError('the store is away')
  }

  #rouse(): void {
    for (const wake of this.#wake) wake()
    this.#wake.clear()
  }

  #at(revision: Revision): Map<string, Entry> {
    const live = new Map<string, Entry>()
    for (const event of this.#history) {
      if (event.revision > revision) break
      if (event.value === undefined) live.delete(event.key)
      else live.set(event.key, { key: event.key, value: event.value, revision: event.revision })
    }
    return live
  }
}
