// `pods/NAME/exec` over a WebSocket: the channels of Kubernetes' remote command protocol, v4 and v5, on the client's
// side, the node agent's stream on the other.
import type { IncomingMessage } from 'node:http'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { StatusError } from '../../../../api/errors.ts'
import type { Status } from '../../../../api/kinds/meta-v1/status.ts'
import type { Logger } from '../../../../lib/logger.ts'
import type { ExecInput } from '../../../../proto/gen/tessera.ts'
import { presentable } from '../../failure.ts'
import { type ExecStream, isExit } from '../../sessions/streams.ts'
import { flag } from '../query-values.ts'
import { exitStatus, success } from './exit-status.ts'
import { terminalSize } from './terminal-size.ts'
import type { Upgrade } from './upgrade.ts'

/** Newest first. v5 adds that a channel can be closed alone, so that a command sees the end of its input. */
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

/** The first byte of a frame says what the rest is. */
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** Unsent output above this is waited for before more is taken from the node. */
const maxUnsentBytes = 1024 * 1024

const sockets = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: 32 * 1024 * 1024,
  handleProtocols: offered => protocols.find(protocol => offered.has(protocol)) ?? false,
})

export const isWebSocket = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'

/** Before the command is started: can this client's WebSocket be spoken to? @throws StatusError BadRequest */
export function checkWebSocket({ headers }: IncomingMessage): void {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map(name => name.trim())
  if (protocols.some(protocol => offered.includes(protocol))) return
  throw StatusError.badRequest(
    `unable to upgrade: none of the WebSocket protocols offered (${offered.join(', ')}) is one of ${protocols.join(', ')}`,
  )
}

/**
 * Takes the connection over and runs until the command ends or the client leaves. A node that can't or won't run the
 * command is told on the error channel, as the command's own failures are: a refused upgrade would send kubectl to
 * SPDY instead.
 */
export async function serveWebSocket(
  { request, socket, head, query }: Upgrade,
  openStream: () => Promise<ExecStream>,
  logger: Logger,
): Promise<void> {
  const ws = await new Promise<WebSocket>(resolve => sockets.handleUpgrade(request, socket, head, resolve))
  ws.on('error', error => logger.debug({ err: error }, 'exec connection failed'))
  // Held until there is somebody to take the client's input.
  ws.pause()
  let status: Status
  try {
    const stream = await openStream()
    forwardInput(ws, stream)
    ws.resume()
    status = await forwardOutput(ws, stream, query)
  } catch (error) {
    status = presentable(error, logger, 'exec').status
  }
  if (ws.readyState !== ws.OPEN) return
  await sendFrame(ws, channel.error, Buffer.from(JSON.stringify(status)))
  // The client's closing frame is to be heard.
  ws.resume()
  ws.close(1000)
}

function forwardInput(ws: WebSocket, stream: ExecStream): void {
  let pending = 0
  let last = Promise.resolve()
  ws.on('message', (data: RawData) => {
    const input = inputOf(toBuffer(data))
    if (input === undefined) return
    // What was received together still arrives after the pause, so order is kept by the chain.
    if (pending++ === 0) ws.pause()
    last = last
      .then(() => stream.send(input))
      .catch(() => {})
      .then(() => {
        if (--pending === 0) ws.resume()
      })
  })
}

/** What a frame of the client means; undefined: nothing. */
function inputOf(frame: Buffer): ExecInput | undefined {
  const payload = frame.subarray(1)
  switch (frame[0]) {
    case channel.stdin:
      return payload.length > 0 ? { stdin: payload } : undefined
    case channel.resize: {
      const size = terminalSize(payload)
      return size && { resize: size }
    }
    case channel.close:
      return payload[0] === channel.stdin ? { stdinClosed: true } : undefined
    default:
      return undefined
  }
}

/** Passes output on until the command ends; answers how it did. @throws StatusError when nobody knows */
async function forwardOutput(ws: WebSocket, { output }: ExecStream, query: URLSearchParams): Promise<Status> {
  const wanted = { stdout: flag(query, 'stdout'), stderr: flag(query, 'stderr') }
  let status = success
  for await (const part of output) {
    if (isExit(part)) status = exitStatus(part.exitCode ?? 0)
    else if (wanted.stdout && part.stdout?.length) await sendFrame(ws, channel.stdout, part.stdout)
    else if (wanted.stderr && part.stderr?.length) await sendFrame(ws, channel.stderr, part.stderr)
  }
  return status
}

/** Resolves when there is room for more, or the connection is gone. */
async function sendFrame(ws: WebSocket, to: number, payload: Uint8Array): Promise<void> {
  const frame = Buffer.allocUnsafe(payload.length + 1)
  frame[0] = to
  frame.set(payload, 1)
  const sent = new Promise<void>(resolve => ws.send(frame, { binary: true }, () => resolve()))
  if (ws.bufferedAmount > maxUnsentBytes) await sent
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? Buffer.from(data) : data
}
