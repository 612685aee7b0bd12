// The store for what churns and expires, Events above all, which do not belong in Raft: Redis. One script
// checks and writes (redis-scripts.ts), a stream is the history. How durable a write is, Redis' own
// configuration says (appendonly, appendfsync).
import { sleep } from '../../lib/abort.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import { Fanout } from './fanout.ts'
import { checkKey, compareKeys, prefixEnd, rangeStart } from './keys.ts'
import {
  asBytes,
  asList,
  asNumber,
  RedisConnection,
  type RedisConnectionOptions,
  type Reply,
} from './redis-connection.ts'
import {
  commitScript,
  compactScript,
  expireScript,
  historyScript,
  keyNames,
  listScript,
  type Script,
} from './redis-scripts.ts'
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

export interface RedisOptions extends RedisConnectionOptions {
  readonly logger?: Logger
  /** Names the store's keys in Redis; default tessera. */
  readonly name?: string
  /** History is compacted to what it was this long ago, as often; default 5 minutes. */
  readonly compactEveryMs?: number
}

const pageSize = 500
const expireEveryMs = 500
const expireAtOnce = 1000
/** How long a read of the log waits for something new; less than a call's deadline. */
const waitMs = 2000
const reconnect = { initialMs: 50, maxMs: 1000, jitter: 0.2 }

interface Change extends StoreEvent {
  /** What stood there before. */
  readonly before: Entry | undefined
}

/** Connects to Redis. @throws StoreUnavailableError when it does not answer within the deadline */
export async function openRedisStore(options: RedisOptions): Promise<Store> {
  const connection = await RedisConnection.open(options)
  // A read that waits would hold up all that comes behind it on the same connection.
  const waiting = await RedisConnection.open(options)
  const keys = keyNames.map(name => `{${options.name ?? 'tessera'}}:${name}`)
  try {
    return new RedisStore({ connection, waiting, keys }, await newest(connection, keys), options)
  } catch (error) {
    connection.close()
    waiting.close()
    throw error
  }
}

async function newest(connection: RedisConnection, [revision = '']: readonly string[], signal?: AbortSignal) {
  const answer = await connection.call(signal, 'GET', revision)
  return answer === null ? 0 : asNumber(answer)
}

interface Connections {
  readonly connection: RedisConnection
  readonly waiting: RedisConnection
  readonly keys: readonly string[]
}

class RedisStore implements Store {
  readonly #connections: Connections
  readonly #logger: Logger
  readonly #fanout: Fanout
  readonly #lifetime = new AbortController()
  readonly #working: Promise<unknown>

