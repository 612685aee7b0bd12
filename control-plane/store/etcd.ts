// The store of a cluster: etcd. Writes that arrive together share a transaction (etcd-batch.ts), revisions are
// numbered within it (etcd-revision.ts), and one watch of the whole key space feeds all watchers of this
// process: whoever sees every event knows each one's place in its revision, and hears of every revision,
// so it needs none of etcd's progress notifications.
import type { IKeyValue } from 'etcd3'
import { sleep } from '../../lib/abort.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import { type BatchedWrite, batchRequest, batchResults, batchSize } from './etcd-batch.ts'
import { EtcdCompactedError, EtcdConnection, type EtcdConnectionOptions, EtcdRevisionError } from './etcd-connection.ts'
import { compose, entryOf, etcdRevisionOf, eventsOf, indexOf, lastIndex } from './etcd-revision.ts'
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

export interface EtcdOptions extends EtcdConnectionOptions {
  readonly logger?: Logger
  /** History is compacted to what it was this long ago, as often; default 5 minutes, 0 for never. */
  readonly compactEveryMs?: number
}

/** Transactions under way at a time; what comes meanwhile gathers into the next ones. */
const maxInFlight = 4
const pageSize = 500
const reconnect = { initialMs: 50, maxMs: 1000, jitter: 0.2 }
const toTheEnd = Buffer.from([0])

interface Pending {
  readonly write: BatchedWrite
  readonly resolve: (result: WriteResult) => void
  readonly reject: (error: unknown) => void
}

/** Connects to etcd. @throws StoreUnavailableError when it does not answer within the deadline */
export async function openEtcdStore(options: EtcdOptions): Promise<Store> {
  const connection = await EtcdConnection.open(options)
  try {
    return new EtcdStore(connection, await newest(connection), options)
  } catch (error) {
    connection.close()
    throw error
  }
}

/** A read that goes through the quorum; of a key that can't exist, since all of ours are longer. */
async function newest(connection: EtcdConnection, signal?: AbortSignal): Promise<Revision> {
  const { header } = await connection.range({ key: Buffer.from([0]), count_only: true }, signal)
  return compose(Number(header.revision), lastIndex)
}

class EtcdStore implements Store {
  readonly #connection: EtcdConnection
  readonly #logger: Logger
  readonly #fanout: Fanout
  readonly #lifetime = new AbortController()
  readonly #following: Promise<void>
  #queue: Pending[] = []
  #inFlight = 0
  #scheduled = false

