// Calls to etcd: each with a deadline, each made once (a transaction that was repeated after a lost answer
// would meet its own writes), its errors turned into the store's.
import { Readable } from 'node:stream'
import type {
  Etcd3,
  ICompactionResponse,
  ILeaseGrantResponse,
  IOptions,
  IRangeRequest,
  IRangeResponse,
  ITxnRequest,
  ITxnResponse,
  IWatchResponse,
} from 'etcd3'
import { isAborted } from '../../lib/abort.ts'
import { StoreUnavailableError } from './store.ts'

type Etcd3Module = Awaited<ReturnType<typeof loadEtcd3>>
type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>

export interface EtcdConnectionOptions {
  /** `http://HOST:PORT` or `https://HOST:PORT`, all of one cluster. */
  readonly endpoints: readonly string[]
  /** For https: the CA, and the client's certificate where etcd asks for one. */
  readonly credentials?: NonNullable<IOptions['credentials']>
  /** How long a call may take; default 5 s. */
  readonly deadlineMs?: number
}

/** History up to this revision of etcd's is gone. */
export class EtcdCompactedError extends Error {
  override readonly name = 'EtcdCompactedError'
  readonly compactRevision: number

  constructor(compactRevision: number) {
    super(`etcd has compacted its history up to revision ${compactRevision}`)
    this.compactRevision = compactRevision
  }
}

/** A revision that was asked for is compacted, or has not come yet. */
export class EtcdRevisionError extends Error {
  override readonly name = 'EtcdRevisionError'

  get isCompacted(): boolean {
    return this.message.includes('compacted')
  }
}

/** etcd3's own policies repeat calls and open circuits; with this one each call is made once. */
class Once implements Policy {
  declare readonly _altReturn: never
  readonly onSuccess: Policy['onSuccess'] = () => ({ dispose: () => undefined })
  readonly onFailure: Policy['onFailure'] = () => ({ dispose: () => undefined })

  async execute<T>(call: (context: { signal: AbortSignal }) => PromiseLike<T> | T, signal?: AbortSignal): Promise<T> {
    return call({ signal: signal ?? new AbortController().signal })
  }
}

const loadEtcd3 = () => import('etcd3')

const wholeKeySpace = { key: Buffer.from([0]), range_end: Buffer.from([0]) }

const grpcOptions: NonNullable<IOptions['grpcOptions']> = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // A frozen member is noticed by the watch, which is always open, within 15 s. (etcd refuses pings that
  // are more frequent than every 5 s, or come without a call.)
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
}

export class EtcdConnection {
  readonly deadlineMs: number
  readonly #where: string
  /** One for each member; the first is the one to ask. */
  readonly #clients: Etcd3[]
  readonly #etcd3: Etcd3Module

  /** Connects at the first call. */
  static async open(options: EtcdConnectionOptions): Promise<EtcdConnection> {
    return new EtcdConnection(options, await loadEtcd3())
  }

