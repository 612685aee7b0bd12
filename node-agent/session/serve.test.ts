// The session with a server in memory: what is asked, and what comes back.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { it, type TestContext } from 'node:test'
import type { ContainerState } from '../../api/kinds/core-v1/container-status.ts'
import type { PodStatus } from '../../api/kinds/core-v1/pod-status.ts'
import type { AgentClient } from '../../client/agents.ts'
import { type ExecEvent, type ExecSession, RuntimeError } from '../../client/runtime.ts'
import type { Duplex, Sink } from '../../client/streams.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { AgentMessage, ExecInput, ExecReply, LogsReply, ServerMessage } from '../../proto/gen/tessera.ts'
import type { ObservedContainer } from '../pods/observation/observation.ts'
import type { FoundPod, PodDirectory } from '../pods/pod-directory.ts'
import { container, eventually, makePod } from '../pods/testing.ts'
import { keepSession } from './session.ts'

/** Hands over what is put in, until it is closed. */
class Channel<T> implements AsyncIterable<T> {
  readonly #items: T[] = []
  #wake: () => void = () => {}
  #closed = false
  #failure: Error | undefined

  fail(error: Error): void {
    this.#failure = error
    this.#wake()
  }

  add(item: T): void {
    this.#items.push(item)
    this.#wake()
  }

  close(): void {
    this.#closed = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) yield item
      else if (this.#failure) throw this.#failure
      else if (this.#closed) return
      else await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }
}

class FakeServer implements AgentClient {
  readonly questions = new Channel<ServerMessage>()
  readonly told: AgentMessage[] = []
  readonly logs: LogsReply[] = []
  readonly execOutput: ExecReply[] = []
  readonly execInput = new Channel<ExecInput>()
  logsFinished = false
  sessions = 0

  session(): Duplex<AgentMessage, ServerMessage> {
    this.sessions++
    return this.#duplex(this.told, this.questions)
  }

  serveLogs(): Sink<LogsReply> {
    return {
      send: message => {
        this.logs.push(message)
        return Promise.resolve()
      },
      finish: () => {
        this.logsFinished = true
        return Promise.resolve()
      },
    }
  }

  serveExec(): Duplex<ExecReply, ExecInput> {
    return this.#duplex(this.execOutput, this.execInput)
  }

  close(): void {}

  text(): string {
    return Buffer.concat(this.logs.map(({ data }) => data ?? Buffer.alloc(0))).toString()
  }

  #duplex<Sent, Received>(sent: Sent[], received: Channel<Received>): Duplex<Sent, Received> {
    return {
      send: message => {
        sent.push(message)
        return Promise.resolve()
      },
      end: () => received.close(),
      [Symbol.asyncIterator]: () => received[Symbol.asyncIterator](),
    }
  }
}

class FakeExec implements ExecSession {
  readonly events = new Channel<ExecEvent>()
  readonly did: string[] = []

  write(data: Uint8Array): Promise<void> {
    this.did.push(`write ${Buffer.from(data).toString()}`)
    return Promise.resolve()
  }

  closeStdin(): void {
    this.did.push('closeStdin')
  }

  resize(columns: number, rows: number): void {
    this.did.push(`resize ${columns}x${rows}`)
  }

  cancel(): void {
    this.did.push('cancel')
    this.events.close()
  }

  [Symbol.asyncIterator](): AsyncIterator<ExecEvent> {
    return this.events[Symbol.asyncIterator]()
  }
}

function setUp(t: TestContext) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'serve-'))
  const server = new FakeServer()
  const exec = new FakeExec()
  const containers: ObservedContainer[] = []
  const listeners = new Set<() => void>()
  let state: ContainerState = { waiting: { reason: 'ContainerCreating' } }
  const observe = (attempt: number, running: boolean): void => {
    const id = `c${attempt}`
    containers.splice(0, containers.length, ...containers.filter(known => known.id !== id))
    containers.unshift({
      id,
      sandboxId: 's0',
      name: 'main',
      attempt,
      state: running ? 'running' : 'exited',
      createdAtMs: attempt,
      startedAtMs: attempt,
      finishedAtMs: 0,
      exitCode: 0,
      reason: '',
      message: '',
      image: '',
      imageId: '',
      logPath: path.join(folder, `${attempt}.log`),
      hash: '',
      backoffMs: 0,
      terminationMessagePolicy: 'File',
    })
    const containerID = `tessera://${id}`
    state = running ? { running: {} } : { terminated: { exitCode: 0, containerID } }
    for (const listener of listeners) listener()
  }
  const status = (): PodStatus => ({
    containerStatuses: [
      {
        name: 'main',
        state,
        lastState: {},
        ready: true,
        restartCount: 0,
        image: '',
        imageID: '',
        containerID: `tessera://${containers[0]?.id ?? ''}`,
      },
    ],
  })
  const pod = makePod({ containers: [container('main')] })
  const directory: PodDirectory = {
    find: (namespace, name): FoundPod | undefined =>
      namespace === 'default' && name === 'web'
        ? { pod, status: status(), observed: { sandboxes: [], containers } }
        : undefined,
    changed: (_, signal) =>
      new Promise(resolve => {
        listeners.add(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      }),
  }
  const stop = new AbortController()
  const session = keepSession(
    { agents: server, node: 'n1', pods: directory, runtime: { exec: () => exec }, log: silentLogger },
    stop.signal,
  )
  t.after(async () => {
    stop.abort()
    server.questions.close()
    await session
    rmSync(folder, { recursive: true, force: true })
  })
  const say = (attempt: number, words: string): void =>
    writeFileSync(path.join(folder, `${attempt}.log`), `2026-01-31T12:00:00.000000000Z stdout F ${words}\n`, {
      flag: 'a',
    })
  const ask = (more: object): void =>
    server.questions.add({ openLogs: { ticket: 't1', request: { namespace: 'default', pod: 'web', ...more } } })
  return { server, exec, observe, say, ask }
}

