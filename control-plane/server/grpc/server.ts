// The gRPC door: the services of proto/tessera/v1 over mutual TLS.
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { aborted } from '../../../lib/abort.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { TlsIdentity } from '../../../lib/tls.ts'
import { Calls } from '../../../proto/gen/calls.ts'
import { Agents, Api } from '../../../proto/gen/tessera.ts'
import type { Authorize } from '../../auth/authorize.ts'
import type { Registry } from '../../registry/contract.ts'
import type { Authenticate } from '../access.ts'
import { Ongoing } from '../ongoing.ts'
import { podStreams } from '../sessions/pods.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { agentsService } from './agents.ts'
import { apiService } from './api.ts'
import { callsService } from './exchange.ts'

export interface GrpcServerOptions {
  readonly registry: Registry
  readonly sessions: Sessions
  readonly authenticate: Authenticate
  readonly authorize: Authorize
  /** Clients must present a certificate that its CA signed. */
  readonly tls: TlsIdentity
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  readonly logger: Logger
  /** Closes the door. */
  readonly signal: AbortSignal
}

export interface RunningServer {
  readonly host: string
  readonly port: number
  /** Resolves when the door is closed and every call has ended. */
  readonly closed: Promise<void>
}

/** Lists of a large cluster in one message; requests are bounded as the REST door bounds them. */
const maxSentBytes = -1
const maxReceivedBytes = 64 * 1024 * 1024

/** @throws Error that says why the address can't be listened on */
export async function startGrpcServer(options: GrpcServerOptions): Promise<RunningServer> {
  const { registry, sessions, authenticate, authorize, tls, listen, logger, signal } = options
  const server = new Server({
    'grpc.max_receive_message_length': maxReceivedBytes,
    'grpc.max_send_message_length': maxSentBytes,
    // A node that vanished without a word is noticed within ten seconds.
    'grpc.keepalive_time_ms': 5_000,
    'grpc.keepalive_timeout_ms': 5_000,
  })
  const ongoing = new Ongoing()
  const door = { authenticate, logger, ongoing }
  const api = apiService({ ...door, registry, authorize, pods: podStreams(registry, sessions) })
  server.addService(Api, api.service)
  server.addService(Calls, callsService(door, api.methods))
  server.addService(Agents, agentsService({ ...door, sessions }))
  const credentials = ServerCredentials.createSsl(
    Buffer.from(tls.ca),
    [{ cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }],
    true,
  )
  const port = await bind(server, listen, credentials)
  logger.info({ host: listen.host, port }, 'gRPC door open')
  return { host: listen.host, port, closed: closeWhen(signal, server, ongoing) }
}

function bind(
  server: Server,
  { host, port }: GrpcServerOptions['listen'],
  credentials: ServerCredentials,
): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error === null) resolve(bound)
      else reject(new Error(`cannot listen on ${address} for gRPC: ${error.message}`, { cause: error }))
    })
  })
}

/** Calls are ended first, so that clients hear of it; what does not end within a second is cut off. */
async function closeWhen(signal: AbortSignal, server: Server, ongoing: Ongoing): Promise<void> {
  await aborted(signal)
  const shutDown = new Promise<void>(resolve => server.tryShutdown(() => resolve()))
  const cutOff = setTimeout(() => server.forceShutdown(), 1_000)
  await Promise.all([ongoing.stop(), shutDown])
  clearTimeout(cutOff)
}
