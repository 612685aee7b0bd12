// Unary calls over one stream, both ends, over real TLS: client/call-stream.ts against the control plane's service.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type ChannelCredentials, Client, credentials, Server, ServerCredentials, status } from '@grpc/grpc-js'
import { StatusError } from '../../api/errors.ts'
import { CallStream } from '../../client/call-stream.ts'
import { loadKubeconfig } from '../../client/kubeconfig.ts'
import { authenticate } from '../../control-plane/auth/authenticate.ts'
import { openPki } from '../../control-plane/auth/pki.ts'
import { adminUser } from '../../control-plane/auth/users.ts'
import { callsService, exchangeable } from '../../control-plane/server/grpc/exchange.ts'
import { Ongoing } from '../../control-plane/server/ongoing.ts'
import { aborted } from '../../lib/abort.ts'
import { silentLogger } from '../../lib/logger.ts'
import { type Call, Calls } from '../../proto/gen/calls.ts'
import { Api, type GetRequest, type Object as JsonMessage } from '../../proto/gen/tessera.ts'
import { claimPorts } from '../ports.ts'

const patient = { timeoutMs: 30_000 }

describe('calls over one stream', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessera-calls-'))
  let port: number
  let serverCredentials: ServerCredentials
  let clientCredentials: ChannelCredentials
  let server: Server
  let ongoing: Ongoing
  let client: Client
  let calls: CallStream
  let begun: string[]
  let ended: string[]

  /** Answers with the name; waits for ever where it is `slow`. */
  async function get({ name = '' }: GetRequest, { signal }: { readonly signal: AbortSignal }): Promise<JsonMessage> {
    begun.push(name)
    if (name.startsWith('slow')) {
      await aborted(signal)
      ended.push(name)
    }
    if (name === 'missing') throw StatusError.notFound({ group: '', resource: 'things' }, name)
    if (name === 'broken') throw new Error('a fault of ours')
    return { json: Buffer.from(name) }
  }

  async function listen(withCalls: boolean): Promise<void> {
    server = new Server()
    ongoing = new Ongoing()
    const door = { authenticate, logger: silentLogger, ongoing }
    if (withCalls) server.addService(Calls, callsService(door, [exchangeable(Api.Get, get)]))
    server.addService(
      { Get: Api.Get },
      {
        Get: (call: { request: GetRequest }, answer: (error: null, value: JsonMessage) => void) =>
          answer(null, { json: Buffer.from(`${call.request.name ?? ''} by itself`) }),
      },
    )
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, serverCredentials, error => (error === null ? resolve() : reject(error)))
    })
  }

  before(async () => {
    port = await claimPorts()
    const pki = await openPki(path.join(folder, 'pki'))
    const { ca, cert, key } = pki.server
    serverCredentials = ServerCredentials.createSsl(
      Buffer.from(ca),
      [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }],
      true,
    )
    const doors = { rest: '127.0.0.1:1', grpc: `127.0.0.1:${port}` }
    const config = loadKubeconfig(await pki.kubeconfig('admin', adminUser, doors))
    clientCredentials = credentials.createSsl(config.ca, config.key, config.cert)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  beforeEach(async () => {
    begun = []
    ended = []
    await listen(true)
    client = new Client(`127.0.0.1:${port}`, clientCredentials, {
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 100,
    })
    calls = new CallStream(client)
  })
  afterEach(() => {
    calls.close()
    client.close()
    server.forceShutdown()
  })

  async function ask(name: string, options: Parameters<CallStream['call']>[2] = patient): Promise<string> {
    const { json } = await calls.call(Api.Get, { name }, options)
    return Buffer.from(json ?? []).toString()
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise(resolve => setTimeout(resolve, 2))
  }

  it('answers each call, in any order', async () => {
    const controller = new AbortController()
    const slow = ask('slow', { ...patient, signal: controller.signal })
    const names = Array.from({ length: 2000 }, (_, index) => `n${index}`)
    assert.deepEqual(await Promise.all(names.map(name => ask(name))), names)
    controller.abort()
    await assert.rejects(slow, { code: status.CANCELLED })
    assert.equal(await ask(''), '', 'an empty request and an empty answer')
  })

  it('fails a call with its Status, and goes on', async () => {
    await assert.rejects(ask('missing'), (error: { code: number; metadata: { get(key: string): Buffer[] } }) => {
      assert.equal(error.code, status.NOT_FOUND)
      const [carried] = error.metadata.get('tessera-status-bin')
      assert.match(String(carried), /"reason":"NotFound"/)
      return true
    })
    await assert.rejects(ask('broken'), { code: status.INTERNAL })
    assert.equal(await ask('next'), 'next')
  })

  it('refuses what it does not know', async () => {
    await assert.rejects(calls.call(Api.List, {}, patient), { code: status.INVALID_ARGUMENT, message: /Api\/List/ })
    const nonsense = { ...Api.Get, requestSerialize: () => Buffer.from([0xff, 0xff]) }
    await assert.rejects(calls.call(nonsense, {}, patient), { code: status.INVALID_ARGUMENT, message: /is not what/ })
    assert.equal(await ask('next'), 'next')
  })

  it('gives up at the deadline and when the caller does, on both sides', async () => {
    await assert.rejects(ask('slow-1', { timeoutMs: 20 }), { code: status.DEADLINE_EXCEEDED })
    const controller = new AbortController()
    const second = ask('slow-2', { ...patient, signal: controller.signal })
    await until(() => begun.includes('slow-2'))
    controller.abort()
    await assert.rejects(second, { code: status.CANCELLED })
    await until(() => ended.length === 2)
    await assert.rejects(ask('never', { ...patient, signal: controller.signal }), { code: status.CANCELLED })
    assert.ok(!begun.includes('never'))
  })

  it('fails what is under way when the stream breaks, and opens another', async () => {
    const under = ask('slow')
    await until(() => begun.includes('slow'))
    server.forceShutdown()
    await assert.rejects(under, ({ message }: Error) => /UNAVAILABLE|CANCELLED/.test(message))
    await until(() => ended.includes('slow'))
    await listen(true)
    for (;;) {
      const answer = await ask('back').catch((error: unknown) => error)
      if (answer === 'back') break
      assert.equal((answer as { code: number }).code, status.UNAVAILABLE)
    }
  })

  it('tells callers when the door closes', async () => {
    const under = ask('slow')
    await until(() => begun.includes('slow'))
    const stopped = ongoing.stop()
    assert.equal(await under, 'slow', 'what could still be answered is')
    await stopped
    assert.equal(await ask('after'), 'after', 'on another stream')
  })

  it('gives up what a client that vanished had asked for', async () => {
    const under = ask('slow').catch(() => undefined)
    await until(() => begun.includes('slow'))
    calls.close()
    await under
    await until(() => ended.includes('slow'))
  })

  it('reads no more than it can have under way', async () => {
    const stream = client.makeBidiStreamRequest(Calls.Exchange.path, Calls.Exchange.requestSerialize, value => value)
    stream.on('error', () => undefined)
    stream.resume()
    const request = Api.Get.requestSerialize({ name: 'slow' })
    for (let id = 1; id <= 1500; id++) {
      stream.write({ id, begin: { method: Api.Get.path, request, timeoutMs: 60_000 } } satisfies Call)
    }
    await until(() => begun.length === 1000)
    await new Promise(resolve => setTimeout(resolve, 50))
    assert.equal(begun.length, 1000)
    for (let id = 1; id <= 500; id++) stream.write({ id, givenUp: {} } satisfies Call)
    stream.cancel()
    await until(() => ended.length === begun.length)
  })

  it('calls by itself where the server knows no streams', async () => {
    server.forceShutdown()
    await listen(false)
    for (;;) {
      const answers = await Promise.all(['a', 'b'].map(name => ask(name).catch((error: unknown) => error)))
      if (typeof answers[0] === 'string' && typeof answers[1] === 'string') {
        assert.deepEqual(answers, ['a by itself', 'b by itself'])
        break
      }
    }
    assert.equal(await ask('c'), 'c by itself')
  })
})