  private constructor({ endpoints, credentials, deadlineMs = 5000 }: EtcdConnectionOptions, etcd3: Etcd3Module) {
    this.#etcd3 = etcd3
    this.deadlineMs = deadlineMs
    this.#where = endpoints.join(', ')
    this.#clients = endpoints.map(
      hosts =>
        new etcd3.Etcd3({
          hosts,
          ...(credentials && { credentials }),
          faultHandling: { global: new Once(), host: () => new Once() },
          grpcOptions,
        }),
    )
  }

  range(request: IRangeRequest, signal?: AbortSignal): Promise<IRangeResponse> {
    return this.#call('read', (client, options) => client.kv.range(request, options), signal, true)
  }

  transaction(request: ITxnRequest): Promise<ITxnResponse> {
    return this.#call('write', (client, options) => client.kv.txn(request, options))
  }

  /** @param revision etcd's; reads before it fail from now on */
  compact(revision: number): Promise<ICompactionResponse> {
    return this.#call('compaction', (client, options) => client.kv.compact({ revision }, options))
  }

  grantLease(ttlSeconds: number): Promise<ILeaseGrantResponse> {
    return this.#call('lease', (client, options) => client.leaseClient.leaseGrant({ TTL: ttlSeconds }, options))
  }

  /**
   * Everything that happens in the whole key space from a revision of etcd's on, directly from the Watch
   * RPC: etcd3's own watcher keeps a compaction's revision to itself. A response holds whole revisions.
   * @throws EtcdCompactedError; StoreUnavailableError when the stream breaks
   */
  async *watch(startRevision: number, signal: AbortSignal): AsyncGenerator<IWatchResponse> {
    if (signal.aborted) return
    const client = this.#client
    const stream = await client.watchClient.watch()
    if (!(stream instanceof Readable)) throw new TypeError('the watch stream of etcd3 can not be read')
    const cancel = (): void => {
      // Ended first, so that etcd3 does not take the cancellation for a broken host.
      stream.end()
      stream.cancel()
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      stream.write({ create_request: { ...wholeKeySpace, start_revision: startRevision } })
      const responses: AsyncIterable<IWatchResponse> = stream
      for await (const response of responses) {
        if (Number(response.compact_revision) > 0) throw new EtcdCompactedError(Number(response.compact_revision))
        if (response.canceled) throw new Error(response.cancel_reason || 'the watch was canceled')
        yield response
      }
      throw new Error('the watch ended')
    } catch (error) {
      if (isAborted(signal)) return
      if (error instanceof EtcdCompactedError) throw error
      this.#turnFrom(client)
      throw this.#unavailable('watch', error)
    } finally {
      signal.removeEventListener('abort', cancel)
      cancel()
    }
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  async #call<T>(
    what: string,
    call: (client: Etcd3, options: { deadline: number }) => Promise<T>,
    signal?: AbortSignal,
    repeatable = false,
  ): Promise<T> {
    signal?.throwIfAborted()
    const deadline = Date.now() + this.deadlineMs
    for (let attempt = 1; ; attempt++) {
      const client = this.#client
      try {
        return await abortable(call(client, { deadline }), signal)
      } catch (error) {
        if (isAborted(signal)) throw error
        const { GRPCOutOfRangeError, GRPCUnavailableError, GRPCDeadlineExceededError } = this.#etcd3
        if (error instanceof GRPCOutOfRangeError) throw new EtcdRevisionError(error.message, { cause: error })
        const unreachable = error instanceof GRPCUnavailableError
        if (unreachable || error instanceof GRPCDeadlineExceededError) this.#turnFrom(client)
        const again = unreachable && (repeatable || neverSent(error)) && attempt < this.#clients.length
        if (!again || Date.now() >= deadline) throw this.#unavailable(what, error)
      }
    }
  }

  get #client(): Etcd3 {
    const [client] = this.#clients
    if (!client) throw new StoreUnavailableError('no etcd to connect to')
    return client
  }

  /** Asks the next member from now on, unless somebody has turned away from this one already. */
  #turnFrom(client: Etcd3): void {
    if (this.#clients[0] !== client) return
    this.#clients.shift()
    this.#clients.push(client)
  }

  #unavailable(what: string, error: unknown): StoreUnavailableError {
    const message = error instanceof Error ? error.message : String(error)
    const late = error instanceof this.#etcd3.GRPCDeadlineExceededError
    const why = late ? `no answer within ${this.deadlineMs} ms` : message
    return new StoreUnavailableError(`etcd at ${this.#where}: ${what} failed: ${why}${advice(message)}`, {
      cause: error,
    })
  }
}

/** grpc-js says so when it had no connection to send the call over. */
const neverSent = (error: Error): boolean => error.message.includes('No connection established')

function advice(message: string): string {
  if (message.includes('database space exceeded')) {
    return '; compact and defragment etcd, then disarm its alarm (etcdctl alarm disarm), or raise --quota-backend-bytes'
  }
  if (message.includes('request is too large')) return '; an object may have at most 1.5 MiB (--max-request-bytes)'
  if (message.includes('ECONNREFUSED')) return '; is etcd running there?'
  return ''
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)))
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
