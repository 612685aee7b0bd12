// The store's contract: etcd's model on one screen. Three drivers keep it (embedded.ts, etcd.ts,
// redis.ts) and one behaviour suite (test/suites/store.ts) holds them to it.

/**
 * A position in the store's history: a positive integer, unique to one write and increasing with
 * commit order. 0 stands for "before everything" and, as an expectation, for "does not exist".
 */
export type Revision = number

export interface Entry {
  readonly key: string
  readonly value: Buffer
  /** The revision of the write that made this value. */
  readonly revision: Revision
}

export interface Write {
  readonly key: string
  /** Undefined deletes the key. */
  readonly value: Buffer | undefined
  /** The revision the key must have for the write to happen; 0: it must not exist; absent: any. */
  readonly expect?: Revision
  /** The key vanishes this many seconds after the write, unless written again. */
  readonly ttlSeconds?: number
}

/** A write happened, at a revision; or it met another revision than expected, and here is what stands there. */
export type WriteResult =
  | { readonly ok: true; readonly revision: Revision }
  | { readonly ok: false; readonly current: Entry | undefined }

export interface Page {
  readonly entries: readonly Entry[]
  /** The revision this page is a view of; pass it as `at` for the next page. */
  readonly revision: Revision
  readonly more: boolean
}

export interface StoreEvent {
  readonly key: string
  /** Undefined: the key was deleted (or expired). */
  readonly value: Buffer | undefined
  readonly revision: Revision
}

/** Events in order of revision; nothing up to and including `revision` is missing. May be empty: progress. */
export interface WatchBatch {
  readonly events: readonly StoreEvent[]
  readonly revision: Revision
}

export interface Store {
  get(key: string, signal?: AbortSignal): Promise<{ readonly entry: Entry | undefined; readonly revision: Revision }>

  /**
   * Keys beginning with prefix, in byte order, from `from` on, as they stood at revision `at` (default: now).
   * @throws CompactedError; RangeError when `at` has not been written yet
   */
  list(prefix: string, options?: { limit?: number; from?: string; at?: Revision; signal?: AbortSignal }): Promise<Page>

  /**
   * Each write succeeds or fails by itself; all of them cost one round trip and one disk flush. Writes of one key
   * happen in their order, those of different keys in any.
   * @throws StoreUnavailableError; RangeError when a key is empty or too long
   */
  commit(writes: readonly Write[], signal?: AbortSignal): Promise<WriteResult[]>

  /**
   * Every event after a revision, without gap, duplicate or reordering, until the signal aborts.
   * @throws CompactedError when history before the revision is gone; StoreUnavailableError when the
   *   connection is lost for good (the caller re-lists).
   */
  watch(prefix: string, after: Revision, signal: AbortSignal): AsyncIterable<WatchBatch>

  /** The newest revision, read from the quorum: whoever has seen it has seen every acknowledged write. */
  currentRevision(signal?: AbortSignal): Promise<Revision>

  /** Forgets history before a revision (the newest value of each key stays). */
  compact(before: Revision): Promise<void>

  close(): Promise<void>
}

/** The revision asked for is older than the history kept. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError'
  readonly requested: Revision
  readonly oldest: Revision

  constructor(requested: Revision, oldest: Revision) {
    super(`revision ${requested} has been compacted; the oldest one kept is ${oldest}`)
    this.requested = requested
    this.oldest = oldest
  }
}

/** The store did not answer within its deadline, or the connection broke: nothing is known of the write. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
}
