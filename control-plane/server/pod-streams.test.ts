// Logs and exec through both doors, from a client to an agent and back, over real connections.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { WebSocket } from 'ws'
import { StatusError } from '../../api/errors.ts'
import { pods } from '../../api/kinds/core-v1/pod.ts'
import { type AgentClient, GrpcAgentClient } from '../../client/agents.ts'
import { GrpcClient } from '../../client/grpc.ts'
import type { Duplex } from '../../client/streams.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import type { ExecInput, ExecReply, OpenExec, OpenLogs } from '../../proto/gen/tessera.ts'
import { type Doors, type DoorsOptions, openDoors } from '../../test/suites/doors.ts'
import { Catalogue } from '../registry/catalogue.ts'
import type { Registry, Resource } from '../registry/contract.ts'

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web',
    namespace: 'default',
    uid: 'u1',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: { nodeName: 'n1', containers: [{ name: 'main' }] },
}

const idle = { ...pod, metadata: { ...pod.metadata, name: 'idle' }, spec: { containers: [{ name: 'main' }] } }

/** A registry of two pods, one of them without a node. */
function twoPods(): Registry {
  const unused = () => Promise.reject(new Error('not part of this test'))
  const resource: Resource = {
    kind: pods,
    subresources: pods.subresources,
    connect: target => resource.get(target),
    get: ({ namespace, name }) => {
      const object = [pod, idle].find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)
      return object
        ? Promise.resolve({ object, json: Buffer.from(JSON.stringify(object)) })
        : Promise.reject(StatusError.notFound({ group: '', resource: 'pods' }, name))
    },
    list: unused,
    watch: unused,
    create: unused,
    update: unused,
    patch: unused,
    delete: unused,
    deleteCollection: unused,
    updateStatuses: unused,
  }
  const catalogue = new Catalogue()
  catalogue.add(pods)
  return {
    catalogue,
    add: unused,
    remove: () => {},
    resources: [resource],
    resource: (group, version, name) => (`${group}/${version}/${name}` === '/v1/pods' ? resource : undefined),
    bind: unused,
    ready: () => Promise.resolve(),
  }
}

interface Script {
  logs?(question: OpenLogs, agent: AgentClient, signal: AbortSignal): Promise<void>
  exec?(question: OpenExec, stream: Duplex<ExecReply, ExecInput>): Promise<void>
  refuse?: StatusError
}

