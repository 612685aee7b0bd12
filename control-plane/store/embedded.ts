// The store of one machine: LMDB, durable before it answers. Writes that arrive while a transaction is
// being flushed wait for the next one and share its flush. LMDB's write transaction is the only lock:
// expectations are checked inside it, and reads are snapshots that never wait.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Transaction } from 'lmdb'
import { type Clock, systemClock } from '../../lib/clock.ts'
import { closeTables, openTables, storageError, type Table, type Tables } from './embedded-directory.ts'
import { type Live, type Record, readLive, readNumber, readRecord, writeNumber } from './embedded-records.ts'
import { compactTables, putRecord } from './embedded-tables.ts'
import { Upkeep, type UpkeepOptions } from './embedded-upkeep.ts'
import { Fanout } from './fanout.ts'
import { checkKey, compareKeys, prefixEnd, rangeStart } from './keys.ts'
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
} from './store.ts'

const readChunk = 500
const compactChunk = 1000

interface Request {
  readonly writes: readonly Write[]
  readonly resolve: (results: WriteResult[]) => void
  readonly reject: (error: Error) => void
}

type Snapshot = Transaction

/** Opens (or makes) the store in a directory. @throws StoreUnavailableError saying what is in the way */
export async function openEmbeddedStore(directory: string, options: UpkeepOptions = {}): Promise<Store> {
  return new EmbeddedStore(directory, await openTables(directory), options)
}

class EmbeddedStore implements Store {
  readonly #directory: string
  readonly #tables: Tables
  readonly #clock: Clock
  readonly #fanout: Fanout
  readonly #upkeep: Upkeep
  #queue: Request[] = []
  #committing: Promise<void> | undefined
  #closed = false

  constructor(directory: string, tables: Tables, options: UpkeepOptions) {
    this.#directory = directory
    this.#tables = tables
    this.#clock = options.clock ?? systemClock
    this.#fanout = new Fanout(this.#number('revision'))
    this.#upkeep = new Upkeep(this, tables, { ...options, position: () => this.#fanout.position })
  }