  constructor(connections: Connections, position: Revision, options: RedisOptions) {
    this.#connections = connections
    this.#logger = options.logger ?? silentLogger
    this.#fanout = new Fanout(position)
    const { signal } = this.#lifetime
    let mark = position
    const compact = async (): Promise<void> => {
      const next = this.#fanout.position
      await this.compact(mark)
      mark = next
    }
    this.#working = Promise.all([
      this.#follow(signal),
      this.#every(expireEveryMs, () => this.#expire(), signal),
      this.#every(options.compactEveryMs ?? 5 * 60_000, compact, signal),
    ])
  }

  async get(key: string, signal?: AbortSignal) {
    const exactly = `[${key}`
    const { revision, entries } = await this.#page(exactly, exactly, 1, signal)
    return { entry: entries[0], revision }
  }

  async list(
    prefix: string,
    options: { limit?: number; from?: string; at?: Revision; signal?: AbortSignal } = {},
  ): Promise<Page> {
    const { limit = Number.POSITIVE_INFINITY, from, at, signal } = options
    const start = rangeStart(prefix, from)
    const end = prefixEnd(Buffer.from(prefix))
    const to = end ? Buffer.concat([Buffer.from('('), end]) : '+'
    const entries: Entry[] = []
    let next = Buffer.concat([Buffer.from('['), start])
    let moment = at
    for (;;) {
      const page = await this.#page(next, to, pageSize, signal)
      moment ??= page.revision
      if (moment > page.revision) throw new RangeError(`revision ${moment} has not been written yet`)
      if (moment < page.compacted) throw new CompactedError(moment, page.compacted)
      const asOf = moment
      entries.push(...page.entries.filter(entry => entry.revision <= asOf))
      const last = page.entries.at(-1)
      const finished = page.entries.length < pageSize
      if (finished || !last || entries.length > limit) {
        return this.#asItStood(prefix, start, moment, limit, { entries, scannedTo: finished ? undefined : last?.key })
      }
      next = Buffer.concat([Buffer.from('('), Buffer.from(last.key)])
    }
  }

  async commit(writes: readonly Write[], signal?: AbortSignal): Promise<WriteResult[]> {
    signal?.throwIfAborted()
    for (const { key } of writes) checkKey(key)
    if (writes.length === 0) return []
    const args = writes.flatMap(({ key, value, expect, ttlSeconds }) => [
      key,
      value ? 'put' : 'delete',
      expect === undefined ? '' : String(expect),
      value && ttlSeconds !== undefined ? String(Math.ceil(ttlSeconds * 1000)) : '',
      value ?? '',
    ])
    const results = asList(await this.#run(commitScript, args))
    return writes.map(({ key }, index): WriteResult => {
      const [ok, answer = null] = asList(results[index])
      if (ok === 1) return { ok: true, revision: asNumber(answer) }
      return { ok: false, current: answer === null ? undefined : entryOf(key, asBytes(answer)) }
    })
  }

  async *watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    const { compacted } = await this.#history(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, signal)
    if (from + 1 < compacted) throw new CompactedError(from, compacted)
    yield* this.#fanout.watch(prefix, from, signal, (...range) => this.#replay(...range))
  }

  async currentRevision(signal?: AbortSignal): Promise<Revision> {
    this.#checkOpen()
    return newest(this.#connections.connection, this.#connections.keys, signal)
  }

  async compact(before: Revision): Promise<void> {
    await this.#run(compactScript, [String(before)])
  }

  async close(): Promise<void> {
    if (this.#lifetime.signal.aborted) return
    this.#lifetime.abort()
    this.#fanout.fail(closedError())
    this.#connections.waiting.close()
    await this.#working
    this.#connections.connection.close()
  }

  #checkOpen(): void {
    if (this.#lifetime.signal.aborted) throw closedError()
  }

  #run(script: Script, args: readonly (string | Buffer)[], signal?: AbortSignal): Promise<Reply> {
    this.#checkOpen()
    return this.#connections.connection.run(script, this.#connections.keys, args, signal)
  }

  // Reading

  async #page(from: string | Buffer, to: string | Buffer, limit: number, signal?: AbortSignal) {
    const [revision, compacted, list] = asList(await this.#run(listScript, [from, to, String(limit)], signal))
    const flat = asList(list)
    const entries: Entry[] = []
    for (let at = 0; at < flat.length; at += 2) {
      entries.push(entryOf(asBytes(flat[at]).toString(), asBytes(flat[at + 1])))
    }
    return { revision: asNumber(revision), compacted: asNumber(compacted), entries }
  }

  /** Puts back what was written since a moment: the log is read after the keys, so it has all that they lack. */
  async #asItStood(
    prefix: string,
    start: Buffer,
    at: Revision,
    limit: number,
    { entries, scannedTo }: { readonly entries: readonly Entry[]; readonly scannedTo: string | undefined },
  ): Promise<Page> {
    const before = new Map<string, Entry | undefined>()
    for await (const changes of this.#changes(at, Number.MAX_SAFE_INTEGER)) {
      for (const { key, before: standing } of changes) if (!before.has(key)) before.set(key, standing)
    }
    const found = new Map(entries.map(entry => [entry.key, entry]))
    for (const [key, standing] of before) {
      const inRange = key.startsWith(prefix) && Buffer.compare(Buffer.from(key), start) >= 0
      if (!inRange || (scannedTo !== undefined && compareKeys(key, scannedTo) > 0)) continue
      if (standing) found.set(key, standing)
      else found.delete(key)
    }
    const sorted = [...found.values()].sort((a, b) => compareKeys(a.key, b.key))
    const more = sorted.length > limit || scannedTo !== undefined
    return { entries: sorted.slice(0, limit), revision: at, more }
  }

  async *#replay(prefix: string, after: Revision, upTo: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    let seen = after
    for await (const changes of this.#changes(after, upTo, signal)) {
      const last = changes.at(-1)
      if (!last) continue
      seen = last.revision
      yield { events: changes.filter(({ key }) => key.startsWith(prefix)).map(eventOf), revision: seen }
    }
    if (seen < upTo) yield { events: [], revision: upTo }
  }

  /** The log in (after, upTo], in pieces. @throws CompactedError */
  async *#changes(after: Revision, upTo: Revision, signal?: AbortSignal): AsyncIterable<Change[]> {
    for (let seen = after; seen < upTo; ) {
      const { compacted, changes } = await this.#history(seen + 1, upTo, signal)
      if (seen + 1 < compacted) throw new CompactedError(seen, compacted)
      yield changes
      if (changes.length < pageSize) return
      seen = changes.at(-1)?.revision ?? upTo
    }
  }

  async #history(from: Revision, to: Revision, signal?: AbortSignal) {
    const args = [`${from}-0`, `${to}-0`, String(pageSize)]
    const [, compacted, log] = asList(await this.#run(historyScript, args, signal))
    return { compacted: asNumber(compacted), changes: asList(log).map(changeOf) }
  }

  // Working

  /** Feeds the fan-out with what is appended to the log, by whatever process. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { waiting, keys } = this.#connections
    for (let failures = 0; !signal.aborted; ) {
      try {
        const after = `${this.#fanout.position}-0`
        const log = keys.at(-1) ?? ''
        const answer = await waiting.call(signal, 'XREAD', 'COUNT', pageSize, 'BLOCK', waitMs, 'STREAMS', log, after)
        failures = 0
        if (answer === null) continue
        const changes = asList(asList(asList(answer)[0])[1]).map(changeOf)
        const revision = changes.at(-1)?.revision ?? 0
        await this.#checkWhole(changes[0]?.revision ?? 0, signal)
        this.#fanout.publish({ events: changes.map(eventOf), revision })
      } catch (error) {
        if (this.#lifetime.signal.aborted) return
        this.#logger.warn({ err: error }, 'the log of Redis could not be read; trying again')
        await sleep(backoffMs(failures++, reconnect), signal)
      }
    }
  }

  /** What was trimmed from the log before it was read here is lost to the watchers: they have to list again. */
  async #checkWhole(first: Revision, signal: AbortSignal): Promise<void> {
    if (first === this.#fanout.position + 1) return
    const { compacted } = await this.#history(first, first, signal)
    if (this.#fanout.position + 1 >= compacted) return
    this.#fanout.reset(new StoreUnavailableError(`Redis compacted up to ${compacted}: list again`), first - 1)
  }

  async #expire(): Promise<void> {
    while (asNumber(await this.#run(expireScript, [String(expireAtOnce)])) === expireAtOnce);
  }

  async #every(ms: number, action: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(ms, signal)
      if (signal.aborted) return
      await action().catch((error: unknown) => {
        if (!signal.aborted) this.#logger.warn({ err: error }, 'the upkeep of Redis failed; trying again')
      })
    }
  }
}

const closedError = (): StoreUnavailableError => new StoreUnavailableError('the connection to Redis has been closed')

const colon = 0x3a

/** @param data `REVISION:VALUE` */
function entryOf(key: string, data: Buffer): Entry {
  const end = data.indexOf(colon)
  return { key, value: data.subarray(end + 1), revision: Number(data.toString('latin1', 0, end)) }
}

/** @param entry `[REVISION-0, [key, …, before, …, value, …]]` */
function changeOf(entry: Reply): Change {
  const [id, list] = asList(entry)
  const [, name, , before, , value] = asList(list)
  const key = asBytes(name).toString()
  const data = asBytes(before)
  return {
    key,
    value: value === undefined ? undefined : asBytes(value),
    revision: Number.parseInt(asBytes(id).toString(), 10),
    before: data.length === 0 ? undefined : entryOf(key, data),
  }
}

const eventOf = ({ key, value, revision }: Change): StoreEvent => ({ key, value, revision })
