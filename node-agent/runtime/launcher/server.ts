// The launcher's side of the socket.
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { type ForkServer } from './fork-server.ts'
import { decodeFrame, encodeFrame, FrameReader } from './frames.ts'
import {
  type ClientMessage,
  type ExitRecord,
  type LauncherInfo,
  type LauncherMessage,
  launcherProtocol,
} from './messages.ts'
import { type ProcessTable } from './process-table.ts'

export interface LauncherParts {
  readonly forks: ForkServer
  readonly table: ProcessTable
  readonly startedAtMs: number
}

export class LauncherServer {
  readonly #clients = new Set<net.Socket>()
  readonly #starting = new Set<string>()
  readonly #server: net.Server

  constructor() {
    this.#server = net.createServer()
  }

  /** Binds the socket so that only root can reach it: the folder is root's alone. The caller holds the lock. */
  listen(socketPath: string, parts: LauncherParts): void {
    mkdirSync(path.dirname(socketPath), { recursive: true, mode: 0o700 })
    rmSync(socketPath, { force: true })
    const formerMask = process.umask(0o177)
    this.#server.on('connection', socket => this.#serve(socket, parts))
    this.#server.listen(socketPath, () => chmodSync(socketPath, 0o600))
    process.umask(formerMask)
  }

  /** Tells every client of an exit. */
  announce(exit: ExitRecord): void {
    for (const client of this.#clients) send(client, { type: 'Exited', exit })
  }

  #serve(socket: net.Socket, parts: LauncherParts): void {
    const reader = new FrameReader()
    this.#clients.add(socket)
    socket.on('close', () => this.#clients.delete(socket))
    // A client that vanishes is no event: another one will come and ask.
    socket.on('error', () => socket.destroy())
    socket.on('data', chunk => {
      try {
        for (const frame of reader.frames(chunk)) this.#handle(socket, frame, parts)
      } catch (error) {
        process.stderr.write(`launcher: a client was cut off: ${String(error)}\n`)
        socket.destroy()
      }
    })
  }

  #handle(socket: net.Socket, frame: Buffer, parts: LauncherParts): void {
    const message = decodeFrame(frame) as ClientMessage
    const { seq } = message
    const { table } = parts
    switch (message.type) {
      case 'StartRequested':
        void this.#start(socket, message, frame, parts)
        return
      case 'SignalRequested':
        send(socket, { type: 'Signalled', seq, found: table.signal(message.id, message.signal) })
        return
      case 'ListRequested':
        send(socket, { type: 'Listed', seq, running: table.running(), exits: table.exits() })
        return
      case 'InfoRequested':
        send(socket, { type: 'Told', seq, info: describe(parts) })
        return
      case 'ExitsAcknowledged':
        table.acknowledge(message.ids)
        send(socket, { type: 'Forgotten', seq })
        return
      default:
        send(socket, { type: 'Refused', seq, message: `unknown message ${JSON.stringify(message)}` })
    }
  }

  async #start(
    socket: net.Socket,
    message: Extract<ClientMessage, { type: 'StartRequested' }>,
    frame: Buffer,
    parts: LauncherParts,
  ): Promise<void> {
    const { seq, plan } = message
    if (parts.table.has(plan.id) || this.#starting.has(plan.id)) {
      const text = `a process ${plan.id} runs already, or its exit was not acknowledged`
      send(socket, { type: 'StartFailed', seq, failure: { reason: 'AlreadyExists', message: text, exitCode: 128 } })
      return
    }
    this.#starting.add(plan.id)
    try {
      const outcome = await parts.forks.start(plan, frame)
      if (outcome.kind === 'failed') {
        send(socket, { type: 'StartFailed', seq, failure: outcome.failure })
        return
      }
      // Answered before it is watched, so that its exit cannot be told first.
      send(socket, { type: 'Started', seq, process: outcome.birth.started })
      parts.table.add(outcome.birth)
    } catch (error) {
      send(socket, { type: 'Refused', seq, message: `start of ${plan.id}: ${String(error)}` })
    } finally {
      this.#starting.delete(plan.id)
    }
  }
}

function describe({ forks, startedAtMs }: LauncherParts): LauncherInfo {
  const { starts, retries } = forks
  return {
    pid: process.pid,
    startedAtMs,
    rssBytes: process.memoryUsage.rss(),
    starts,
    retries,
    protocol: launcherProtocol,
  }
}

function send(socket: net.Socket, message: LauncherMessage): void {
  if (!socket.destroyed) socket.write(encodeFrame(message))
}