/** Doors with the agent of node n1 connected, which answers as the script says. */
async function withAgent(
  script: Script,
  run: (doors: Doors, agent: AbortController, sessionEnded: Promise<void>) => Promise<void>,
  options?: DoorsOptions,
) {
  await using doors = await openDoors(twoPods(), options)
  const controller = new AbortController()
  const agent = new GrpcAgentClient(await doors.nodeConfig('n1'))
  const session = agent.session('n1', controller.signal)
  const failures: unknown[] = []
  const serving = (async (): Promise<void> => {
    for await (const { openLogs, openExec } of session) {
      const ticket = openLogs?.ticket ?? openExec?.ticket ?? ''
      if (script.refuse) {
        await session.send({ refused: { ticket, status: Buffer.from(JSON.stringify(script.refuse.status)) } })
      } else if (openLogs) {
        script.logs?.(openLogs, agent, controller.signal).catch((error: unknown) => failures.push(error))
      } else if (openExec) {
        const stream = agent.serveExec(controller.signal)
        await stream.send({ ticket })
        script.exec?.(openExec, stream).catch((error: unknown) => failures.push(error))
      }
    }
  })()
  const sessionEnded = serving.catch(() => {})
  try {
    while (!doors.sessions.isConnected('n1')) await delay(5)
    await run(doors, controller, sessionEnded)
    assert.deepEqual(failures, [])
  } finally {
    controller.abort()
    agent.close()
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString()
}

const helloLogs: Script['logs'] = async ({ ticket, request }, agent) => {
  const sink = agent.serveLogs()
  await sink.send({ ticket })
  await sink.send({ data: Buffer.from(`${request?.container} ${request?.tailLines} `) })
  await sink.send({ data: Buffer.from('end\n') })
  await sink.finish()
}

const path = '/api/v1/namespaces/default/pods/web'

test('logs reach REST and gRPC clients, with their options', async () => {
  await withAgent({ logs: helloLogs }, async doors => {
    const answer = await doors.fetch(`${path}/log?tailLines=3`)
    assert.deepEqual([answer.code, answer.body], [200, 'main 3 end\n'])
    assert.equal(answer.headers['content-type'], 'text/plain')
    const client = new GrpcClient(doors.admin)
    const text = await collect(client.logs({ namespace: 'default', pod: 'web', tailLines: 0 }))
    assert.equal(text, 'main 0 end\n')
    client.close()
  })
})

test('a wrong pod, container or option is refused before the agent is asked', async () => {
  await withAgent({}, async doors => {
    const cases: [string, number, RegExp][] = [
      ['/api/v1/namespaces/default/pods/nope/log', 404, /pods \\"nope\\" not found/],
      [`${path}/log?container=x`, 400, /container x is not valid for pod web"/],
      [`${path}/log?tailLines=many`, 400, /strconv.ParseInt: parsing \\"many\\": invalid syntax/],
      [
        `${path}/log?limitBytes=0`,
        422,
        /PodLogOptions \\"web\\" is invalid: limitBytes: Invalid value: 0: must be greater than 0/,
      ],
      [`${path}/log?stream=Stdout`, 422, /stream: Forbidden: may not be specified/],
    ]
    for (const [target, code, message] of cases) {
      const answer = await doors.fetch(target)
      assert.equal(answer.code, code, target)
      assert.match(answer.body, message)
    }
  })
})

test('a pod without a node has said nothing, and runs nothing', async () => {
  await using doors = await openDoors(twoPods())
  const logs = await doors.fetch('/api/v1/namespaces/default/pods/idle/log')
  assert.deepEqual([logs.code, logs.body], [204, ''])
  const exec = await doors.fetch('/api/v1/namespaces/default/pods/idle/exec', { method: 'POST' })
  assert.equal(exec.code, 400)
  assert.match(exec.body, /"pod idle does not have a host assigned"/)
  const client = new GrpcClient(doors.admin)
  await assert.rejects(collect(client.logs({ namespace: 'default', pod: 'idle' })), /not assigned to a node yet/)
  client.close()
})

test('what the agent refuses is the answer', async () => {
  const refuse = StatusError.badRequest('container "main" in pod "web" is waiting to start: ContainerCreating')
  await withAgent({ refuse }, async doors => {
    const answer = await doors.fetch(`${path}/log`)
    assert.equal(answer.code, 400)
    assert.match(answer.body, /is waiting to start: ContainerCreating/)
  })
})

test('a status that ends the stream early is an answer with its code', async () => {
  const logs: Script['logs'] = async ({ ticket }, agent) => {
    const sink = agent.serveLogs()
    const { status } = StatusError.notFound({ group: '', resource: 'logs' }, 'main')
    await sink.send({ ticket, status: Buffer.from(JSON.stringify(status)) })
    await sink.finish()
  }
  await withAgent({ logs }, async doors => {
    assert.equal((await doors.fetch(`${path}/log`)).code, 404)
  })
})

test('a node that is not connected is named, with what to do', async () => {
  await using doors = await openDoors(twoPods())
  const answer = await doors.fetch(`${path}/log`)
  assert.equal(answer.code, 503)
  assert.match(answer.body, /node \\"n1\\" is not connected.*look at the agent's log on that node/)
})

test('an agent that does not answer in time is not waited for', async () => {
  await withAgent(
    { logs: () => Promise.resolve() },
    async doors => {
      const answer = await doors.fetch(`${path}/log`)
      assert.equal(answer.code, 504)
      assert.match(answer.body, /did not open the logs of pod default\/web within/)
    },
    { answerWithinMs: 50 },
  )
})

test('a follower that leaves ends the agent’s stream', async () => {
  let ended = (): void => {}
  const streamEnded = new Promise<void>(resolve => {
    ended = resolve
  })
  const logs: Script['logs'] = async ({ ticket }, agent) => {
    const sink = agent.serveLogs()
    await sink.send({ ticket })
    try {
      for (;;) {
        await sink.send({ data: Buffer.from('line\n') })
        await delay(2)
      }
    } catch {
      ended()
    }
  }
  await withAgent({ logs }, async doors => {
    const client = new GrpcClient(doors.admin)
    for await (const chunk of client.logs({ namespace: 'default', pod: 'web', follow: true })) {
      assert.equal(Buffer.from(chunk).toString(), 'line\n')
      break
    }
    await streamEnded
    client.close()
  })
})

test('an agent that dies in the middle of a log is an error, not the log’s end', async () => {
  const logs: Script['logs'] = async ({ ticket }, agent, signal) => {
    const sink = agent.serveLogs(signal)
    await sink.send({ ticket, data: Buffer.from('so far\n') })
  }
  await withAgent({ logs }, async (doors, agent) => {
    const client = new GrpcClient(doors.admin)
    const stream = client.logs({ namespace: 'default', pod: 'web', follow: true })
    assert.equal(Buffer.from((await stream.next()).value ?? []).toString(), 'so far\n')
    agent.abort()
    await assert.rejects(stream.next(), /the connection to the node broke in the middle of the stream/)
    client.close()
  })
})

test('a slow reader holds the agent back, and 64 MiB arrive whole', async () => {
  const chunk = Buffer.alloc(256 * 1024, 'x')
  const chunks = 256
  let sent = 0
  const logs: Script['logs'] = async ({ ticket }, agent) => {
    const sink = agent.serveLogs()
    await sink.send({ ticket })
    for (; sent < chunks; sent++) await sink.send({ data: chunk })
    await sink.finish()
  }
  await withAgent({ logs }, async doors => {
    const client = new GrpcClient(doors.admin)
    const stream = client.logs({ namespace: 'default', pod: 'web' })
    const first = await stream.next()
    let received = first.value ? first.value.length : 0
    // Until the agent is held back, or has got rid of everything.
    for (let before = -1; before !== sent; ) {
      before = sent
      await delay(200)
    }
    assert.ok(sent < chunks, `nobody reads, and yet all of it was taken from the agent`)
    for await (const data of stream) received += data.length
    assert.equal(received, chunk.length * chunks)
    client.close()
  })
})

/** Upper-cases its input; ends with code 3 at the end of it. */
const shout: Script['exec'] = async ({ start }, stream) => {
  await stream.send({ output: { stdout: Buffer.from(`${start?.command?.join(' ')}|`) } })
  for await (const { stdin, stdinClosed, resize } of stream) {
    if (stdin?.length)
      await stream.send({ output: { stdout: Buffer.from(Buffer.from(stdin).toString().toUpperCase()) } })
    if (resize) await stream.send({ output: { stderr: Buffer.from(`${resize.columns}x${resize.rows}`) } })
    // Leaving the loop would cancel the call: the server ends it.
    if (stdinClosed) await stream.send({ output: { exitCode: 3 } })
  }
}

test('exec over gRPC carries input, resizes and the exit code', async () => {
  await withAgent({ exec: shout }, async doors => {
    const client = new GrpcClient(doors.admin)
    const start = { namespace: 'default', pod: 'web', command: ['sh', '-c'], stdin: true }
    const stream = client.exec(start)
    await stream.send({ stdin: Buffer.from('hello') })
    await stream.send({ resize: { columns: 80, rows: 24 } })
    await stream.send({ stdinClosed: true })
    let [stdout, stderr, exitCode] = ['', '', -1]
    for await (const output of stream) {
      stdout += Buffer.from(output.stdout ?? []).toString()
      stderr += Buffer.from(output.stderr ?? []).toString()
      if (Object.hasOwn(output, 'exitCode')) exitCode = output.exitCode ?? -1
    }
    assert.deepEqual([stdout, stderr, exitCode], ['sh -c|HELLO', '80x24', 3])
    client.close()
  })
})

function webSocket(doors: Doors, query: string, protocol: string): WebSocket {
  const { cert, key } = doors.admin
  return new WebSocket(`wss://127.0.0.1:${doors.rest.port}${path}/exec?${query}`, [protocol], {
    cert,
    key,
    ca: doors.admin.ca,
    perMessageDeflate: false,
  })
}

test('exec over a WebSocket speaks v5.channel.k8s.io', async () => {
  await withAgent({ exec: shout }, async doors => {
    const ws = webSocket(doors, 'command=cat&command=-&stdin=true&stdout=true&stderr=true', 'v5.channel.k8s.io')
    const received: Record<number, string> = {}
    ws.on('message', (data: Buffer) => {
      const channel = data[0] ?? -1
      received[channel] = (received[channel] ?? '') + data.subarray(1).toString()
    })
    const closed = new Promise<number>((resolve, reject) => ws.once('close', resolve).once('error', reject))
    await new Promise(resolve => ws.once('open', resolve))
    ws.send(Buffer.from([4, ...Buffer.from('{"Width":100,"Height":30}')]))
    ws.send(Buffer.from([0, ...Buffer.from('abc')]))
    ws.send(Buffer.from([255, 0]))
    assert.equal(await closed, 1000)
    assert.equal(received[1], 'cat -|ABC')
    assert.equal(received[2], '100x30')
    const status = JSON.parse(received[3] ?? '') as { status: string; reason: string; details: unknown }
    assert.deepEqual([status.status, status.reason], ['Failure', 'NonZeroExitCode'])
    assert.deepEqual(status.details, { causes: [{ reason: 'ExitCode', message: '3' }] })
  })
})

test('an exec that cannot be is answered before the connection is taken over', async () => {
  await withAgent({ exec: shout }, async doors => {
    const refused = (query: string, protocol: string) =>
      new Promise<string>((resolve, reject) => {
        const ws = webSocket(doors, query, protocol)
        ws.once('open', () => reject(new Error('the connection was taken over')))
        ws.once('error', error => resolve(error.message))
      })
    assert.match(await refused('stdout=true', 'v5.channel.k8s.io'), /400/)
    assert.match(await refused('command=ls&container=x', 'v5.channel.k8s.io'), /400/)
    assert.match(await refused('command=ls', 'v1.channel.k8s.io'), /400/)
    const nothing = await doors.fetch(`${path}/exec?command=ls&tty=true&stderr=true`, { method: 'POST' })
    assert.equal(nothing.code, 400)
    assert.match(nothing.body, /you must specify at least 1 of stdin, stdout, stderr/)
    const plain = await doors.fetch(`${path}/exec?command=ls&stdout=true`, { method: 'POST' })
    assert.equal(plain.code, 400)
    assert.match(plain.body, /exec is spoken over WebSocket or SPDY/)
  })
})

test('an agent that dies in the middle of a command is an error, not an exit', async () => {
  const exec: Script['exec'] = (_, stream) => stream.send({ output: { stdout: Buffer.from('so far\n') } })
  await withAgent({ exec }, async (doors, agent) => {
    const client = new GrpcClient(doors.admin)
    let heard = ''
    await assert.rejects(async () => {
      for await (const { stdout } of client.exec({ namespace: 'default', pod: 'web', command: ['sleep'] })) {
        heard += Buffer.from(stdout ?? []).toString()
        agent.abort()
      }
    }, /the connection to the node broke/)
    assert.equal(heard, 'so far\n')
    client.close()
  })
})

test('a fault of ours is logged whole, and told without its insides', async () => {
  const logged: unknown[] = []
  const logger: Logger = { ...silentLogger, error: (fields: object) => void logged.push(fields), child: () => logger }
  await using doors = await openDoors(twoPods(), { logger })
  const answer = await doors.fetch('/api/v1/namespaces/default/pods')
  assert.equal(answer.code, 500)
  const [, incident = ''] = /look for incident (\w+) in its log/.exec(answer.body) ?? []
  assert.ok(!answer.body.includes('not part of this test'))
  const client = new GrpcClient(doors.admin)
  await assert.rejects(client.list(pods, {}), error => {
    assert.ok(error instanceof StatusError && error.reason === 'InternalError')
    assert.ok(!error.message.includes('not part of this test'))
    return true
  })
  client.close()
  assert.equal(logged.length, 2)
  assert.match(inspect(logged[0]), new RegExp(`not part of this test[^]*${incident}`))
})

test('only the agent of a node may open its session, and a ticket is good for its own node only', async () => {
  await withAgent({}, async doors => {
    for (const config of [doors.admin, await doors.nodeConfig('n2')]) {
      const impostor = new GrpcAgentClient(config)
      await assert.rejects(async () => {
        for await (const _ of impostor.session('n1', new AbortController().signal));
      }, /forbidden/)
      const sink = impostor.serveLogs()
      await sink.send({ ticket: 'guessed' })
      await assert.rejects(() => sink.finish(), /forbidden/)
      impostor.close()
    }
  })
})

test('sessions are told when lost, and a newer one takes the place of an older one silently', async () => {
  const changes: string[] = []
  const onChange = (node: string, connected: boolean): void => void changes.push(`${node} ${connected}`)
  await withAgent(
    {},
    async (doors, first, firstEnded) => {
      const again = new GrpcAgentClient(await doors.nodeConfig('n1'))
      const second = new AbortController()
      const session = again.session('n1', second.signal)
      const reading = (async () => {
        for await (const _ of session);
      })()
      reading.catch(() => {})
      // The older one is told to end once the newer one has its place.
      await firstEnded
      first.abort()
      assert.deepEqual(changes, ['n1 true'])
      assert.ok(doors.sessions.isConnected('n1'))
      second.abort()
      while (doors.sessions.isConnected('n1')) await delay(5)
      assert.deepEqual(changes, ['n1 true', 'n1 false'])
      again.close()
    },
    { onChange },
  )
})
