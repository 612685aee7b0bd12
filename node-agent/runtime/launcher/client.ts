// The runtime's side of the launcher's socket.
import { once } from 'node:events'
import net from 'node:net'
import { sleep } from '../../../lib/abort.ts'
import { type ProcessPlan, type StartedProcess } from '../container/plan.ts'
import { encodeFrame, FrameReader } from './frames.ts'
import {
  type ClientMessage,
  type ExitRecord,
  type LauncherInfo,
  type LauncherMessage,
  launcherProtocol,
  type ProcessRecord,
  type StartFailure,
} from './messages.ts'
import { type LauncherOptions, spawnLauncher } from './spawn.ts'

export type { LauncherOptions }

/** A start that did not come to be; nothing of it is left behind. */
export class StartError extends Error {
  readonly failure: StartFailure

  constructor(failure: StartFailure) {
    super(failure.message)
    this.name = 'StartError'
    this.failure = failure
  }
}

/** The connection broke before an answer came: whether the request was carried out, `list` tells. */
export class LauncherConnectionError extends Error {
  constructor(what: string) {
    super(`the launcher's connection broke during ${what}: ask it again once it is back`)
    this.name = 'LauncherConnectionError'
  }
}

/** Nothing was started: the launcher is another build's. */
export class LauncherMismatchError extends Error {
  constructor(mismatch: string) {
    super(mismatch)
    this.name = 'LauncherMismatchError'
  }
}

export interface ProcessList {
  readonly running: readonly ProcessRecord[]
  readonly exits: readonly ExitRecord[]
}

export interface Launcher {
  /**
   * Why nothing can be started, in words for whoever runs the node: the launcher speaks another `launcherProtocol`. All
   * but `start` works. As of the latest connection.
   */
  readonly mismatch: string | undefined
  /** Resolves when execve(2) succeeded. Throws StartError, LauncherMismatchError. */
  start(plan: ProcessPlan): Promise<StartedProcess>
  /**
   * Sends a signal to the process, never to another that has its number now. False when it is gone.
   * A container's first process ends its whole PID namespace when killed.
   */
  signal(id: string, signal: number): Promise<boolean>
  /** What runs, and the exits nobody has acknowledged. */
  list(): Promise<ProcessList>
  /**
   * Calls back for every exit, soon for those not acknowledged yet; possibly more than once for one id (after a
   * reconnect). Answers how to stop.
   */
  onExit(listener: (exit: ExitRecord) => void): () => void
  /** Lets the launcher forget exits (and close their terminals), after they were recorded elsewhere. */
  acknowledge(ids: readonly string[]): Promise<void>
  info(): Promise<LauncherInfo>
  /** Closes the connection; the launcher and its containers live on. */
  close(): void
}

const connectDeadlineMs = 15_000
const retryMs = 20

/**
 * Connects to the launcher, starting one (detached, in a session of its own) when its socket is dead. The connection
 * restores itself: when the launcher was killed, a new one is started, which finds the processes by its records and
 * watches them by pidfd; their exits then say `lost` where the kernel cannot tell how they ended.
 * @param onMismatch told at every connection to a launcher of another protocol
 */
export async function ensureLauncher(
  options: LauncherOptions,
  signal: AbortSignal,
  onMismatch: (mismatch: string) => void = () => undefined,
): Promise<Launcher> {
  const launcher = new LauncherConnection(options, signal, onMismatch)
  await launcher.connect()
  return launcher
}

interface Waiting {
  readonly what: ClientMessage['type']
  resolve(message: LauncherMessage): void
  reject(error: Error): void
}

/** A request without its number, which the connection gives it. */
type Request = ClientMessage extends infer M ? (M extends ClientMessage ? Omit<M, 'seq'> : never) : never

class LauncherConnection implements Launcher {
  readonly #options: LauncherOptions
  readonly #signal: AbortSignal
  readonly #onMismatch: (mismatch: string) => void
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Set<(exit: ExitRecord) => void>()
  #socket: net.Socket | undefined
  #connecting: Promise<net.Socket> | undefined
  #closed = false
  #seq = 0
  #mismatch: string | undefined

  constructor(options: LauncherOptions, signal: AbortSignal, onMismatch: (mismatch: string) => void) {
    this.#options = options
    this.#signal = signal
    this.#onMismatch = onMismatch
    signal.addEventListener('abort', () => this.close(), { once: true })
  }

  get mismatch(): string | undefined {
    return this.#mismatch
  }

