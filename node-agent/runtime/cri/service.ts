// Typed handlers as @grpc/grpc-js wants them. Errors become gRPC's here and nowhere else.
import {
  Metadata,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { Logger } from '../../../lib/logger.ts'
import type { Answer } from '../../../proto/gen/calls.ts'
import type { Method } from '../../../proto/service.ts'
import { InvalidSpecError } from '../container/invalid-spec.ts'
import { messageOf, RuntimeError, type RuntimeErrorCode } from '../errors.ts'
import { ImageError, type ImageErrorCode } from '../images/errors.ts'
import { LauncherConnectionError, LauncherMismatchError } from '../launcher/client.ts'

/** A client that is answered by a stream of messages. */
export interface Listener<Response> {
  /** Resolves when there is room for more, or the client gone. */
  send(message: Response): Promise<void>
  /** How many messages wait to be sent. */
  readonly backlog: number
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

/** One that sends a stream too. */
export interface Stream<Request, Response> extends Omit<Listener<Response>, 'backlog'> {
  readonly requests: AsyncIterable<Request>
}

/** The handlers of a service; an RPC without one answers Unimplemented. The signal aborts when nobody waits any more. */
export type Handlers<Definition> = {
  readonly [Name in keyof Definition]?: Definition[Name] extends Method<infer Request, infer Response, false, false>
    ? (request: Request, signal: AbortSignal) => Response | Promise<Response>
    : Definition[Name] extends Method<infer Request, infer Response, false, true>
      ? (request: Request, listener: Listener<Response>) => Promise<void>
      : Definition[Name] extends Method<infer Request, infer Response, true, true>
        ? (stream: Stream<Request, Response>) => Promise<void>
        : never
}

export interface Service {
  readonly definition: ServiceDefinition
  readonly implementation: UntypedServiceImplementation
  /** Its unary methods, as a stream of calls carries them. */
  readonly methods: readonly UnaryMethod[]
}

interface UnaryMethod {
  readonly path: string
  call(request: Uint8Array, signal: AbortSignal): Promise<Answer>
}

type AnyMethod = Method<object, object, boolean, boolean>
type AnyHandler = (first: never, second: never) => unknown
type UnaryHandler = (request: object, signal: AbortSignal) => object | Promise<object>

/** A definition with its handlers, ready for a server. */
export function service<Definition extends object>(
  definition: Definition,
  handlers: Handlers<Definition>,
  logger: Logger,
): Service {
  const methods = definition as Readonly<Record<string, AnyMethod>>
  const given = handlers as Readonly<Record<string, AnyHandler | undefined>>
  const implementation: UntypedServiceImplementation = {}
  const exchangeable: UnaryMethod[] = []
  for (const [name, method] of Object.entries(methods)) {
    const { path, requestStream, responseStream } = method
    const handler: AnyHandler =
      given[name] ??
      (() => {
        throw new RuntimeError('unsupported', `${path} is not implemented by this runtime`)
      })
    const fail = (error: unknown): ServiceFailure => failure(error, path, logger)
    if (requestStream) implementation[name] = duplex(handler as (stream: Stream<object, object>) => Promise<void>, fail)
    else if (responseStream) {
      implementation[name] = listening(handler as (request: object, to: Listener<object>) => Promise<void>, fail)
    } else {
      const answer = handler as UnaryHandler
      implementation[name] = unary(answer, fail)
      exchangeable.push({
        path,
        call: (request, signal) => answerTo(method, decoded => answer(decoded, signal), request, fail),
      })
    }
  }
  return { definition: definition as ServiceDefinition, implementation, methods: exchangeable }
}

async function answerTo(
  { requestDeserialize, responseSerialize }: AnyMethod,
  handler: (request: object) => object | Promise<object>,
  request: Uint8Array,
  fail: (error: unknown) => ServiceFailure,
): Promise<Answer> {
  try {
    const decoded = requestDeserialize(Buffer.from(request))
    return { response: responseSerialize(await handler(structuredClone(decoded))) }
  } catch (error) {
    const { code, details } = fail(error)
    return { failure: { code, message: details } }
  }
}

function unary(handler: UnaryHandler, fail: (error: unknown) => ServiceFailure) {
  const handle = async (call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>): Promise<void> => {
    const controller = new AbortController()
    call.on('cancelled', () => controller.abort())
    try {
      // A decoded message has its defaults on its prototype; a clone says only what was sent.
      answer(null, await handler(structuredClone(call.request), controller.signal))
    } catch (error) {
      answer(fail(error))
    }
  }
  return (call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>): void => {
    void handle(call, answer)
  }
}

function listening(
  handler: (request: object, listener: Listener<object>) => Promise<void>,
  fail: (error: unknown) => ServiceFailure,
) {
  const handle = async (call: ServerWritableStream<object, object>): Promise<void> => {
    const controller = new AbortController()
    call.on('cancelled', () => controller.abort())
    // The client knows by it that it is subscribed.
    call.sendMetadata(new Metadata())
    const listener = {
      send: sender(call, controller.signal),
      get backlog() {
        return call.writableLength
      },
      signal: controller.signal,
    }
    try {
      await handler(structuredClone(call.request), listener)
      call.end()
    } catch (error) {
      call.emit('error', fail(error))
    }
  }
  return (call: ServerWritableStream<object, object>): void => {
    void handle(call)
  }
}

function duplex(handler: (stream: Stream<object, object>) => Promise<void>, fail: (error: unknown) => ServiceFailure) {
  const handle = async (call: ServerDuplexStream<object, object>): Promise<void> => {
    const controller = new AbortController()
    call.on('cancelled', () => controller.abort())
    call.on('error', () => controller.abort())
    const send = sender(call, controller.signal)
    try {
      // An iterator that ends would take the answering half of the stream with it.
      const requests: AsyncIterable<object> = call.iterator({ destroyOnReturn: false })
      await handler({ requests, send, signal: controller.signal })
      call.end()
    } catch (error) {
      call.emit('error', fail(error))
    }
  }
  return (call: ServerDuplexStream<object, object>): void => {
    void handle(call)
  }
}

/** All that wait for room wait together: a stream of calls has many answers under way. */
function sender(
  call: ServerWritableStream<object, object> | ServerDuplexStream<object, object>,
  signal: AbortSignal,
): (message: object) => Promise<void> {
  let room: Promise<void> | undefined
  return async message => {
    if (signal.aborted || call.write(message)) return
    room ??= new Promise<void>(resolve => {
      const done = (): void => {
        room = undefined
        call.off('drain', done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      call.on('drain', done)
      signal.addEventListener('abort', done)
    })
    await room
  }
}

type ServiceFailure = Error & { code: status; details: string }

const runtimeCodes: Record<RuntimeErrorCode, status> = {
  invalid: status.INVALID_ARGUMENT,
  missing: status.NOT_FOUND,
  exists: status.ALREADY_EXISTS,
  state: status.FAILED_PRECONDITION,
  unsupported: status.UNIMPLEMENTED,
  unavailable: status.UNAVAILABLE,
  timeout: status.DEADLINE_EXCEEDED,
  limit: status.RESOURCE_EXHAUSTED,
  failed: status.UNKNOWN,
}

const imageCodes: Record<ImageErrorCode, status> = {
  invalid: status.INVALID_ARGUMENT,
  missing: status.NOT_FOUND,
  'in-use': status.FAILED_PRECONDITION,
  full: status.RESOURCE_EXHAUSTED,
  'too-big': status.RESOURCE_EXHAUSTED,
  aborted: status.CANCELLED,
}

function codeOf(error: unknown): status {
  if (error instanceof RuntimeError) return runtimeCodes[error.code]
  if (error instanceof ImageError) return imageCodes[error.code]
  if (error instanceof InvalidSpecError) return status.INVALID_ARGUMENT
  if (error instanceof LauncherConnectionError || error instanceof LauncherMismatchError) return status.UNAVAILABLE
  return status.INTERNAL
}

function failure(error: unknown, path: string, logger: Logger): ServiceFailure {
  const code = codeOf(error)
  const details = messageOf(error)
  // Anything we have no code for is a fault of ours.
  if (code === status.INTERNAL)
    logger.error({ rpc: path, error: error instanceof Error ? error.stack : details }, 'call failed')
  else logger.debug({ rpc: path, code: status[code], details }, 'call refused')
  return Object.assign(new Error(details), { code, details })
}