  constructor(connection: EtcdConnection, position: Revision, options: EtcdOptions) {
    this.#connection = connection
    this.#logger = options.logger ?? silentLogger
    this.#fanout = new Fanout(position)
    const { compactEveryMs = 5 * 60_000 } = options
    this.#following = Promise.all([
      this.#follow(this.#lifetime.signal),
      compactEveryMs > 0 ? this.#compactRegularly(compactEveryMs, this.#lifetime.signal) : undefined,
    ]).then(() => undefined)
  }

  async get(key: string, signal?: AbortSignal) {
    this.#checkOpen()
    const { kvs, header } = await this.#connection.range({ key: Buffer.from(key) }, signal)
    return { entry: kvs[0] && entryOf(kvs[0]), revision: compose(Number(header.revision), lastIndex) }
  }

  async list(
    prefix: string,
    options: { limit?: number; from?: string; at?: Revision; signal?: AbortSignal } = {},
  ): Promise<Page> {
    this.#checkOpen()
    const { limit = Number.POSITIVE_INFINITY, from, at, signal } = options
    const start = rangeStart(prefix, from)
    try {
      if (at === undefined || indexOf(at) === lastIndex) {
        const etcdRevision = at === undefined ? 0 : etcdRevisionOf(at)
        const page = await this.#range(prefix, start, limit, etcdRevision, signal)
        return { ...page, revision: at ?? page.revision }
      }
      return await this.#listWithin(prefix, start, limit, at, signal)
    } catch (error) {
      throw await this.#revisionError(error, at ?? 0)
    }
  }

  async commit(writes: readonly Write[], signal?: AbortSignal): Promise<WriteResult[]> {
    signal?.throwIfAborted()
    this.#checkOpen()
    for (const { key } of writes) checkKey(key)
    // Writes of one key follow one another; all others go together.
    const previous = new Map<string, Promise<WriteResult>>()
    return Promise.all(
      writes.map(write => {
        const earlier = previous.get(write.key)
        const result = earlier ? earlier.then(() => this.#write(write)) : this.#write(write)
        previous.set(write.key, result)
        return result
      }),
    )
  }

  async *watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    this.#checkOpen()
    yield* this.#fanout.watch(prefix, from, signal, (...range) => this.#replay(...range))
  }

  currentRevision(signal?: AbortSignal): Promise<Revision> {
    this.#checkOpen()
    return newest(this.#connection, signal)
  }

  async compact(before: Revision): Promise<void> {
    this.#checkOpen()
    // etcd drops the deletions of the very revision it compacts to, and a list at an index within a
    // revision begins with the one before: so the last revision compacted is the one before.
    const etcdRevision = Math.min(etcdRevisionOf(before), etcdRevisionOf(await this.currentRevision())) - 1
    if (etcdRevision < 1) return
    try {
      await this.#connection.compact(etcdRevision)
    } catch (error) {
      // As far, or further, already.
      if (!(error instanceof EtcdRevisionError)) throw error
    }
  }

  async close(): Promise<void> {
    if (this.#lifetime.signal.aborted) return
    this.#lifetime.abort()
    this.#fanout.fail(closedError())
    for (const { reject } of this.#queue.splice(0)) reject(closedError())
    await this.#following
    this.#connection.close()
  }

  #checkOpen(): void {
    if (this.#lifetime.signal.aborted) throw closedError()
  }

  // Reading

  async #range(prefix: string, start: Buffer, limit: number, at: number, signal?: AbortSignal): Promise<Page> {
    const entries: Entry[] = []
    const end = prefixEnd(Buffer.from(prefix)) ?? toTheEnd
    for (let revision = at, from = start; ; ) {
      const size = Math.min(pageSize, limit - entries.length)
      const page = await this.#connection.range({ key: from, range_end: end, limit: size, revision }, signal)
      revision ||= Number(page.header.revision)
      entries.push(...page.kvs.map(entryOf))
      if (!page.more || entries.length >= limit) {
        return { entries, revision: compose(revision, lastIndex), more: page.more }
      }
      from = Buffer.concat([lastKey(page.kvs), Buffer.from([0])])
    }
  }

  /** A list in the middle of a transaction: the state before it, and those of its events that come first. */
  async #listWithin(prefix: string, start: Buffer, limit: number, at: Revision, signal?: AbortSignal): Promise<Page> {
    const all = await this.#eventsAt(etcdRevisionOf(at))
    const events = all.filter(
      ({ key, revision }) => revision <= at && key.startsWith(prefix) && Buffer.compare(Buffer.from(key), start) >= 0,
    )
    const before = await this.#range(prefix, start, limit + events.length, etcdRevisionOf(at) - 1, signal)
    const entries = new Map(before.entries.map(entry => [entry.key, entry]))
    const last = before.more ? before.entries.at(-1)?.key : undefined
    for (const { key, value, revision } of events) {
      // What lies behind an unfinished page is for the next one.
      if (last !== undefined && compareKeys(key, last) > 0) continue
      if (value) entries.set(key, { key, value, revision })
      else entries.delete(key)
    }
    const sorted = [...entries.values()].sort((a, b) => compareKeys(a.key, b.key))
    return { entries: sorted.slice(0, limit), revision: at, more: before.more || sorted.length > limit }
  }

  /** The events of one etcd revision, which must have been. */
  async #eventsAt(etcdRevision: number): Promise<StoreEvent[]> {
    const upTo = compose(etcdRevision, lastIndex)
    const events: StoreEvent[] = []
    for await (const batch of this.#history(etcdRevision, upTo)) events.push(...batch.events)
    return events
  }

  async *#replay(prefix: string, seen: Revision, upTo: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    // Where something of the revision has been seen, its deletions are needed too, and they are only sure to be
    // there when the revision before is.
    const start = indexOf(seen) === lastIndex ? etcdRevisionOf(seen) : etcdRevisionOf(seen) - 1
    try {
      for await (const { events, revision } of this.#history(Math.max(1, start), upTo, signal)) {
        const fresh = events.filter(event => event.revision > seen && event.key.startsWith(prefix))
        if (revision > seen) yield { events: fresh, revision }
      }
    } catch (error) {
      throw await this.#revisionError(error, seen)
    }
  }

  /** Everything from one etcd revision on, until all of `upTo` has come. */
  async *#history(start: number, upTo: Revision, signal?: AbortSignal): AsyncIterable<WatchBatch> {
    const controller = new AbortController()
    const abort = (): void => controller.abort()
    signal?.addEventListener('abort', abort, { once: true })
    // History is there to be read: when it does not come, the watcher had better list again.
    let timer = setTimeout(abort, this.#connection.deadlineMs)
    try {
      if (signal?.aborted) return
      for await (const { events } of this.#connection.watch(start, controller.signal)) {
        clearTimeout(timer)
        const numbered = eventsOf(events).filter(event => event.revision <= upTo)
        const last = events.at(-1)
        if (last) yield { events: numbered, revision: Math.min(upTo, compose(Number(last.kv.mod_revision), lastIndex)) }
        if (last && Number(last.kv.mod_revision) >= etcdRevisionOf(upTo)) return
        timer = setTimeout(abort, this.#connection.deadlineMs)
      }
      if (!signal?.aborted) throw new StoreUnavailableError(`etcd did not send its history up to ${upTo}: list again`)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      controller.abort()
    }
  }

  /** What etcd means when it says that a revision is out of range. */
  async #revisionError(error: unknown, requested: Revision): Promise<unknown> {
    if (error instanceof EtcdCompactedError) return new CompactedError(requested, compose(error.compactRevision + 1, 0))
    if (!(error instanceof EtcdRevisionError)) return error
    if (!error.isCompacted) return new RangeError(`revision ${requested} has not been written yet`)
    // A range says only that it is; a watch says up to where.
    try {
      for await (const _ of this.#connection.watch(1, AbortSignal.timeout(this.#connection.deadlineMs))) break
    } catch (reason) {
      if (reason instanceof EtcdCompactedError) return this.#revisionError(reason, requested)
    }
    return new CompactedError(requested, requested + 1)
  }

  // Writing

  async #write(write: Write): Promise<WriteResult> {
    const lease =
      write.value && write.ttlSeconds !== undefined
        ? (await this.#connection.grantLease(Math.max(1, Math.ceil(write.ttlSeconds)))).ID
        : undefined
    this.#checkOpen()
    return new Promise((resolve, reject) => {
      this.#queue.push({ write: { ...write, lease }, resolve, reject })
      if (this.#scheduled) return
      this.#scheduled = true
      // What else is written in this turn of the event loop goes along.
      queueMicrotask(() => {
        this.#scheduled = false
        this.#send()
      })
    })
  }

  #send(): void {
    while (this.#queue.length > 0 && this.#inFlight < maxInFlight) {
      const batch = this.#queue.splice(0, batchSize(this.#queue.map(({ write }) => write)))
      this.#inFlight += 1
      void this.#sendBatch(batch).finally(() => {
        this.#inFlight -= 1
        this.#send()
      })
    }
  }

  async #sendBatch(batch: readonly Pending[]): Promise<void> {
    const writes = batch.map(({ write }) => write)
    try {
      const results = batchResults(writes, await this.#connection.transaction(batchRequest(writes)))
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index]
        if (result) resolve(result)
        else reject(new Error('a write of a batch has no result'))
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  // Watching

  /** Feeds the fan-out, connecting again when the stream breaks, from where it was. */
  async #follow(signal: AbortSignal): Promise<void> {
    let start = etcdRevisionOf(this.#fanout.position) + 1
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        for await (const { events } of this.#connection.watch(start, signal)) {
          failures = 0
          const last = events.at(-1)
          if (!last) continue
          const revision = compose(Number(last.kv.mod_revision), lastIndex)
          this.#fanout.publish({ events: eventsOf(events), revision })
        }
      } catch (error) {
        await this.#recover(error, signal)
      }
      // The newest revision known is watched once more: that it is still there shows that nothing after it has
      // been compacted. What has been published already, the fan-out passes over.
      start = Math.max(1, etcdRevisionOf(this.#fanout.position))
      await sleep(backoffMs(failures, reconnect), signal)
    }
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    this.#logger.warn({ err: error }, 'the watch of etcd broke off; connecting again')
    if (!(error instanceof EtcdCompactedError)) return
    // Events are lost: whoever watches has to list again.
    const position = await newest(this.#connection, signal).catch(() => undefined)
    if (position === undefined) return
    this.#fanout.reset(new StoreUnavailableError(`${error.message}, and events with it: list again`), position)
  }

  async #compactRegularly(everyMs: number, signal: AbortSignal): Promise<void> {
    let mark = this.#fanout.position
    for (;;) {
      await sleep(everyMs, signal)
      if (signal.aborted) return
      const next = this.#fanout.position
      await this.compact(mark).catch((error: unknown) => this.#logger.warn({ err: error }, 'compaction failed'))
      mark = next
    }
  }
}

const closedError = (): StoreUnavailableError => new StoreUnavailableError('the connection to etcd has been closed')

const lastKey = (kvs: readonly IKeyValue[]): Buffer => kvs.at(-1)?.key ?? Buffer.alloc(0)