  get(key: string, signal?: AbortSignal) {
    return this.#read(signal, transaction => {
      const live = this.#live(key, transaction)
      return Promise.resolve({
        entry: live && this.#entry(live.revision, transaction),
        revision: this.#number('revision', transaction),
      })
    })
  }

  list(prefix: string, options: { limit?: number; from?: string; at?: Revision; signal?: AbortSignal } = {}) {
    const { limit = Number.POSITIVE_INFINITY, from, at, signal } = options
    return this.#read(signal, async transaction => {
      const newest = this.#number('revision', transaction)
      const revision = at ?? newest
      if (revision > newest)
        throw new RangeError(`revision ${revision} has not been written yet; the newest is ${newest}`)
      const compacted = this.#number('compacted', transaction)
      if (revision < compacted) throw new CompactedError(revision, compacted)
      const entries: Entry[] = []
      for (const found of this.#revisionsAt(prefix, from, revision, newest, transaction)) {
        if (entries.length >= limit) return { entries, revision, more: true }
        const entry = this.#entry(found, transaction)
        if (entry) entries.push(entry)
        // A long list must not hold up everyone else; the snapshot stays the same.
        if (entries.length % readChunk === 0) await nextTurn(undefined, signal && { signal })
      }
      return { entries, revision, more: false } satisfies Page
    })
  }

  commit(writes: readonly Write[], signal?: AbortSignal): Promise<WriteResult[]> {
    signal?.throwIfAborted()
    for (const { key } of writes) checkKey(key)
    if (this.#closed) return Promise.reject(this.#closedError())
    return new Promise((resolve, reject) => {
      this.#queue.push({ writes, resolve, reject })
      this.#committing ??= this.#drain()
    })
  }

  async *watch(prefix: string, after: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    if (this.#closed) throw this.#closedError()
    this.#checkHistory(after, this.#number('compacted'))
    yield* this.#fanout.watch(prefix, after, signal, (...range) => this.#replay(...range))
  }

  currentRevision(signal?: AbortSignal): Promise<Revision> {
    return this.#read(signal, transaction => Promise.resolve(this.#number('revision', transaction)))
  }

  async compact(before: Revision): Promise<void> {
    const end = Math.min(before, await this.currentRevision())
    while (!this.#closed && this.#number('compacted') < end) {
      await this.#transaction(() => compactTables(this.#tables, end, compactChunk))
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#upkeep.stop()
    this.#fanout.fail(this.#closedError())
    await this.#committing
    await closeTables(this.#tables)
  }

  // Reading

  async #read<T>(signal: AbortSignal | undefined, view: (transaction: Snapshot) => Promise<T>): Promise<T> {
    signal?.throwIfAborted()
    if (this.#closed) throw this.#closedError()
    const transaction = this.#tables.root.useReadTransaction()
    try {
      return await view(transaction)
    } catch (error) {
      if (error instanceof RangeError || error instanceof CompactedError || signal?.aborted) throw error
      throw storageError(this.#directory, error)
    } finally {
      transaction.done()
    }
  }

  #number(name: 'revision' | 'compacted', transaction?: Snapshot): number {
    const bytes = read(this.#tables.meta, Buffer.from(name), transaction)
    return bytes ? readNumber(bytes) : 0
  }

  #live(key: string, transaction?: Snapshot): Live | undefined {
    const bytes = read(this.#tables.keys, Buffer.from(key), transaction)
    return bytes && readLive(bytes)
  }

  #record(revision: Revision, transaction?: Snapshot): Record | undefined {
    const bytes = read(this.#tables.history, writeNumber(revision), transaction)
    return bytes && readRecord(bytes)
  }

  #entry(revision: Revision, transaction?: Snapshot): Entry | undefined {
    const record = this.#record(revision, transaction)
    return record?.value && { key: record.key, value: record.value, revision }
  }

  /** The revisions of a prefix's keys as they stood at `at`, in the order of their keys. */
  *#revisionsAt(
    prefix: string,
    from: string | undefined,
    at: Revision,
    newest: Revision,
    transaction: Snapshot,
  ): Generator<Revision> {
    const start = rangeStart(prefix, from)
    const end = prefixEnd(Buffer.from(prefix))
    const past = at < newest ? this.#changedSince(at, start, end, transaction) : []
    let next = 0
    for (const { key, value } of this.#tables.keys.getRange({ start, ...(end && { end }), transaction })) {
      const name = past.length > 0 ? key.toString() : ''
      for (let change = past[next]; change && compareKeys(change.key, name) < 0; change = past[++next]) {
        if (change.previous > 0) yield change.previous
      }
      const { revision } = readLive(value)
      if (revision <= at) yield revision
    }
    for (const change of past.slice(next)) if (change.previous > 0) yield change.previous
  }

  /** Of each key written after `at`: the revision that stood there at `at` (0: none), by key. */
  #changedSince(at: Revision, start: Buffer, end: Buffer | undefined, transaction: Snapshot) {
    const previous = new Map<string, Revision>()
    for (const { value } of this.#tables.history.getRange({ start: writeNumber(at + 1), transaction })) {
      const record = readRecord(value)
      const key = Buffer.from(record.key)
      const inRange = Buffer.compare(key, start) >= 0 && (!end || Buffer.compare(key, end) < 0)
      if (inRange && !previous.has(record.key)) previous.set(record.key, record.previous)
    }
    return [...previous]
      .map(([key, revision]) => ({ key, previous: revision }))
      .sort((a, b) => compareKeys(a.key, b.key))
  }

  async *#replay(prefix: string, after: Revision, upTo: Revision, _signal: AbortSignal): AsyncIterable<WatchBatch> {
    for (let seen = after; seen < upTo; ) {
      const until = Math.min(upTo, seen + readChunk)
      const events = await this.#read(undefined, transaction => {
        this.#checkHistory(seen, this.#number('compacted', transaction))
        return Promise.resolve([...this.#events(prefix, seen, until, transaction)])
      })
      seen = until
      yield { events, revision: until }
      await nextTurn()
    }
  }

  *#events(prefix: string, after: Revision, upTo: Revision, transaction: Snapshot): Generator<StoreEvent> {
    const range = { start: writeNumber(after + 1), end: writeNumber(upTo + 1), transaction }
    for (const { key, value } of this.#tables.history.getRange(range)) {
      const record = readRecord(value)
      if (record.key.startsWith(prefix)) yield { key: record.key, value: record.value, revision: readNumber(key) }
    }
  }

  /** Every event from revision `compacted` on is there; so a watch may begin right before it. */
  #checkHistory(after: Revision, compacted: Revision): void {
    if (after + 1 < compacted) throw new CompactedError(after, compacted)
  }

  // Writing

  /** Commits what is queued, again and again, until the queue is empty. */
  async #drain(): Promise<void> {
    // What else is queued in this turn of the event loop shares the first transaction.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      let requests: Request[] = []
      const events: StoreEvent[] = []
      try {
        const answers = await this.#transaction(() => {
          // As late as possible: what came while the last transaction was flushed is here now.
          requests = this.#queue
          this.#queue = []
          return this.#apply(requests, events)
        })
        // Watchers hear of it first: whoever has its answer can rely on the cache being told.
        if (events.length > 0) this.#fanout.publish({ events, revision: events.at(-1)?.revision ?? 0 })
        for (const [index, request] of requests.entries()) request.resolve(answers[index] ?? [])
      } catch (error) {
        if (requests.length === 0) requests = this.#queue.splice(0)
        for (const request of requests) request.reject(storageError(this.#directory, error))
      }
    }
    this.#committing = undefined
  }

  /** Runs in the write transaction. */
  #apply(requests: readonly Request[], events: StoreEvent[]): WriteResult[][] {
    const before = this.#number('revision')
    const nowMs = this.#clock.now()
    let revision = before
    let expiresAtMs = Number.POSITIVE_INFINITY
    const answers = requests.map(({ writes }) =>
      writes.map((write): WriteResult => {
        const live = this.#live(write.key)
        if (write.expect !== undefined && write.expect !== (live?.revision ?? 0)) {
          return { ok: false, current: live && this.#entry(live.revision) }
        }
        // Deleting what is not there changes nothing and needs no revision.
        if (!write.value && !live) return { ok: true, revision }
        revision += 1
        const expiry = write.value && write.ttlSeconds !== undefined ? nowMs + write.ttlSeconds * 1000 : 0
        putRecord(this.#tables, write, revision, live, Math.ceil(expiry))
        if (expiry > 0) expiresAtMs = Math.min(expiresAtMs, expiry)
        events.push({ key: write.key, value: write.value, revision })
        return { ok: true, revision }
      }),
    )
    if (revision > before) this.#tables.meta.putSync(Buffer.from('revision'), writeNumber(revision))
    this.#upkeep.expireAt(expiresAtMs)
    return answers
  }

  /** One durable transaction: resolves when its changes are on disk; if it rejects, none of them is. */
  async #transaction<T>(change: () => T): Promise<T> {
    try {
      return await this.#tables.root.childTransaction(change)
    } catch (error) {
      // lmdb says only "Commit failed" and keeps the reason in a promise of its own.
      const reason = error instanceof Error && 'commitError' in error ? error.commitError : undefined
      throw storageError(
        this.#directory,
        reason instanceof Promise ? await reason.catch((cause: unknown) => cause) : error,
      )
    }
  }

  #closedError(): StoreUnavailableError {
    return new StoreUnavailableError(`the store in ${this.#directory} has been closed`)
  }
}

function read(table: Table, key: Buffer, transaction?: Snapshot): Buffer | undefined {
  return table.get(key, transaction && { transaction })
}
