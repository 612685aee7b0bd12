// The REST door: Kubernetes' API over HTTPS, for kubectl, Helm, Prometheus and everyone else.
import { type IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { StatusError } from '../../../api/errors.ts'
import { aborted } from '../../../lib/abort.ts'
import type { Logger } from '../../../lib/logger.ts'
import { serverTlsOptions, type TlsIdentity, verifiedPeer } from '../../../lib/tls.ts'
import type { User } from '../../auth/authenticate.ts'
import type { Authorize } from '../../auth/authorize.ts'
import type { Registry } from '../../registry/contract.ts'
import type { Authenticate } from '../access.ts'
import { presentable } from '../failure.ts'
import { Ongoing } from '../ongoing.ts'
import { podStreams } from '../sessions/pods.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Exchange } from './exchange.ts'
import type { HealthCheck } from './health.ts'
import { impersonated } from './impersonate.ts'
import { sendError } from './reply.ts'
import { type Routes, routes } from './routes.ts'

export interface RestServerOptions {
  readonly registry: Registry
  readonly sessions: Sessions
  readonly authenticate: Authenticate
  readonly authorize: Authorize
  readonly tls: TlsIdentity
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  readonly logger: Logger
  /** What `/readyz` asks besides the registry. */
  readonly checks?: readonly HealthCheck[]
  /** The text of `/metrics`. */
  readonly metrics?: () => Promise<string>
  /** Closes the door. */
  readonly signal: AbortSignal
}

export interface RunningServer {
  readonly host: string
  readonly port: number
  /** Resolves when the door is closed and every request has ended. */
  readonly closed: Promise<void>
}

/** @throws Error that says why the address can't be listened on */
export async function startRestServer(options: RestServerOptions): Promise<RunningServer> {
  const { registry, sessions, tls, listen, logger, signal } = options
  const ongoing = new Ongoing()
  const door = new Door(options, routes({ ...options, pods: podStreams(registry, sessions) }), ongoing)
  const server = createServer({
    ...serverTlsOptions(tls),
    ALPNProtocols: ['http/1.1'],
    // Peers that vanished are noticed by TCP.
    keepAlive: true,
    keepAliveInitialDelay: 15_000,
  })
  // Longer than Go's clients keep idle connections, so that it is never the server that closes one in use.
  server.keepAliveTimeout = 120_000
  server.on('request', (request, response) => void door.answer(request, response))
  server.on(
    'upgrade',
    (request: IncomingMessage, socket: Duplex, head: Buffer) => void door.upgrade(request, socket, head),
  )
  server.on('tlsClientError', error => logger.debug({ err: error }, 'TLS handshake failed'))
  const port = await open(server, listen)
  logger.info({ host: listen.host, port }, 'REST door open')
  return { host: listen.host, port, closed: closeWhen(signal, server, ongoing) }
}

class Door {
  readonly #options: RestServerOptions
  readonly #routes: Routes
  readonly #ongoing: Ongoing
  /** A connection's certificate does not change while it lasts. */
  readonly #users = new WeakMap<TLSSocket, User>()

  constructor(options: RestServerOptions, served: Routes, ongoing: Ongoing) {
    this.#options = options
    this.#routes = served
    this.#ongoing = ongoing
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#serve(request, response, exchange => this.#routes.answer(exchange))
  }

  /** A request to speak something else on this connection; where that isn't served it is a request like any other. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', error => this.#options.logger.debug({ err: error }, 'upgraded connection failed'))
    if (!(socket instanceof TLSSocket)) return void socket.destroy()
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.once('finish', () => {
      response.detachSocket(socket)
      socket.end()
    })
    await this.#serve(request, response, exchange =>
      this.#routes.upgrade(exchange, () => {
        response.detachSocket(socket)
        return { socket, head }
      }),
    )
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    handle: (exchange: Exchange) => Promise<void>,
  ): Promise<void> {
    const activity = this.#ongoing.start()
    const { socket } = request
    const end = (): void => activity.end()
    response.once('close', end)
    socket.once('close', end)
    const [path, search] = splitOnce(request.url ?? '/', '?')
    const query = new URLSearchParams(search)
    try {
      const { authorize } = this.#options
      const user = impersonated(this.#identify(request), request.headers, authorize)
      const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET')
      await handle({ request, response, method, path, query, user, signal: activity.signal })
    } catch (error) {
      await this.#fail({ request, response, query }, error, activity.signal)
    } finally {
      socket.off('close', end)
      if (response.writableEnded || response.destroyed || response.socket === null) end()
    }
  }

  async #fail(
    to: Pick<Exchange, 'request' | 'response' | 'query'>,
    error: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const { request, response } = to
    if (response.headersSent) return void response.destroy()
    const cutOff = signal.aborted && !(error instanceof StatusError)
    const shown = cutOff
      ? StatusError.serviceUnavailable('the control plane is shutting down; try again')
      : presentable(error, this.#options.logger, `${request.method} ${request.url}`)
    this.#options.logger.debug(
      { method: request.method, url: request.url, code: shown.code, why: shown.message },
      'refused',
    )
    await sendError(to, shown)
  }

  /** @throws StatusError Unauthorized when somebody claims to be someone and can't prove it */
  #identify(request: IncomingMessage): User {
    const { socket } = request
    if (!(socket instanceof TLSSocket)) throw StatusError.unauthorized()
    const known = this.#users.get(socket)
    if (known !== undefined) return known
    const peer = verifiedPeer(socket)
    const unproven = Object.keys(socket.getPeerCertificate()).length > 0 || request.headers.authorization !== undefined
    if (!peer && unproven) throw StatusError.unauthorized()
    const user = this.#options.authenticate(peer)
    if (peer) this.#users.set(socket, user)
    return user
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

async function open(server: Server, { host, port }: RestServerOptions['listen']): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => {
      reject(new Error(`cannot listen on ${host}:${port} for HTTPS: ${error.message}`, { cause: error }))
    })
    server.listen(port, host, resolve)
  })
  return (server.address() as AddressInfo).port
}

/** Watches and streams are ended first, so that clients hear of it; what does not end within a second is cut off. */
async function closeWhen(signal: AbortSignal, server: Server, ongoing: Ongoing): Promise<void> {
  await aborted(signal)
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  const cutOff = setTimeout(() => server.closeAllConnections(), 1_000)
  await ongoing.stop()
  server.closeIdleConnections()
  await closed
  clearTimeout(cutOff)
}
