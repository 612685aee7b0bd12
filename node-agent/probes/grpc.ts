// gRPC probes: the standard health check, in the words of the kubelet (pkg/probe/grpc) and of Go's gRPC library.

import { STATUS_CODES } from 'node:http'
import type http2 from 'node:http2'
import { goDuration } from '../../lib/go-duration.ts'
import { goQuote } from '../../lib/go-quote.ts'
import { Deadline } from './deadline.ts'
import { connectGrpc } from './grpc/connection.ts'
import { healthRequest, servingStatus } from './grpc/health.ts'
import { joinHostPort } from './http/go-url.ts'
import { userAgent } from './http/request.ts'
import { failure, type Outcome, success } from './outcome.ts'

export interface GrpcTarget {
  readonly host: string
  readonly port: number
  readonly service: string
}

export async function probeGrpc(
  { host, port, service }: GrpcTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const authority = joinHostPort(host, port)
  const within = goDuration(timeoutMs)
  using deadline = new Deadline(signal, timeoutMs)
  const session = await connectGrpc(authority, deadline.signal)
  if (session === undefined) {
    const what = `failed to connect service ${goQuote(authority)} within ${within}`
    return failure(`timeout: ${what}: context deadline exceeded`)
  }
  try {
    const { code, message, body } = await check(session, service, deadline.signal)
    if (deadline.expired) return failure(`timeout: health rpc did not complete within ${within}`)
    if (code === 'Unimplemented') {
      const what = 'this server does not implement the grpc health protocol (grpc.health.v1.Health)'
      return failure(`error: ${what}: ${message}`)
    }
    if (code !== 'OK') return failure(`error: health rpc probe failed: rpc error: code = ${code} desc = ${message}`)
    const status = servingStatus(body)
    if (status === 'SERVING') return success('service healthy')
    return failure(`service unhealthy (responded with ${goQuote(status)})`)
  } finally {
    session.destroy()
  }
}

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html, by number. */
const codes = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]

interface Reply {
  readonly code: string
  readonly message: string
  readonly body: Buffer
}

/** Never throws: what goes wrong is a code. */
function check(session: http2.ClientHttp2Session, service: string, signal: AbortSignal): Promise<Reply> {
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let status = 0
    let headers: http2.IncomingHttpHeaders = {}
    const settle = (code: string, message: string): void => {
      signal.removeEventListener('abort', giveUp)
      resolve({ code, message, body: Buffer.concat(chunks) })
    }
    const giveUp = (): void => settle('DeadlineExceeded', 'context deadline exceeded')
    signal.addEventListener('abort', giveUp, { once: true })
    session.once('error', (error: Error) => settle('Unavailable', `error reading from server: ${error.message}`))
    session.once('close', () => settle('Unavailable', 'error reading from server: EOF'))
    const call = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      'user-agent': userAgent('probe'),
      te: 'trailers',
    })
    call.once('error', (error: Error) => settle('Unavailable', `error reading from server: ${error.message}`))
    call.on('response', received => {
      status = received[':status'] ?? 0
      headers = received
    })
    call.on('trailers', (trailers: http2.IncomingHttpHeaders) => {
      headers = { ...headers, ...trailers }
    })
    call.on('data', (chunk: Buffer) => chunks.push(chunk))
    call.on('end', () => settle(...statusOf(status, headers)))
    call.end(healthRequest(service))
  })
}

/** https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const httpCodes: Readonly<Record<number, string>> = {
  400: 'Internal',
  401: 'Unauthenticated',
  403: 'PermissionDenied',
  404: 'Unimplemented',
  429: 'Unavailable',
  502: 'Unavailable',
  503: 'Unavailable',
  504: 'Unavailable',
}

/** The call's code and message, from what the server sent before and after its message. */
function statusOf(status: number, headers: http2.IncomingHttpHeaders): [code: string, message: string] {
  const contentType = headers['content-type']
  if (status !== 200 || contentType?.startsWith('application/grpc') !== true) {
    const type =
      contentType === undefined
        ? 'malformed header: missing HTTP content-type'
        : `transport: received unexpected content-type ${goQuote(contentType)}`
    const text = `unexpected HTTP status code received from server: ${status} (${STATUS_CODES[status] ?? ''})`
    return [httpCodes[status] ?? 'Unknown', `${text}; ${type}`]
  }
  const number = headers['grpc-status']
  if (number === undefined) return ['Internal', 'server closed the stream without sending trailers']
  return [codes[Number(number)] ?? `Code(${String(number)})`, unescapeMessage(String(headers['grpc-message'] ?? ''))]
}

/** Percent-encoded; what is no escape stays. */
function unescapeMessage(message: string): string {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}