const refusal = (server: FakeServer): string =>
  server.told.map(({ refused }) => Buffer.from(refused?.status ?? []).toString()).join('')

it('answers a log, with its ticket first', async t => {
  const { server, observe, say, ask } = setUp(t)
  say(0, 'hello')
  observe(0, false)
  ask({})
  await eventually(() => assert.equal(server.logsFinished, true))
  assert.equal(server.logs[0]?.ticket, 't1')
  assert.equal(server.text(), 'hello\n')
})

it('refuses what it cannot answer, in Kubernetes’ words', async t => {
  const { server, ask } = setUp(t)
  ask({})
  await eventually(() =>
    assert.match(refusal(server), /container \\"main\\" in pod \\"web\\" is waiting to start: ContainerCreating/),
  )
  ask({ pod: 'nobody' })
  await eventually(() => assert.match(refusal(server), /pods \\"nobody\\" not found/))
  assert.deepEqual(server.logs, [])
})

it('cuts a log off where it is told to', async t => {
  const { server, observe, say, ask } = setUp(t)
  say(0, 'hello')
  observe(0, false)
  ask({ limitBytes: 3 })
  await eventually(() => assert.equal(server.logsFinished, true))
  assert.equal(server.text(), 'hel')
})

it('follows a container that says nothing yet, to its end, whatever comes after', async t => {
  const { server, observe, say, ask } = setUp(t)
  say(0, 'old')
  observe(0, true)
  ask({ follow: true, tailLines: 0 })
  await eventually(() => assert.equal(server.logs[0]?.ticket, 't1'))
  say(0, 'one')
  await eventually(() => assert.equal(server.text(), 'one\n'))
  say(1, 'two')
  observe(0, false)
  observe(1, true)
  await eventually(() => assert.equal(server.logsFinished, true))
  assert.equal(server.text(), 'one\n')
})

it('shows what is newer than a moment, or than so many seconds', async t => {
  const { server, observe, say, ask } = setUp(t)
  say(0, 'noon')
  observe(0, false)
  const noon = Date.parse('2026-01-31T12:00:00Z') / 1000
  for (const [since, text] of [
    [{ sinceTime: noon }, 'noon\n'],
    [{ sinceTime: noon + 1 }, ''],
    [{ sinceSeconds: 1 }, ''],
  ] as const) {
    server.logs.length = 0
    server.logsFinished = false
    ask(since)
    await eventually(() => assert.equal(server.logsFinished, true))
    assert.equal(server.text(), text)
  }
})

it('says in place of a log why it can’t be read', async t => {
  const { server, observe, ask } = setUp(t)
  observe(0, false)
  ask({})
  await eventually(() => assert.equal(server.logsFinished, true))
  assert.match(server.text(), /^failed to try resolving symlinks in path "(.*)": lstat \1: no such file or directory$/)
})

it('joins a command’s streams to the server’s', async t => {
  const { server, exec, observe } = setUp(t)
  observe(0, true)
  const start = { namespace: 'default', pod: 'web', command: ['sh'], stdin: true, tty: true }
  server.questions.add({ openExec: { ticket: 't2', start } })
  await eventually(() => assert.equal(server.execOutput[0]?.ticket, 't2'))
  server.execInput.add({ stdin: Buffer.from('ls') })
  server.execInput.add({ resize: { columns: 80, rows: 25 } })
  server.execInput.add({ stdinClosed: true })
  await eventually(() => assert.deepEqual(exec.did, ['write ls', 'resize 80x25', 'closeStdin']))
  exec.events.add({ kind: 'stdout', data: Buffer.from('out') })
  exec.events.add({ kind: 'stderr', data: Buffer.from('err') })
  exec.events.add({ kind: 'exit', code: 7 })
  exec.events.close()
  await eventually(() => assert.equal(server.execOutput.at(-1)?.output?.exitCode, 7))
  assert.deepEqual(
    server.execOutput.slice(1, 3).map(({ output }) => Buffer.from(output?.stdout ?? output?.stderr ?? []).toString()),
    ['out', 'err'],
  )
})

it('says that a command can’t be run as the kubelet does', async t => {
  const { server, exec, observe } = setUp(t)
  observe(0, true)
  exec.events.fail(new RuntimeError('UNKNOWN', 'failed to exec in container: no such program'))
  server.questions.add({ openExec: { ticket: 't2', start: { namespace: 'default', pod: 'web', command: ['nope'] } } })
  await eventually(() =>
    assert.match(
      Buffer.from(server.execOutput.at(-1)?.status ?? []).toString(),
      /Internal error occurred: error executing command in container: failed to exec in container: no such program/,
    ),
  )
})

it('ends a command whose caller hung up, and refuses one for a container that does not run', async t => {
  const { server, exec, observe } = setUp(t)
  observe(0, true)
  server.questions.add({ openExec: { ticket: 't3', start: { namespace: 'default', pod: 'web', command: ['sh'] } } })
  await eventually(() => assert.equal(server.execOutput.length, 1))
  server.execInput.close()
  await eventually(() => assert.deepEqual(exec.did, ['cancel']))
  observe(0, false)
  server.questions.add({ openExec: { ticket: 't4', start: { namespace: 'default', pod: 'web', command: ['sh'] } } })
  await eventually(() => assert.match(refusal(server), /container not found \(\\"main\\"\)/))
})

it('dials again when the line breaks', async t => {
  const { server } = setUp(t)
  await eventually(() => assert.equal(server.sessions, 1))
  server.questions.close()
  await eventually(() => assert.ok(server.sessions > 1))
})
