// The gRPC health check, written out: one request of one string, one answer of one number, over HTTP/2 in the clear.
// https://github.com/grpc/grpc/blob/master/doc/health-checking.md
import http2 from 'node:http2'
import type { Outcome } from './outcome.ts'

export interface GrpcTarget {
  readonly host: string
  readonly port: number
  readonly service: string
}

/** HealthCheckResponse.ServingStatus. */
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

export function checkGrpc({ host, port, service }: GrpcTarget, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    const session = http2.connect(`http://${authority}`)
    const fail = (error: Error): void => {
      session.destroy()
      const why = signal.aborted ? 'timeout' : error.message
      reject(new Error(`failed to connect service "${authority}": ${why}`))
    }
    session.once('error', fail)
    const stop = (): void => fail(new Error('timeout'))
    signal.addEventListener('abort', stop, { once: true })
    const call = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const received: Buffer[] = []
    let grpcStatus = ''
    call.once('error', fail)
    call.on('response', headers => (grpcStatus = text(headers['grpc-status'])))
    call.on('trailers', (headers: http2.IncomingHttpHeaders) => (grpcStatus = text(headers['grpc-status'])))
    call.on('data', (chunk: Buffer) => received.push(chunk))
    call.on('end', () => {
      signal.removeEventListener('abort', stop)
      session.close()
      const status = statuses[servingStatus(Buffer.concat(received))] ?? 'UNKNOWN'
      if (grpcStatus !== '0') resolve({ ok: false, output: `rpc failed with grpc-status ${grpcStatus || 'none'}` })
      else if (status === 'SERVING') resolve({ ok: true, output: '' })
      else resolve({ ok: false, output: `service unhealthy (responded with "${status}")` })
    })
    call.end(request(service))
  })
}

/** Five bytes of framing, then field 1, a string. */
function request(service: string): Buffer {
  const name = Buffer.from(service)
  const message =
    name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name])
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}

/** Field 1, a number; absent it is 0. */
function servingStatus(frame: Buffer): number {
  const message = frame.subarray(5)
  return message[0] === 0x08 ? (message[1] ?? 0) : 0
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest & 127) | 128)
  }
}

const text = (header: string | string[] | undefined): string =>
  Array.isArray(header) ? (header[0] ?? '') : (header ?? '')
