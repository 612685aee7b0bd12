// Opens connections, and says in Go's words why it could not.
import net from 'node:net'
import { joinHostPort } from './http/go-url.ts'
import { codeOf, errnoWords } from './network-error.ts'

/** An open connection, and its two ends as messages name them. */
export interface Connection {
  readonly socket: net.Socket
  readonly local: string
  readonly remote: string
}

/** @throws Error `dial tcp 10.0.0.1:80: connect: connection refused`; what the signal's abort makes is the caller's to say */
export function dial(host: string, port: number, signal: AbortSignal): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, signal })
    const fail = (error: Error): void => reject(new Error(dialFailure(host, port, error), { cause: error }))
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.off('error', fail)
      const { localAddress = '', localPort = 0, remoteAddress = host, remotePort = port } = socket
      resolve({ socket, local: joinHostPort(localAddress, localPort), remote: joinHostPort(remoteAddress, remotePort) })
    })
  })
}

function dialFailure(host: string, port: number, error: Error): string {
  // Of a name's several addresses the first one's failure is told.
  const [first] = error instanceof AggregateError ? (error.errors as Error[]) : []
  const cause = first ?? error
  const code = codeOf(cause)
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${host}: no such host`
  if (code === 'EAI_AGAIN') return `dial tcp: lookup ${host}: Temporary failure in name resolution`
  const address = 'address' in cause && typeof cause.address === 'string' ? cause.address : host
  return `dial tcp ${joinHostPort(address, port)}: connect: ${errnoWords(cause) ?? cause.message}`
}

/** What a broken read of this connection is called. */
export function readFailure({ local, remote }: Connection, error: unknown): Error {
  const words = errnoWords(error)
  if (words === undefined) return error instanceof Error ? error : new Error(String(error))
  return new Error(`read tcp ${local}->${remote}: read: ${words}`, { cause: error })
}
