// Exec over SPDY/3.1, which kubectl before 1.30 speaks: the channels of v4.channel.k8s.io, each a SPDY stream that the
// client opens and names.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { StatusError } from '../../../../api/errors.ts'
import type { Status } from '../../../../api/kinds/meta-v1/status.ts'
import type { Logger } from '../../../../lib/logger.ts'
import { presentable } from '../../failure.ts'
import { type ExecStream, isExit } from '../../sessions/streams.ts'
import { flag } from '../query-values.ts'
import { exitStatus, success } from './exit-status.ts'
import { controlFrame, controlType, dataFrames, readFrames } from './spdy-frames.ts'
import { HeaderReader, HeaderWriter } from './spdy-headers.ts'
import { terminalSize } from './terminal-size.ts'
import type { Upgrade } from './upgrade.ts'

const protocol = 'v4.channel.k8s.io'
const protocolHeader = 'x-stream-protocol-version'

export const isSpdy = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'spdy/3.1'

/** @throws StatusError BadRequest */
export function checkSpdy({ headers }: IncomingMessage): void {
  const offered = String(headers[protocolHeader] ?? '')
  if (offered.split(',').some(name => name.trim() === protocol)) return
  throw StatusError.badRequest(
    `unable to upgrade: of the protocols offered (${protocolHeader}: ${offered}) none is ${protocol}`,
  )
}

/** Takes the connection over and runs until the command ends or the client leaves. */
export async function serveSpdy(
  { socket, head, query }: Upgrade,
  openStream: () => Promise<ExecStream>,
  logger: Logger,
): Promise<void> {
  const connection = new Connection(socket, head, channelsOf(query))
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${protocolHeader}: ${protocol}\r\n\r\n`,
  )
  const reading = connection.read().catch((error: unknown) => {
    logger.debug({ err: error }, 'SPDY connection failed')
    socket.destroy()
  })
  await Promise.race([connection.opened, reading])
  let status: Status
  try {
    const stream = await openStream()
    connection.takeInput(stream)
    status = await forwardOutput(connection, stream)
  } catch (error) {
    status = presentable(error, logger, 'exec').status
  }
  await connection.finish(status)
}

type Channel = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize'

/** The streams a client opens for these options. */
function channelsOf(query: URLSearchParams): Channel[] {
  const tty = flag(query, 'tty')
  const wanted = (['stdin', 'stdout', 'stderr'] as const).filter(name => flag(query, name))
  return ['error', ...wanted.filter(name => !(tty && name === 'stderr')), ...(tty ? (['resize'] as const) : [])]
}

async function forwardOutput(connection: Connection, { output }: ExecStream): Promise<Status> {
  let status = success
  for await (const part of output) {
    if (isExit(part)) status = exitStatus(part.exitCode ?? 0)
    else if (part.stdout?.length) await connection.send('stdout', part.stdout)
    else if (part.stderr?.length) await connection.send('stderr', part.stderr)
  }
  return status
}

class Connection {
  /** Resolves when the client has opened every stream it said it would. */
  readonly opened: Promise<void>
  #allOpen: () => void = () => {}
  readonly #socket: Duplex
  readonly #head: Buffer
  readonly #channels = new Map<Channel, number>()
  readonly #expected: readonly Channel[]
  readonly #headers = { reader: new HeaderReader(), writer: new HeaderWriter() }
  #resizes = Buffer.alloc(0)
  readonly #input: Promise<ExecStream>
  #setInput: (stream: ExecStream) => void = () => {}

  constructor(socket: Duplex, head: Buffer, expected: readonly Channel[]) {
    this.#socket = socket
    this.#head = head
    this.#expected = expected
    this.opened = new Promise(resolve => {
      this.#allOpen = resolve
    })
    this.#input = new Promise(resolve => {
      this.#setInput = resolve
    })
  }

  /** What the client sends as input goes here, what came already first. */
  takeInput(stream: ExecStream): void {
    this.#setInput(stream)
  }

  async read(): Promise<void> {
    for await (const frame of readFrames(this.#head, this.#socket as AsyncIterable<Buffer>)) {
      if (frame.type === 'data') await this.#data(frame.stream, frame.data, frame.fin)
      else if (frame.kind === controlType.synStream) await this.#open(frame.payload)
      else if (frame.kind === controlType.ping) this.#socket.write(controlFrame(controlType.ping, frame.payload))
      else if (frame.kind === controlType.goAway) return
    }
  }

  async #open(payload: Buffer): Promise<void> {
    const id = payload.readUInt32BE(0) & 0x7fffffff
    // Stream, associated stream, priority and slot stand before the headers.
    const headers = await this.#headers.reader.read(payload.subarray(10))
    const channel = this.#expected.find(name => name === headers.get('streamtype'))
    const streamId = payload.subarray(0, 4)
    if (channel === undefined || this.#channels.has(channel)) {
      const refused = Buffer.concat([streamId, Buffer.from([0, 0, 0, 3])])
      this.#socket.write(controlFrame(controlType.rstStream, refused))
      return
    }
    this.#channels.set(channel, id)
    const block = await this.#headers.writer.write(new Map())
    this.#socket.write(controlFrame(controlType.synReply, Buffer.concat([streamId, block])))
    if (this.#channels.size === this.#expected.length) this.#allOpen()
  }

  async #data(id: number, data: Buffer, fin: boolean): Promise<void> {
    if (id === this.#channels.get('stdin')) {
      const stream = await this.#input
      if (data.length > 0) await stream.send({ stdin: data })
      if (fin) await stream.send({ stdinClosed: true })
    } else if (id === this.#channels.get('resize')) {
      await this.#resize(data)
    }
  }

  /** Sizes are JSON, one a line; a frame may hold a part of one. */
  async #resize(data: Buffer): Promise<void> {
    const lines = Buffer.concat([this.#resizes, data]).toString().split('\n')
    this.#resizes = Buffer.from(lines.pop() ?? '')
    for (const line of lines) {
      const resize = terminalSize(Buffer.from(line))
      if (resize) await (await this.#input).send({ resize })
    }
  }

  /** Resolves when there is room for more, or the connection is gone. */
  async send(channel: Channel, data: Uint8Array, fin = false): Promise<void> {
    const id = this.#channels.get(channel)
    if (id === undefined) return
    for (const frame of dataFrames(id, data, fin)) {
      if (this.#socket.destroyed || this.#socket.write(frame)) continue
      await new Promise<void>(resolve => {
        const done = (): void => {
          this.#socket.off('drain', done).off('close', done)
          resolve()
        }
        this.#socket.once('drain', done).once('close', done)
      })
    }
  }

  async finish(status: Status): Promise<void> {
    for (const channel of ['stdout', 'stderr'] as const) await this.send(channel, Buffer.alloc(0), true)
    await this.send('error', Buffer.from(JSON.stringify(status)), true)
    this.#socket.end()
  }
}
