import assert from 'node:assert/strict'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import type { Container } from '../../api/kinds/core-v1.ts'
import type { Clock } from '../../lib/clock.ts'
import { act, type Target } from './action.ts'
import { ContainerProbes } from './container-probes.ts'
import type { Outcome } from './outcome.ts'

const loopback = '127.0.0.1'

const target = (more: Partial<Target> = {}): Target => ({
  podIp: loopback,
  namedPorts: new Map(),
  exec: () => Promise.resolve({ ok: true, output: '' }),
  ...more,
})

async function listen(t: TestContext, server: net.Server | http2.Http2Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, loopback, resolve))
  t.after(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

const never = new AbortController().signal

describe('an HTTP probe', () => {
  it('is content with 2xx and 3xx, and sends what it was told', async t => {
    const seen: http.IncomingHttpHeaders[] = []
    const port = await listen(
      t,
      http.createServer((request, response) => {
        seen.push(request.headers)
        response.writeHead(Number(request.url?.slice(1)), { location: '/500' }).end('body')
      }),
    )
    const get = (path: string) =>
      act(
        { httpGet: { port: 'web', path, httpHeaders: [{ name: 'X-Y', value: 'z' }] } },
        target({ namedPorts: new Map([['web', port]]) }),
        30_000,
        never,
      )
    assert.deepEqual(await get('/200'), { ok: true, output: 'body' })
    assert.equal((await get('/302')).ok, true)
    assert.deepEqual(await get('/503'), { ok: false, output: 'HTTP probe failed with statuscode: 503' })
    assert.equal(seen[0]?.['x-y'], 'z')
    assert.equal(seen[0]['user-agent'], 'kube-probe/1.36')
  })

  it('fails when nobody answers, or not in time', async t => {
    const port = await listen(
      t,
      http.createServer(() => {}),
    )
    const late = await act({ httpGet: { port } }, target(), 30, never)
    assert.match(late.output, /context deadline exceeded/)
    const nobody = await act({ httpGet: { port: 1 } }, target(), 30_000, never)
    assert.match(nobody.output, /^Get "http:\/\/127.0.0.1:1\/": connect ECONNREFUSED/)
    const unknown = await act({ httpGet: { port: 'none' } }, target(), 30_000, never)
    assert.match(unknown.output, /couldn't find port: "none"/)
  })
})

it('a TCP probe wants to be let in', async t => {
  const port = await listen(
    t,
    net.createServer(socket => socket.end()),
  )
  assert.equal((await act({ tcpSocket: { port } }, target(), 30_000, never)).ok, true)
  assert.equal((await act({ tcpSocket: { port: 1 } }, target(), 30_000, never)).ok, false)
})

it('a gRPC probe wants to hear SERVING', async t => {
  const asked: string[] = []
  const server = http2.createServer()
  server.on('stream', (stream: http2.ServerHttp2Stream) => {
    stream.on('data', (chunk: Buffer) => asked.push(chunk.subarray(7).toString()))
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, asked.at(-1) === 'bad' ? 2 : 1]))
    })
  })
  const port = await listen(t, server)
  assert.deepEqual(await act({ grpc: { port, service: 'good' } }, target(), 30_000, never), { ok: true, output: '' })
  assert.deepEqual(await act({ grpc: { port, service: 'bad' } }, target(), 30_000, never), {
    ok: false,
    output: 'service unhealthy (responded with "NOT_SERVING")',
  })
  assert.deepEqual(asked, ['good', 'bad'])
})

/** Time that only passes when told to. */
class StillClock implements Clock {
  nowMs = 0
  #due: { readonly atMs: number; readonly callback: () => void }[] = []

