// For tests: servers on loopback that say exactly what a test has them say.
import { webcrypto } from 'node:crypto'
import type http2 from 'node:http2'
import net from 'node:net'
import type { TestContext } from 'node:test'

export const loopback = '127.0.0.1'
export const never = new AbortController().signal

export async function listen(t: TestContext, server: net.Server | http2.Http2Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, loopback, resolve))
  t.after(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

export interface RawServer {
  readonly port: number
  /** What each connection has sent so far. */
  readonly heard: string[]
}

/** Answers each request with the bytes the script has for it, and hangs up where they are a whole answer. */
export async function rawServer(
  t: TestContext,
  answer: (request: string, connection: net.Socket) => string | undefined,
): Promise<RawServer> {
  const heard: string[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    const index = heard.push('') - 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', chunk => {
      const request = (heard[index] ?? '') + chunk.toString('latin1')
      heard[index] = request
      // What is no HTTP, a TLS client's greeting, is answered at once.
      if (request.startsWith('GET ') && !request.includes('\r\n\r\n')) return
      const text = answer(request, socket)
      if (text !== undefined) socket.end(Buffer.from(text, 'latin1'))
    })
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  return { port: await listen(t, server), heard }
}

/** A port where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>(resolve => server.listen(0, loopback, resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

/** A server's certificate that nobody has any reason to believe. */
export async function certificate(): Promise<{ readonly key: string; readonly cert: string }> {
  await import('reflect-metadata')
  const { X509CertificateGenerator } = await import('@peculiar/x509')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=other.example',
    notBefore: new Date(0),
    notAfter: new Date(86_400_000),
    signingAlgorithm: algorithm,
    keys,
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return { key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`, cert: made.toString('pem') }
}
