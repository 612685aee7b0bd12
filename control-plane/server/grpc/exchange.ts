// The service Calls: unary calls over one stream, whose caller is identified once. Each is authorized, has its own
// deadline, and ends as a call by itself would.
import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js'
import { StatusError } from '../../../api/errors.ts'
import { aborted } from '../../../lib/abort.ts'
import type { Answer, Begin, Call } from '../../../proto/gen/calls.ts'
import type { Method } from '../../../proto/service.ts'
import type { Activity } from '../ongoing.ts'
import { type Caller, type Door, duplexStream, failureOf, received, type UnaryHandler } from './calls.ts'
import { carriedFailure } from './status.ts'

export interface UnaryMethod {
  readonly path: string
  /** From the request's bytes to the answer's. @throws StatusError */
  call(request: Uint8Array, caller: Caller): Promise<Uint8Array>
}

export function exchangeable<Request, Response>(
  { path, requestDeserialize, responseSerialize }: Method<Request, Response, false, false>,
  handle: UnaryHandler<Request, Response>,
): UnaryMethod {
  const decode = (bytes: Uint8Array): Request => {
    try {
      return requestDeserialize(Buffer.from(bytes))
    } catch (error) {
      throw StatusError.badRequest(`the request is not what ${path} takes: ${String(error)}`)
    }
  }
  return { path, call: async (request, caller) => responseSerialize(await handle(decode(request), caller)) }
}

/** Calls under way on one stream; while there are as many, no more are read. */
const mostUnderWay = 1000
const longestTimeoutMs = 10 * 60_000

const roomEvents = ['drain', 'cancelled']

export function callsService(door: Door, methods: readonly UnaryMethod[]): UntypedServiceImplementation {
  const byPath = new Map(methods.map(method => [method.path, method]))
  return {
    Exchange: duplexStream(door, (stream: ServerDuplexStream<Call, Answer>, caller) =>
      new Exchange(door, byPath, stream, caller).run(),
    ),
  }
}

class Exchange {
  readonly #door: Door
  readonly #methods: ReadonlyMap<string, UnaryMethod>
  readonly #stream: ServerDuplexStream<Call, Answer>
  readonly #caller: Caller
  readonly #underWay = new Map<number, Activity>()
  #gone = false
  #room: Promise<void> | undefined
  readonly #waiting: (() => void)[] = []
  #closed = false

  constructor(
    door: Door,
    methods: ReadonlyMap<string, UnaryMethod>,
    stream: ServerDuplexStream<Call, Answer>,
    caller: Caller,
  ) {
    this.#door = door
    this.#methods = methods
    this.#stream = stream
    this.#caller = caller
    stream.once('cancelled', () => {
      this.#gone = true
    })
  }

  /** Until the client ends the stream or leaves, or the door closes; what is under way is over by then. */
  async run(): Promise<void> {
    const over = aborted(this.#caller.signal).then(() => this.#endAll())
    // A client that sends no more may still wait for answers; one whose stream breaks does not.
    await Promise.race([this.#read().catch(() => this.#endAll()), over])
    while (this.#underWay.size > 0) await this.#change()
    this.#closed = true
  }

  #endAll(): void {
    for (const activity of this.#underWay.values()) activity.end()
  }

  async #read(): Promise<void> {
    for await (const { id = 0, begin, givenUp } of received(this.#stream)) {
      if (this.#closed) return
      if (givenUp) this.#giveUp(id)
      else if (begin && !this.#underWay.has(id)) void this.#carryOut(id, begin)
      while (this.#underWay.size >= mostUnderWay) await this.#change()
    }
  }

  #giveUp(id: number): void {
    const activity = this.#underWay.get(id)
    this.#underWay.delete(id)
    activity?.end()
    this.#changed()
  }

  async #carryOut(id: number, { method: path = '', request, timeoutMs }: Begin): Promise<void> {
    const activity = this.#door.ongoing.start()
    this.#underWay.set(id, activity)
    const timer = setTimeout(() => this.#giveUp(id), Math.min(timeoutMs || longestTimeoutMs, longestTimeoutMs))
    const answer = await this.#answer(path, Buffer.from(request ?? []), activity.signal)
    clearTimeout(timer)
    // Else nobody waits for it any more.
    if (this.#underWay.get(id) === activity) await this.#send({ id, ...answer })
    activity.end()
    if (this.#underWay.get(id) === activity) this.#underWay.delete(id)
    this.#changed()
  }

  async #answer(path: string, request: Uint8Array, signal: AbortSignal): Promise<Answer> {
    try {
      const method = this.#methods.get(path)
      if (method === undefined) throw StatusError.badRequest(`${path} is no method that can be called over this stream`)
      return { response: await method.call(request, { ...this.#caller, signal }) }
    } catch (error) {
      return { failure: carriedFailure(failureOf(this.#door, error, signal, path)) }
    }
  }

  /** Resolves when the client has room for more, or is gone; all that wait for that wait together. */
  async #send(answer: Answer): Promise<void> {
    if (this.#gone || this.#stream.write(answer)) return
    this.#room ??= new Promise(resolve => {
      const done = (): void => {
        this.#room = undefined
        for (const event of roomEvents) this.#stream.off(event, done)
        resolve()
      }
      for (const event of roomEvents) this.#stream.on(event, done)
    })
    await this.#room
  }

  /** Resolves when the next call is over. */
  #change(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  #changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