  now(): number {
    return this.nowMs
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, callback }
    this.#due.push(timer)
    return () => {
      this.#due = this.#due.filter(other => other !== timer)
    }
  }

  async pass(ms: number): Promise<void> {
    for (const end = this.nowMs + ms; ; ) {
      const next = this.#due.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0]
      this.nowMs = next?.atMs ?? end
      if (next === undefined) return
      this.#due = this.#due.filter(other => other !== next)
      next.callback()
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

describe('the probes of a container', () => {
  function probes(container: Partial<Container>, more: { wasReady?: boolean; wasStarted?: boolean } = {}) {
    const clock = new StillClock()
    const answers: Record<string, boolean> = {}
    const asked: string[] = []
    const made = new ContainerProbes({
      container,
      clock,
      startedAtMs: 0,
      wasReady: more.wasReady ?? false,
      wasStarted: more.wasStarted ?? false,
      target: target({
        exec([name = '']): Promise<Outcome> {
          asked.push(`${name}@${clock.now() / 1000}`)
          if (answers['away']) return Promise.reject(new Error('the runtime is away'))
          return Promise.resolve({ ok: answers[name] ?? false, output: '' })
        },
      }),
      onChange: () => {},
      onFailure: () => {},
    })
    return { made, clock, answers, asked }
  }
  const exec = (name: string) => ({ exec: { command: [name] } })

  it('believe an answer after its threshold', async () => {
    const { made, clock, answers } = probes({
      readinessProbe: { ...exec('r'), periodSeconds: 1, successThreshold: 2, failureThreshold: 3 },
    })
    answers['r'] = true
    await clock.pass(0)
    assert.equal(made.health.ready, false)
    await clock.pass(1_000)
    assert.equal(made.health.ready, true)
    answers['r'] = false
    await clock.pass(2_000)
    assert.equal(made.health.ready, true)
    await clock.pass(1_000)
    assert.equal(made.health.ready, false)
  })

  it('learn nothing from a command that could not be run', async () => {
    const { made, clock, answers } = probes({ livenessProbe: { ...exec('l'), periodSeconds: 1, failureThreshold: 1 } })
    answers['l'] = true
    await clock.pass(1_000)
    answers['away'] = true
    answers['l'] = false
    await clock.pass(5_000)
    assert.equal(made.health.failed, undefined)
    answers['away'] = false
    await clock.pass(1_000)
    assert.deepEqual(made.health.failed, { probe: 'liveness', graceSeconds: undefined })
  })

  it('wait as long as they are told, and for the startup probe', async () => {
    const { made, clock, answers, asked } = probes({
      startupProbe: { ...exec('s'), periodSeconds: 2, initialDelaySeconds: 3, failureThreshold: 10 },
      livenessProbe: { ...exec('l'), periodSeconds: 5 },
    })
    answers['l'] = true
    await clock.pass(4_000)
    assert.deepEqual(asked, ['s@3'])
    assert.equal(made.health.started, false)
    answers['s'] = true
    await clock.pass(6_000)
    assert.equal(made.health.started, true)
    assert.deepEqual(asked, ['s@3', 's@5', 'l@5', 'l@10'])
  })

  it('say which of them failed for good, with its grace', async () => {
    const live = probes({ livenessProbe: { ...exec('l'), failureThreshold: 2, terminationGracePeriodSeconds: 7 } })
    await live.clock.pass(5_000)
    assert.equal(live.made.health.failed, undefined)
    await live.clock.pass(5_000)
    assert.deepEqual(live.made.health.failed, { probe: 'liveness', graceSeconds: 7 })
    assert.equal(live.made.health.ready, false)
    const start = probes({ startupProbe: { ...exec('s'), periodSeconds: 1, failureThreshold: 3 } })
    await start.clock.pass(2_000)
    assert.deepEqual(start.made.health.failed, { probe: 'startup', graceSeconds: undefined })
    await start.clock.pass(60_000)
    assert.equal(start.asked.length, 3, 'nothing is asked of what is to be killed')
  })

  it('do not take back what an earlier agent was told', () => {
    const { made } = probes(
      { startupProbe: exec('s'), readinessProbe: exec('r') },
      { wasReady: true, wasStarted: true },
    )
    assert.deepEqual(made.health, { started: true, ready: true, failed: undefined })
    made.stop()
  })
})
