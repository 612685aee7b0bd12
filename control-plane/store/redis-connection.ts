// Calls to Redis: each with a deadline and made once, its answers read as bytes.
import type { Redis } from 'ioredis'
import type { Script } from './redis-scripts.ts'
import { StoreUnavailableError } from './store.ts'

export interface RedisConnectionOptions {
  /** `redis://` or `rediss://[USER:PASSWORD@]HOST:PORT[/DATABASE]`. */
  readonly url: string
  /** How long a call may take; default 5 s. */
  readonly deadlineMs?: number
}

/** What Redis answers: bytes, numbers, nothing, and lists of these. */
export type Reply = Buffer | number | null | readonly Reply[]

export class RedisConnection {
  readonly #client: Redis
  readonly #where: string
  readonly #deadlineMs: number

  /** Connects at once, and again whenever the connection breaks. */
  static async open({ url, deadlineMs = 5000 }: RedisConnectionOptions): Promise<RedisConnection> {
    const { Redis: Client } = await import('ioredis')
    const client = new Client(url, {
      // Its answers are lists all through; RESP3 makes maps of some.
      protocol: 2,
      connectTimeout: deadlineMs,
      commandTimeout: deadlineMs,
      keepAlive: 10_000,
      // A script whose answer was lost may have run: nothing is sent twice.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 1,
      retryStrategy: attempt => Math.min(1000, 50 * 2 ** attempt),
    })
    // Every call that fails says why; a lost connection is no event of its own.
    client.on('error', () => undefined)
    return new RedisConnection(client, new URL(url).host, deadlineMs)
  }

  private constructor(client: Redis, where: string, deadlineMs: number) {
    this.#client = client
    this.#where = where
    this.#deadlineMs = deadlineMs
  }

  async call(signal: AbortSignal | undefined, command: string, ...args: (string | Buffer | number)[]): Promise<Reply> {
    signal?.throwIfAborted()
    try {
      return reply(await this.#client.callBuffer(command, args))
    } catch (error) {
      if (isScriptMissing(error)) throw error
      const message = error instanceof Error ? error.message : String(error)
      const why = message === 'Command timed out' ? `no answer within ${this.#deadlineMs} ms` : message
      throw new StoreUnavailableError(`Redis at ${this.#where}: ${why}`, { cause: error })
    }
  }

  async run(
    { source, sha1 }: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    signal?: AbortSignal,
  ): Promise<Reply> {
    try {
      return await this.call(signal, 'EVALSHA', sha1, keys.length, ...keys, ...args)
    } catch (error) {
      if (!isScriptMissing(error)) throw error
      return this.call(signal, 'EVAL', source, keys.length, ...keys, ...args)
    }
  }

  close(): void {
    this.#client.disconnect()
  }
}

const isScriptMissing = (error: unknown): boolean => error instanceof Error && error.message.startsWith('NOSCRIPT')

function reply(answer: unknown): Reply {
  if (answer === null || answer === undefined) return null
  if (typeof answer === 'number' || Buffer.isBuffer(answer)) return answer
  if (typeof answer === 'string') return Buffer.from(answer)
  if (Array.isArray(answer)) return answer.map(reply)
  throw new TypeError(`Redis answered with a ${typeof answer}`)
}

/** @throws TypeError when the answer has another shape */
export function asList(answer: Reply | undefined): readonly Reply[] {
  if (answer === null || answer === undefined || typeof answer === 'number' || Buffer.isBuffer(answer)) {
    throw new TypeError('Redis did not answer with a list')
  }
  return answer
}

/** @throws TypeError when the answer has another shape */
export function asBytes(answer: Reply | undefined): Buffer {
  if (!Buffer.isBuffer(answer)) throw new TypeError('Redis did not answer with a string')
  return answer
}

export const asNumber = (answer: Reply | undefined): number =>
  typeof answer === 'number' ? answer : Number(asBytes(answer).toString())
