// The gRPC client against a real registry on an embedded store, over real TLS.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, afterEach, beforeEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { isStatus } from '../../api/errors.ts'
import { configMaps } from '../../api/kinds/core-v1/config-map.ts'
import { nodes } from '../../api/kinds/core-v1/node.ts'
import { pods } from '../../api/kinds/core-v1/pod.ts'
import { GrpcAgentClient } from '../../client/agents.ts'
import { UnavailableError } from '../../client/call-error.ts'
import { GrpcClient } from '../../client/grpc.ts'
import { loadKubeconfig } from '../../client/kubeconfig.ts'
import { authenticate } from '../../control-plane/auth/authenticate.ts'
import { createAuthorizer } from '../../control-plane/auth/authorize.ts'
import { openPki, type Pki } from '../../control-plane/auth/pki.ts'
import { adminUser, nodeUser } from '../../control-plane/auth/users.ts'
import { createRegistry } from '../../control-plane/registry/registry.ts'
import { connects } from '../../control-plane/server/connects.ts'
import { startGrpcServer } from '../../control-plane/server/grpc/server.ts'
import { Sessions } from '../../control-plane/server/sessions/sessions.ts'
import { openEmbeddedStore } from '../../control-plane/store/embedded.ts'
import type { Store } from '../../control-plane/store/store.ts'
import { systemClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import { claimPorts } from '../ports.ts'
import { clientSuite, configMap, node, pod } from './client.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'tessera-client-grpc-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let pki: Promise<Pki> | undefined
let count = 0

async function kubeconfig(port: number, name = 'admin', user = adminUser) {
  const authority = await (pki ??= openPki(path.join(folder, 'pki')))
  const doors = { rest: '127.0.0.1:1', grpc: `127.0.0.1:${port}` }
  return loadKubeconfig(await authority.kubeconfig(name, user, doors))
}

/** A control plane of its own, with nothing in it but what every cluster has. */
async function start() {
  const port = await claimPorts()
  const store = await openEmbeddedStore(path.join(folder, `store-${++count}`))
  let server = await serve(store, port)
  return {
    port,
    config: await kubeconfig(port),
    async connected(name: string) {
      while (!server.sessions.isConnected(name)) await turn()
    },
    /** The control plane ends; one that begins on what the store holds takes its place. */
    async restart() {
      await server.close()
      server = await serve(store, port)
    },
    async close() {
      await server.close()
      await store.close()
    },
    store,
  }
}

async function serve(store: Store, port: number) {
  const { server: tls } = await (pki ??= openPki(path.join(folder, 'pki')))
  const controller = new AbortController()
  const shared = { clock: systemClock, logger: silentLogger, signal: controller.signal }
  const sessions = new Sessions(shared)
  const registry = await createRegistry({ ...shared, connects, store })
  const authorize = createAuthorizer({ hasPod: () => true, refers: () => true })
  const listen = { host: '127.0.0.1', port }
  const server = await startGrpcServer({ ...shared, registry, sessions, authenticate, authorize, tls, listen })
  return {
    sessions,
    close: () => {
      controller.abort()
      return server.closed
    },
  }
}

clientSuite(
  'grpc, on the embedded store',
  async () => {
    const cluster = await start()
    return { client: new GrpcClient(cluster.config), close: cluster.close, cluster }
  },
  // A control plane remembers recent changes by itself, whatever its store has forgotten: until it ends.
  async ({ client, cluster }) => {
    await cluster.store.compact(await cluster.store.currentRevision())
    await cluster.restart()
    await untilAnswered(() => client.list(configMaps))
  },
)

/** A client may learn only by a call that its connection is gone. */
async function untilAnswered(call: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await call()
      return
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
    }
  }
}

