// One TLS connection to the gRPC door: unary calls with deadlines, streams that end with their signal, and errors
// turned once, here, into what callers know (StatusError, UnavailableError).
import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import * as grpc from '@grpc/grpc-js'
import { sleep } from '../lib/abort.ts'
import { backoffMs } from '../lib/backoff.ts'
import { gitVersion } from '../lib/version.ts'
import type { Method } from '../proto/service.ts'
import { callError, UnavailableError } from './call-error.ts'
import { CallStream, isServiceError } from './call-stream.ts'
import type { ClusterConfig } from './kubeconfig.ts'
import { type Duplex, Ending, received, type Sink, send } from './streams.ts'

export interface UnaryOptions {
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
  /** The call changes nothing, so it may be tried again while the server can't be reached. */
  readonly idempotent?: boolean
  /** The answer may be large. */
  readonly large?: boolean
}

const readAttempts = 3

export class Channel {
  readonly address: string
  readonly #client: grpc.Client
  readonly #calls: CallStream

  /** @param userAgent what the program calls itself: `tsctl` */
  constructor(config: ClusterConfig, userAgent: string) {
    this.address = config.address
    const server = config.tlsServerName ?? hostOf(config.address)
    const credentials = grpc.credentials.createSsl(config.ca, config.key, config.cert, {
      checkServerIdentity: (_name, certificate) => checkServerIdentity(server, certificate),
    })
    this.#client = new grpc.Client(config.address, credentials, {
      'grpc.primary_user_agent': `${userAgent}/${gitVersion}`,
      // The name TLS announces, which may not be an address (RFC 6066); what is expected is checked above.
      'grpc.ssl_target_name_override': isIP(server) === 0 ? server : 'localhost',
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      // A server that froze or vanished is noticed within 15 s, by idle watches too.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      // The API is never behind a web proxy, nor described in DNS TXT records.
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      // Retries are decided here, where it is known what may be repeated.
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
    })
    this.#calls = new CallStream(this.#client)
  }

  /** @throws StatusError, UnavailableError, or the signal's reason when it aborted */
  async unary<Request, Response>(
    method: Method<Request, Response, false, false>,
    request: Request,
    options: UnaryOptions,
  ): Promise<Response> {
    const deadline = Date.now() + options.deadlineMs
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(method, request, deadline, options)
      } catch (error) {
        const again = options.idempotent && error instanceof UnavailableError && attempt < readAttempts
        if (!again || Date.now() >= deadline) throw error
        await sleep(backoffMs(attempt - 1, { initialMs: 100, maxMs: 1_000, jitter: 0.5 }), options.signal)
        options.signal?.throwIfAborted()
      }
    }
  }

  async #attempt<Request, Response>(
    method: Method<Request, Response, false, false>,
    request: Request,
    deadline: number,
    { signal, large: alone }: UnaryOptions,
  ): Promise<Response> {
    signal?.throwIfAborted()
    try {
      return await this.#calls.call(method, request, { timeoutMs: Math.max(1, deadline - Date.now()), signal, alone })
    } catch (error) {
      if (signal?.aborted) throw abortReason(signal)
      throw isServiceError(error) ? callError(error, this.address) : error
    }
  }

  /** What the server streams, until it ends, fails, or the signal aborts (which ends the iteration without an error). */
  serverStream<Request, Response>(
    method: Method<Request, Response, false, true>,
    request: Request,
    signal?: AbortSignal,
  ): AsyncIterableIterator<Response> {
    const call = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
    )
    return received(call, new Ending(call, this.address, signal))
  }

  duplex<Sent, Received>(method: Method<Sent, Received, true, true>, signal?: AbortSignal): Duplex<Sent, Received> {
    const call = this.#client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize)
    const ending = new Ending(call, this.address, signal)
    const messages = received(call, ending)
    return {
      send: message => send(call, message, ending),
      end: () => void call.end(),
      [Symbol.asyncIterator]: () => messages,
    }
  }

  sink<Sent, Answer>(method: Method<Sent, Answer, true, false>, signal?: AbortSignal): Sink<Sent> {
    const call = this.#client.makeClientStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      // How it went reaches us through the status event, as for every stream.
      () => {},
    )
    const ending = new Ending(call, this.address, signal)
    return {
      send: message => send(call, message, ending),
      async finish() {
        call.end()
        await ending.over
        if (ending.failure) throw ending.failure
      },
    }
  }

  close(): void {
    this.#calls.close()
    this.#client.close()
  }
}

/** Without the port, and the brackets of IPv6. */
const hostOf = (address: string): string => address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')

const abortReason = ({ reason }: AbortSignal): Error =>
  reason instanceof Error ? reason : new Error(`aborted: ${String(reason)}`)
