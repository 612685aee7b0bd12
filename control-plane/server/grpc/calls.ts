// From grpc-js's callbacks and streams to functions over values and async iterables: who calls, until when, and how
// failures go out.
import type { PeerCertificate } from 'node:tls'
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerDuplexStream,
  ServerReadableStream,
} from '@grpc/grpc-js'
import { StatusError } from '../../../api/errors.ts'
import type { Logger } from '../../../lib/logger.ts'
import { peerSubject } from '../../../lib/tls.ts'
import type { User } from '../../auth/authenticate.ts'
import type { Authenticate } from '../access.ts'
import { presentable } from '../failure.ts'
import type { Ongoing } from '../ongoing.ts'
import { serviceError } from './status.ts'

export interface Caller {
  readonly user: User
  /** What the client calls itself. */
  readonly userAgent: string
  /** Aborts when the client leaves, its deadline passes, the call is over, or the server shuts down. */
  readonly signal: AbortSignal
}

export interface Door {
  readonly authenticate: Authenticate
  readonly logger: Logger
  readonly ongoing: Ongoing
}

/** The part of every kind of call that is used here. */
interface Call extends NodeJS.EventEmitter {
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate }
  getPath(): string
  readonly metadata: Metadata
}

interface WritableCall<Answer> extends Call {
  write(message: Answer): boolean
  end(): unknown
}

export type UnaryHandler<Request, Answer> = (request: Request, caller: Caller) => Promise<Answer>

export function unary<Request, Answer>(
  door: Door,
  handle: UnaryHandler<Request, Answer>,
): handleUnaryCall<Request, Answer> {
  return (call, callback) => {
    run(
      door,
      call,
      async caller => callback(null, await handle(call.request, caller)),
      error => callback(serviceError(error)),
    )
  }
}

/** Answers come in batches, for fewer turns of the event loop; each is sent when the client has room for it. */
export function serverStream<Request, Answer>(
  door: Door,
  handle: (request: Request, caller: Caller) => AsyncIterable<readonly Answer[]>,
): handleServerStreamingCall<Request, Answer> {
  return call => {
    run(
      door,
      call,
      async caller => {
        for await (const batch of handle(call.request, caller)) {
          for (const message of batch) await send(call, message, caller.signal)
          if (caller.signal.aborted) break
        }
        call.end()
      },
      error => call.emit('error', serviceError(error)),
    )
  }
}

export function clientStream<Request, Answer>(
  door: Door,
  handle: (call: ServerReadableStream<Request, Answer>, caller: Caller) => Promise<Answer>,
): handleClientStreamingCall<Request, Answer> {
  return (call, callback) => {
    run(
      door,
      call,
      async caller => callback(null, await handle(call, caller)),
      error => callback(serviceError(error)),
    )
  }
}

/** The stream ends when the handler does. */
export function duplexStream<Request, Answer>(
  door: Door,
  handle: (call: ServerDuplexStream<Request, Answer>, caller: Caller) => Promise<void>,
): handleBidiStreamingCall<Request, Answer> {
  return call => {
    run(
      door,
      call,
      async caller => {
        await handle(call, caller)
        call.end()
      },
      error => call.emit('error', serviceError(error)),
    )
  }
}

/**
 * What the client sends, one at a time. Reaching the end leaves the stream open for answers: plain iteration of a
 * duplex would destroy both directions.
 */
export function received<Request>(
  call: ServerReadableStream<Request, unknown> | ServerDuplexStream<Request, unknown>,
): AsyncIterableIterator<Request> {
  return call.iterator({ destroyOnReturn: false })
}

/** Resolves when more may be sent, or when the call is over; then nothing was. */
export async function send<Answer>(call: WritableCall<Answer>, message: Answer, signal: AbortSignal): Promise<void> {
  if (signal.aborted || call.write(message)) return
  // grpc-js forgets the callbacks of writes to a cancelled call, so `drain` alone may never come.
  await new Promise<void>(resolve => {
    const done = (): void => {
      call.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    call.on('drain', done)
    signal.addEventListener('abort', done)
  })
}

function run(
  door: Door,
  call: Call,
  work: (caller: Caller) => Promise<void>,
  fail: (error: StatusError) => void,
): void {
  const activity = door.ongoing.start()
  call.once('cancelled', () => activity.end())
  const begin = async (): Promise<void> =>
    work({ user: identify(door, call), userAgent: userAgentOf(call), signal: activity.signal })
  void begin()
    .catch((error: unknown) => fail(failureOf(door, error, activity.signal, call.getPath())))
    .finally(() => activity.end())
}

/** What the client is told; a call that was cut off fails in ways that tell nothing. */
export function failureOf({ logger }: Door, error: unknown, signal: AbortSignal, path: string): StatusError {
  const known = error instanceof StatusError || !signal.aborted
  return known ? presentable(error, logger, path) : StatusError.serviceUnavailable(cutOff)
}

/** Heard only where the client is still there. */
const cutOff = 'the control plane is shutting down; try again'

const userAgentOf = ({ metadata }: Call): string => String(metadata.get('user-agent')[0] ?? '')

/** The handshake has refused clients without a certificate of the cluster's CA. @throws StatusError Unauthorized */
function identify({ authenticate }: Door, call: Call): User {
  const peer = peerSubject(call.getAuthContext().sslPeerCertificate ?? null)
  if (!peer) throw StatusError.unauthorized('the client certificate has no common name, so it names no user')
  return authenticate(peer)
}
