// TLS over an open connection, as probes speak it: whoever answers is believed, certificates are not looked at.
import net from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import { type Connection, readFailure } from '../dial.ts'
import { codeOf } from '../network-error.ts'

/** How the first bytes of an HTTP message look, as far as Go looks. */
const httpBeginnings = ['GET /', 'HEAD ', 'POST ', 'PUT /', 'OPTIO', 'HTTP/']
/** https://www.rfc-editor.org/rfc/rfc8446#section-5.1: change_cipher_spec, alert, handshake, application_data. */
const recordTypes = new Set([20, 21, 22, 23])

export const gaveHttp = 'http: server gave HTTP response to HTTPS client'

/** @throws Error in the words of Go's crypto/tls and net/http */
export function secure(connection: Connection, host: string): Promise<tls.TLSSocket> {
  const wire = new Wire(connection.socket)
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      socket: wire,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      ...(net.isIP(host) === 0 && { servername: host }),
    })
    const fail = (error: Error): void => {
      wire.destroy()
      reject(handshakeFailure(connection, wire.beginning, error))
    }
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

function handshakeFailure(connection: Connection, beginning: Buffer, error: Error): Error {
  const text = beginning.toString('latin1')
  if (httpBeginnings.some(known => text.startsWith(known))) return new Error(gaveHttp)
  const [recordType] = beginning
  if (recordType !== undefined && !recordTypes.has(recordType)) {
    return new Error('tls: first record does not look like a TLS handshake')
  }
  return readError(connection, error)
}

/** What broke a connection that TLS is spoken on. */
export function readError(connection: Connection, error: unknown): Error {
  const code = codeOf(error)
  const alert = code?.match(/^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_ALERT_(\w+)$/)?.[1]
  if (alert !== undefined) return new Error(`remote error: tls: ${alertText(alert)}`, { cause: error })
  // Node's word for a peer that hangs up within the handshake.
  const early = error instanceof Error && error.message.includes('before secure TLS connection was established')
  if (early) return new Error('EOF', { cause: error })
  return readFailure(connection, error)
}

/** Alerts that Go calls other than OpenSSL. */
const alertWords: Readonly<Record<string, string>> = {
  PROTOCOL_VERSION: 'protocol version not supported',
  INAPPROPRIATE_FALLBACK: 'inappropriate fallback',
  CERTIFICATE_UNKNOWN: 'unknown certificate',
  CERTIFICATE_REVOKED: 'revoked certificate',
  CERTIFICATE_EXPIRED: 'expired certificate',
  BAD_RECORD_MAC: 'bad record MAC',
  INSUFFICIENT_SECURITY: 'insufficient security level',
  UNKNOWN_CA: 'unknown certificate authority',
}

const alertText = (alert: string): string => alertWords[alert] ?? alert.toLowerCase().replaceAll('_', ' ')

/** The raw connection below TLS, which keeps the first bytes that came: only they tell what it was that answered. */
class Wire extends Duplex {
  beginning: Buffer = Buffer.alloc(0)
  readonly #socket: net.Socket

  constructor(socket: net.Socket) {
    super({ allowHalfOpen: false })
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      if (this.beginning.length < 5) this.beginning = Buffer.concat([this.beginning, chunk.subarray(0, 5)])
      if (!this.push(chunk)) socket.pause()
    })
    socket.once('end', () => this.push(null))
    socket.once('error', error => this.destroy(error))
    socket.once('close', () => this.destroy())
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done)
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}
