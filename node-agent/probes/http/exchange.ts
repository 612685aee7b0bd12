// One GET over a connection of its own.
import type { Duplex } from 'node:stream'
import { goQuote } from '../../../lib/go-quote.ts'
import { type Connection, dial } from '../dial.ts'
import { ByteReader, EndOfStream } from './byte-reader.ts'
import { hostname, portOf } from './go-url.ts'
import { type GetRequest, requestHead, type SendOptions } from './request.ts'
import { MalformedError, type ResponseHead, readBody, readHead } from './response.ts'
import { readError, secure } from './tls.ts'

export class Exchange implements Disposable {
  readonly head: ResponseHead
  readonly #stream: Duplex
  readonly #reader: ByteReader
  readonly #connection: Connection

  private constructor(stream: Duplex, reader: ByteReader, connection: Connection, head: ResponseHead) {
    this.#stream = stream
    this.#reader = reader
    this.#connection = connection
    this.head = head
  }

  /** Sends the request and reads the head of its response. @throws Error in the words of Go's net/http */
  static async open(request: GetRequest, options: SendOptions, signal: AbortSignal): Promise<Exchange> {
    const { scheme } = request.url
    const host = hostname(request.url)
    if (scheme !== 'http' && scheme !== 'https') throw new Error(`unsupported protocol scheme ${goQuote(scheme)}`)
    const bytes = requestHead(request, options)
    const connection = await dial(host, portOf(request.url), signal)
    try {
      const stream = scheme === 'https' ? await secure(connection, host) : connection.socket
      // A server that answers and closes before it has read everything breaks the sending; its answer counts.
      stream.on('error', () => {})
      stream.write(bytes)
      const reader = new ByteReader(stream)
      await explained(connection, reader.begin())
      return new Exchange(stream, reader, connection, await wholeHead(connection, reader))
    } catch (error) {
      connection.socket.destroy()
      throw error
    }
  }

  /** What there is of the body, at most so many bytes. @throws Error in Go's words */
  body(mostBytes: number): Promise<Buffer> {
    return explained(this.#connection, readBody(this.#reader, this.head, mostBytes))
  }

  [Symbol.dispose](): void {
    this.#stream.destroy()
    this.#connection.socket.destroy()
  }
}

/** What breaks in the middle of a head is told with where it was. */
async function wholeHead(connection: Connection, reader: ByteReader): Promise<ResponseHead> {
  try {
    return await explained(connection, readHead(reader))
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    throw new Error(`net/http: HTTP/1.x transport connection broken: ${words}`, { cause: error })
  }
}

async function explained<T>(connection: Connection, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof MalformedError || error instanceof EndOfStream) throw error
    throw readError(connection, error)
  }
}