describe('client: grpc', () => {
  let cluster: Awaited<ReturnType<typeof start>>
  let client: GrpcClient
  beforeEach(async () => {
    cluster = await start()
    client = new GrpcClient(cluster.config)
  })
  afterEach(async () => {
    client.close()
    await cluster.close()
  })

  const unavailable = (address: string) => (error: unknown) => {
    assert.ok(error instanceof UnavailableError, String(error))
    assert.equal(error.address, address)
    assert.match(error.message, /check that the control plane runs there/)
    return true
  }

  it('says which address does not answer', async () => {
    const gone = await claimPorts()
    const lost = new GrpcClient(await kubeconfig(gone))
    try {
      await assert.rejects(lost.get(configMaps, { name: 'a' }), unavailable(`127.0.0.1:${gone}`))
      await assert.rejects(lost.create(configMaps, configMap('a')), unavailable(`127.0.0.1:${gone}`))
      await assert.rejects(lost.watch(configMaps, {})[Symbol.asyncIterator]().next(), unavailable(`127.0.0.1:${gone}`))
    } finally {
      lost.close()
    }
  })

  it('gives up on a server that accepts and says nothing, at the deadline or when told', async () => {
    const sockets = new Set<{ destroy(): void }>()
    const silent = createServer(socket => sockets.add(socket))
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const lost = new GrpcClient(await kubeconfig(port))
    try {
      const deadlineMs = 50
      await assert.rejects(lost.create(configMaps, configMap('a'), { deadlineMs }), unavailable(`127.0.0.1:${port}`))
      const controller = new AbortController()
      const call = lost.get(configMaps, { name: 'a' }, { signal: controller.signal })
      controller.abort(new Error('enough'))
      await assert.rejects(call, /enough/)
    } finally {
      lost.close()
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => silent.close(resolve))
    }
  })

  it('does not talk to a server of another authority', async () => {
    const other = await openPki(path.join(folder, 'other-pki'))
    const doors = { rest: '127.0.0.1:1', grpc: `127.0.0.1:${cluster.port}` }
    const stranger = new GrpcClient(loadKubeconfig(await other.kubeconfig('admin', adminUser, doors)))
    try {
      await assert.rejects(stranger.get(configMaps, { name: 'a' }), UnavailableError)
    } finally {
      stranger.close()
    }
  })

  it('a watch ends when the server goes, without waiting for anything', async () => {
    await client.create(configMaps, configMap('a'))
    const seen: string[] = []
    let closing: Promise<void> | undefined
    try {
      for await (const { type } of client.watch(configMaps, { namespace: 'default', bookmarks: true })) {
        seen.push(type)
        if (type === 'BOOKMARK') closing = cluster.close()
      }
    } catch (error) {
      assert.ok(error instanceof UnavailableError || isStatus(error, 'ServiceUnavailable'), String(error))
    }
    await closing
    assert.deepEqual(seen, ['ADDED', 'BOOKMARK'])
  })

  it('names the field of a bad object, and the nearest one it knows', async () => {
    const wrong = { ...pod('a'), spec: { ...pod('a').spec, contaners: [] } }
    await assert.rejects(client.create(pods, wrong), error => {
      assert.ok(isStatus(error, 'BadRequest') || isStatus(error, 'Invalid'), String(error))
      assert.match(error.message, /contaners/)
      return true
    })
  })

  describe('with an agent', () => {
    let controller: AbortController
    let agent: GrpcAgentClient
    let serving: Promise<void>
    beforeEach(async () => {
      agent = new GrpcAgentClient(await kubeconfig(cluster.port, 'node-n', nodeUser('n')))
      await client.create(nodes, node('n'))
      const made = await client.create(pods, pod('a'))
      await client.bind([{ namespace: 'default', name: 'a', uid: made.metadata.uid, node: 'n' }])
      controller = new AbortController()
      serving = serve()
      await cluster.connected('n')
    })
    afterEach(async () => {
      controller.abort()
      await serving
      agent.close()
    })

    /** Answers logs with two chunks, and exec with what it was given, then 7. */
    async function serve(): Promise<void> {
      for await (const { openLogs, openExec } of agent.session('n', controller.signal)) {
        if (openLogs) {
          const sink = agent.serveLogs()
          await sink.send({ ticket: openLogs.ticket })
          for (const data of ['one\n', 'two\n']) await sink.send({ data: Buffer.from(data) })
          await sink.finish()
        }
        if (openExec) {
          const stream = agent.serveExec()
          await stream.send({ ticket: openExec.ticket })
          for await (const { stdin, stdinClosed } of stream) {
            if (stdin && stdin.length > 0) await stream.send({ output: { stdout: stdin } })
            if (!stdinClosed) continue
            await stream.send({ output: { exitCode: 7 } })
            stream.end()
          }
        }
      }
    }

    it('brings logs from the node', async () => {
      let text = ''
      for await (const data of client.logs({ namespace: 'default', pod: 'a', container: 'main' })) {
        text += Buffer.from(data).toString()
      }
      assert.equal(text, 'one\ntwo\n')
    })

    it('carries exec both ways, and its exit code', async () => {
      const command = ['cat']
      const stream = client.exec({ namespace: 'default', pod: 'a', container: 'main', command, stdin: true })
      await stream.send({ stdin: Buffer.from('hello ') })
      await stream.send({ stdin: Buffer.alloc(200_000, 'x') })
      await stream.send({ stdinClosed: true })
      let bytes = 0
      let exitCode: number | undefined
      for await (const output of stream) {
        if (output.stdout && output.stdout.length > 0) bytes += output.stdout.length
        else exitCode = output.exitCode
      }
      assert.equal(bytes, 200_006)
      assert.equal(exitCode, 7)
      await assert.rejects(stream.send({ stdin: Buffer.from('late') }), /the call is over/)
    })

    it('refuses logs of a pod that is not there', async () => {
      await assert.rejects(
        client.logs({ namespace: 'default', pod: 'absent', container: 'main' })[Symbol.asyncIterator]().next(),
        error => isStatus(error, 'NotFound'),
      )
    })
  })
})
