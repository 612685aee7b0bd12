// The words are those of a kubelet v1.36.
import assert from 'node:assert/strict'
import http2 from 'node:http2'
import { describe, it, type TestContext } from 'node:test'
import { probeGrpc } from './grpc.ts'
import { failure, success } from './outcome.ts'
import { closedPort, listen, loopback, never, rawServer } from './testing.ts'

type Answer = (stream: http2.ServerHttp2Stream, service: string) => void

/** A server in the clear that has one answer to every call. */
async function serve(t: TestContext, answer: Answer): Promise<number> {
  const server = http2.createServer()
  const sessions = new Set<http2.ServerHttp2Session>()
  server.on('session', session => sessions.add(session))
  t.after(() => {
    for (const session of sessions) session.destroy()
  })
  server.on('stream', (stream: http2.ServerHttp2Stream) => {
    const asked: Buffer[] = []
    stream.on('data', (chunk: Buffer) => asked.push(chunk))
    stream.on('end', () => answer(stream, Buffer.concat(asked).subarray(7).toString()))
  })
  return listen(t, server)
}

/** A serving status, and the call's own status after it. */
const says =
  (status: number, grpcStatus = '0', message = ''): Answer =>
  stream => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': grpcStatus, 'grpc-message': message }))
    stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, status]))
  }

const probe = (port: number, service = '', timeoutMs = 30_000) =>
  probeGrpc({ host: loopback, port, service }, timeoutMs, never)

describe('a gRPC probe', () => {
  it('wants to hear SERVING of the service it asks about', async t => {
    const asked: string[] = []
    const port = await serve(t, (stream, service) => {
      asked.push(service)
      says(service === 'bad' ? 2 : 1)(stream, service)
    })
    assert.deepEqual(await probe(port, 'good'), success('service healthy'))
    assert.deepEqual(await probe(port, 'bad'), failure('service unhealthy (responded with "NOT_SERVING")'))
    assert.deepEqual(asked, ['good', 'bad'])
  })

  it('passes on a status other than OK', async t => {
    assert.deepEqual(
      await probe(await serve(t, says(0, '5', 'unknown%20service'))),
      failure('error: health rpc probe failed: rpc error: code = NotFound desc = unknown service'),
    )
    const words = 'this server does not implement the grpc health protocol (grpc.health.v1.Health)'
    assert.deepEqual(
      await probe(await serve(t, says(0, '12', 'unknown service grpc.health.v1.Health'))),
      failure(`error: ${words}: unknown service grpc.health.v1.Health`),
    )
  })

  it('names what is no gRPC', async t => {
    const port = await serve(t, stream => {
      stream.respond({ ':status': 503, 'content-type': 'text/plain' })
      stream.end('no')
    })
    const status = 'unexpected HTTP status code received from server: 503 (Service Unavailable)'
    const type = 'transport: received unexpected content-type "text/plain"'
    assert.deepEqual(
      await probe(port),
      failure(`error: health rpc probe failed: rpc error: code = Unavailable desc = ${status}; ${type}`),
    )
  })

  it('tries to connect until its time is over', async t => {
    const closed = await closedPort()
    const words = (port: number): string =>
      `timeout: failed to connect service "${loopback}:${port}" within 100ms: context deadline exceeded`
    assert.deepEqual(await probe(closed, '', 100), failure(words(closed)))
    const { port } = await rawServer(t, () => 'HTTP/1.1 200 OK\r\n\r\n')
    assert.deepEqual(await probe(port, '', 100), failure(words(port)))
  })

  it('fails when the answer does not come in time', async t => {
    const port = await serve(t, () => {})
    assert.deepEqual(await probe(port, '', 300), failure('timeout: health rpc did not complete within 300ms'))
  })
})
