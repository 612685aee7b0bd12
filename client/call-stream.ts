// Unary calls over one stream (proto/calls/v1), which takes a third of the time of calls by themselves. It opens with
// the first call and again after it broke; what was under way then fails as a call by itself would. A server that knows
// no such stream is called method by method.
import { type Client, type ClientDuplexStream, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { type Answer, type Call, Calls, type Failure } from '../proto/gen/calls.ts'
import type { Method } from '../proto/service.ts'
import { onAbort } from './streams.ts'

export interface CallStreamOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Not over the stream, where a large answer would hold up all that come after it. */
  readonly alone?: boolean | undefined
}

interface Waiting {
  readonly stream: ClientDuplexStream<Call, Answer>
  resolve(response: Uint8Array): void
  reject(error: Error): void
}

/** The server has ended the stream and answered all it had begun, so this may be asked again. */
class NotBegun extends Error {}

/** Then the numbers begin anew; an id is free as soon as its call is over. */
const mostIds = 2 ** 31

export class CallStream {
  readonly #client: Client
  readonly #waiting = new Map<number, Waiting>()
  #stream: ClientDuplexStream<Call, Answer> | undefined
  /** The server has no such stream. */
  #unknown = false
  #lastId = 0

  constructor(client: Client) {
    this.#client = client
  }

  /** @throws ServiceError as a call by itself would: CANCELLED when the signal aborted */
  async call<Request, Response>(
    method: Method<Request, Response, false, false>,
    request: Request,
    options: CallStreamOptions,
  ): Promise<Response> {
    const deadline = Date.now() + options.timeoutMs
    while (!this.#unknown && options.alone !== true) {
      const timeoutMs = Math.max(1, deadline - Date.now())
      try {
        const bytes = await this.#exchange(method.path, method.requestSerialize(request), { ...options, timeoutMs })
        return method.responseDeserialize(Buffer.from(bytes))
      } catch (error) {
        if (!(error instanceof NotBegun)) throw error
      }
    }
    return this.#callAlone(method, request, options)
  }

  /** Gives up what is under way. */
  close(): void {
    this.#stream?.cancel()
  }

  #exchange(method: string, request: Uint8Array, { timeoutMs, signal }: CallStreamOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(failed(status.CANCELLED, 'cancelled before it was sent'))
        return
      }
      const stream = this.#open()
      const id = this.#nextId()
      const giveUp = (code: status, why: string): void => {
        if (stream === this.#stream) stream.write({ id, givenUp: {} })
        this.#waiting.get(id)?.reject(failed(code, why))
      }
      const timer = setTimeout(() => giveUp(status.DEADLINE_EXCEEDED, 'Deadline exceeded'), timeoutMs)
      const forget = signal && onAbort(signal, () => giveUp(status.CANCELLED, 'cancelled'))
      const over = (): void => {
        clearTimeout(timer)
        forget?.()
        this.#waiting.delete(id)
      }
      this.#waiting.set(id, {
        stream,
        resolve: response => {
          over()
          resolve(response)
        },
        reject: error => {
          over()
          reject(error)
        },
      })
      stream.write({ id, begin: { method, request, timeoutMs: Math.ceil(timeoutMs) } })
    })
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId % mostIds) + 1
    while (this.#waiting.has(this.#lastId))
    return this.#lastId
  }

  #open(): ClientDuplexStream<Call, Answer> {
    if (this.#stream !== undefined) return this.#stream
    const { path, requestSerialize, responseDeserialize } = Calls.Exchange
    const stream = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
    this.#stream = stream
    stream.on('data', ({ id = 0, response, failure }: Answer) => {
      const waiting = this.#waiting.get(id)
      if (failure) waiting?.reject(carried(failure))
      else waiting?.resolve(response ?? Buffer.alloc(0))
    })
    // The status event, which follows, says the same.
    stream.on('error', () => {})
    stream.on('status', ({ code, details }) => {
      if (this.#stream === stream) this.#stream = undefined
      this.#unknown ||= code === status.UNIMPLEMENTED
      const notBegun = code === status.OK || code === status.UNIMPLEMENTED
      const error = notBegun ? new NotBegun('the server ended the stream of calls') : failed(code, details)
      // Answers that came before the end may still be on their way to the listener above.
      setImmediate(() => {
        for (const waiting of [...this.#waiting.values()]) if (waiting.stream === stream) waiting.reject(error)
      })
    })
    return stream
  }

  #callAlone<Request, Response>(
    { path, requestSerialize, responseDeserialize }: Method<Request, Response, false, false>,
    request: Request,
    { timeoutMs, signal }: CallStreamOptions,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      let forget = (): void => {}
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          forget()
          if (error !== null) reject(error)
          else if (response === undefined) reject(failed(status.INTERNAL, 'the answer is empty'))
          else resolve(response)
        },
      )
      if (signal?.aborted) call.cancel()
      else if (signal) forget = onAbort(signal, () => call.cancel())
    })
  }
}

/** What grpc-js and a CallStream fail with. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error
}

function carried({ code = status.UNKNOWN, message = '', metadata = {} }: Failure): ServiceError {
  const trailing = new Metadata()
  for (const [key, value] of Object.entries(metadata)) trailing.set(key, Buffer.from(value))
  return failed(isCode(code) ? code : status.UNKNOWN, message, trailing)
}

const isCode = (code: number): code is status => status[code] !== undefined

function failed(code: status, details: string, metadata = new Metadata()): ServiceError {
  return Object.assign(new Error(`${code} ${status[code]}: ${details}`), { code, details, metadata })
}