  async start(plan: ProcessPlan): Promise<StartedProcess> {
    const socket = await this.connect()
    if (this.#mismatch !== undefined) throw new LauncherMismatchError(this.#mismatch)
    const answer = await this.#send(socket, { type: 'StartRequested', plan })
    if (answer.type === 'Started') return answer.process
    if (answer.type === 'StartFailed') throw new StartError(answer.failure)
    throw unexpected(answer)
  }

  async signal(id: string, signal: number): Promise<boolean> {
    const answer = await this.#ask({ type: 'SignalRequested', id, signal })
    if (answer.type === 'Signalled') return answer.found
    throw unexpected(answer)
  }

  async list(): Promise<ProcessList> {
    const answer = await this.#ask({ type: 'ListRequested' })
    if (answer.type === 'Listed') return { running: answer.running, exits: answer.exits }
    throw unexpected(answer)
  }

  async acknowledge(ids: readonly string[]): Promise<void> {
    const answer = await this.#ask({ type: 'ExitsAcknowledged', ids })
    if (answer.type !== 'Forgotten') throw unexpected(answer)
  }

  async info(): Promise<LauncherInfo> {
    return infoIn(await this.#ask({ type: 'InfoRequested' }))
  }

  onExit(listener: (exit: ExitRecord) => void): () => void {
    this.#listeners.add(listener)
    void this.#replay(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#closed = true
    this.#socket?.destroy()
  }

  async connect(): Promise<net.Socket> {
    if (this.#closed) throw new LauncherConnectionError('a call after close()')
    if (this.#socket !== undefined) return this.#socket
    this.#connecting ??= this.#establish().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #establish(): Promise<net.Socket> {
    const deadline = Date.now() + connectDeadlineMs
    let spawned = false
    for (;;) {
      try {
        const socket = net.connect(this.#options.socket)
        await once(socket, 'connect')
        await this.#greet(socket, deadline)
        return socket
      } catch (error) {
        if (this.#closed || Date.now() > deadline) {
          const where = this.#options.logFile ?? `${this.#options.stateDir}/launcher.log`
          throw new Error(`no launcher at ${this.#options.socket}: see ${where}`, { cause: error })
        }
        if (!spawned) spawnLauncher(this.#options)
        spawned = true
        await sleep(retryMs, this.#signal)
      }
    }
  }

  /** Listens, and uses the connection once it is known what the launcher speaks. */
  async #greet(socket: net.Socket, deadline: number): Promise<void> {
    const reader = new FrameReader()
    socket.on('data', chunk => {
      try {
        for (const message of reader.push(chunk)) this.#receive(message as LauncherMessage)
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined)
      }
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      for (const waiting of this.#waiting.values()) waiting.reject(new LauncherConnectionError(waiting.what))
      this.#waiting.clear()
      if (this.#socket !== socket) return
      this.#socket = undefined
      if (!this.#closed) void this.#reconnect()
    })
    const timer = setTimeout(() => socket.destroy(), Math.max(0, deadline - Date.now()))
    try {
      const { pid, protocol } = infoIn(await this.#send(socket, { type: 'InfoRequested' }))
      this.#mismatch = mismatchOf(pid, protocol)
    } catch (error) {
      socket.destroy()
      throw error
    } finally {
      clearTimeout(timer)
    }
    this.#socket = socket
    if (this.#mismatch !== undefined) this.#onMismatch(this.#mismatch)
  }

  /** The launcher died: a new one takes over, and what ended meanwhile is told to the listeners. */
  async #reconnect(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.connect()
        for (const listener of this.#listeners) await this.#replay(listener)
        return
      } catch {
        await sleep(1000, this.#signal)
      }
    }
  }

  async #replay(listener: (exit: ExitRecord) => void): Promise<void> {
    try {
      const { exits } = await this.list()
      if (this.#listeners.has(listener)) exits.forEach(listener)
    } catch {
      // The connection broke again: reconnecting replays.
    }
  }

  #receive(message: LauncherMessage): void {
    if (message.type === 'Exited') {
      for (const listener of this.#listeners) listener(message.exit)
      return
    }
    this.#waiting.get(message.seq)?.resolve(message)
    this.#waiting.delete(message.seq)
  }

  async #ask(request: Request): Promise<LauncherMessage> {
    return this.#send(await this.connect(), request)
  }

  #send(socket: net.Socket, request: Request): Promise<LauncherMessage> {
    const seq = ++this.#seq
    return new Promise((resolve, reject) => {
      this.#waiting.set(seq, { what: request.type, resolve, reject })
      socket.write(encodeFrame({ ...request, seq }))
    })
  }
}

/** A launcher that does not say what it speaks is older than the question. */
function infoIn(answer: LauncherMessage): LauncherInfo {
  if (answer.type !== 'Told') throw unexpected(answer)
  const info: Omit<LauncherInfo, 'protocol'> & { readonly protocol?: number } = answer.info
  return { ...info, protocol: info.protocol ?? 0 }
}

function mismatchOf(pid: number, protocol: number): string | undefined {
  if (protocol === launcherProtocol) return undefined
  const age = protocol < launcherProtocol ? 'an older' : 'a newer'
  return (
    `the launcher that runs (process ${pid}) is of ${age} build: it speaks protocol ${protocol}, this runtime ` +
    `${launcherProtocol}. What runs goes on, and nothing new can be started. Either run the runtime that it came with, ` +
    `or stop this node's containers and the launcher (runtime --cleanup, with this runtime's other flags) and start the ` +
    'runtime again'
  )
}

function unexpected(answer: LauncherMessage): Error {
  if (answer.type === 'Refused') return new Error(`the launcher refused: ${answer.message}`)
  return new Error(`the launcher answered ${answer.type} to another question`)
}
