import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ensureLauncher, type Launcher, LauncherMismatchError } from './client.ts'
import { encodeFrame, FrameReader } from './frames.ts'
import { type ClientMessage, launcherProtocol } from './messages.ts'

const info = { pid: 4711, startedAtMs: 1, rssBytes: 2, starts: 3, retries: 4 }
const exit = {
  id: 'gone',
  kind: 'container',
  pid: 9,
  startTime: 1,
  startedAtMs: 1,
  exitedAtMs: 2,
  exitCode: 0,
} as const
const running = { id: 'here', kind: 'container', pid: 8, startTime: 1, startedAtMs: 1 } as const
const plan = { id: 'new', kind: 'container', pidNamespace: 'new', steps: [] } as const

/** Answers as a launcher does, and tells what it speaks as `greeting` says. */
class StandInLauncher {
  readonly asked: ClientMessage['type'][] = []
  readonly #sockets = new Set<net.Socket>()
  readonly #server = net.createServer(socket => this.#serve(socket))
  greeting: object

  constructor(greeting: object) {
    this.greeting = greeting
  }

  listen(socket: string): Promise<void> {
    return new Promise(resolve => this.#server.listen(socket, resolve))
  }

  /** As when the launcher is killed and another begins. */
  cutOff(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cutOff()
    this.#server.close()
  }

  #serve(socket: net.Socket): void {
    const reader = new FrameReader()
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', chunk => {
      for (const message of reader.push(chunk) as ClientMessage[]) {
        this.asked.push(message.type)
        socket.write(encodeFrame({ seq: message.seq, ...this.#answer(message) }))
      }
    })
  }

  #answer(message: ClientMessage): object {
    switch (message.type) {
      case 'InfoRequested':
        return { type: 'Told', info: { ...info, ...this.greeting } }
      case 'ListRequested':
        return { type: 'Listed', running: [running], exits: [exit] }
      case 'SignalRequested':
        return { type: 'Signalled', found: true }
      case 'ExitsAcknowledged':
        return { type: 'Forgotten' }
      case 'StartRequested':
        return { type: 'Started', process: { ...running, id: message.plan.id } }
    }
  }
}

describe('the connection to a launcher', () => {
  const folders: string[] = []
  let server: StandInLauncher
  let launcher: Launcher
  let mismatches: string[]
  const mismatch = (): string | undefined => launcher.mismatch
  const connect = async (greeting: object): Promise<void> => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tessera-client-'))
    folders.push(folder)
    const socket = path.join(folder, 'launcher.sock')
    server = new StandInLauncher(greeting)
    await server.listen(socket)
    const options = { socket, stateDir: path.join(folder, 'state') }
    launcher = await ensureLauncher(options, new AbortController().signal, text => mismatches.push(text))
  }
  beforeEach(() => {
    mismatches = []
  })
  afterEach(() => {
    launcher.close()
    server.close()
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })

  it('goes on with one that speaks the same, having asked once', async () => {
    await connect({ protocol: launcherProtocol })
    assert.equal(launcher.mismatch, undefined)
    assert.equal((await launcher.start(plan)).id, 'new')
    assert.equal((await launcher.info()).protocol, launcherProtocol)
    assert.deepEqual(mismatches, [])
    assert.deepEqual(server.asked, ['InfoRequested', 'StartRequested', 'InfoRequested'])
  })

  for (const [what, greeting, words] of [
    [
      'from before protocols had numbers',
      {},
      `process 4711) is of an older build: it speaks protocol 0, this runtime ${launcherProtocol}.`,
    ],
    [
      'that is newer',
      { protocol: launcherProtocol + 1 },
      `is of a newer build: it speaks protocol ${launcherProtocol + 1}, this runtime ${launcherProtocol}.`,
    ],
  ] as const) {
    it(`starts nothing with one ${what}, says what to do, and looks after what it holds`, async () => {
      await connect(greeting)
      assert.ok(launcher.mismatch?.includes(words), launcher.mismatch)
      assert.match(launcher.mismatch ?? '', /runtime that it came with, or stop .* \(runtime --cleanup/)
      assert.deepEqual(mismatches, [launcher.mismatch])
      await assert.rejects(launcher.start(plan), LauncherMismatchError)
      assert.equal(server.asked.includes('StartRequested'), false)
      assert.deepEqual(await launcher.list(), { running: [running], exits: [exit] })
      assert.equal(await launcher.signal('here', 15), true)
      await launcher.acknowledge(['gone'])
      const told = await new Promise(resolve => void launcher.onExit(resolve))
      assert.deepEqual(told, exit)
    })
  }

  it('asks again when another launcher takes over', async () => {
    await connect({})
    server.greeting = { protocol: launcherProtocol }
    server.cutOff()
    while (mismatch() !== undefined) await turn()
    assert.equal((await launcher.start(plan)).id, 'new')
    server.greeting = {}
    server.cutOff()
    while (mismatch() === undefined) await turn()
    await assert.rejects(launcher.start(plan), LauncherMismatchError)
    assert.equal(mismatches.length, 2)
  })
})
