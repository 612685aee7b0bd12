// Reads an HTTP/1 response, as leniently as Go does and with its words for what is none.
// https://www.rfc-editor.org/rfc/rfc9112
import { goQuote } from '../../../lib/go-quote.ts'
import { type ByteReader, EndOfStream } from './byte-reader.ts'
import { canonicalName } from './header.ts'

export interface ResponseHead {
  readonly status: number
  readonly header: ReadonlyMap<string, readonly string[]>
  /** Of the protocol's version; HTTP/1.0 knows no chunks. */
  readonly minor: number
}

/** What came is not HTTP. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
}

/** Go's defaults. */
const mostHeaderBytes = 10 << 20
const mostInformational = 5
const mostChunkLineBytes = 4096

/** The final response's head; informational ones before it are passed over. @throws MalformedError, EndOfStream */
export async function readHead(reader: ByteReader): Promise<ResponseHead> {
  const limit = reader.read + mostHeaderBytes
  for (let informational = 0; ; informational++) {
    const head = await readOneHead(reader, limit)
    if (head.status < 100 || head.status > 199 || head.status === 101) return head
    if (informational >= mostInformational) throw new MalformedError('net/http: too many 1xx informational responses')
  }
}

async function readOneHead(reader: ByteReader, limit: number): Promise<ResponseHead> {
  const line = async (): Promise<string> => {
    const text = await within(reader.line(limit - reader.read))
    if (text === undefined || reader.read > limit) {
      throw new MalformedError(`net/http: server response headers exceeded ${mostHeaderBytes} bytes; aborted`)
    }
    return text
  }
  const first = await line()
  const [, protocol, rest] = /^([^ ]*) +(.*)$/s.exec(first) ?? []
  if (protocol === undefined || rest === undefined) {
    throw new MalformedError(`malformed HTTP response ${goQuote(first)}`)
  }
  const [code = ''] = rest.split(' ')
  if (!/^\d{3}$/.test(code)) throw new MalformedError(`malformed HTTP status code ${goQuote(code)}`)
  const minor = /^HTTP\/\d\.(\d)$/.exec(protocol)?.[1]
  if (minor === undefined) throw new MalformedError(`malformed HTTP version ${goQuote(protocol)}`)
  const header = new Map<string, string[]>()
  for (let text = await line(); text !== ''; text = await line()) {
    const colon = text.indexOf(':')
    if (colon < 0) throw new MalformedError(`malformed MIME header: missing colon: ${goQuote(text)}`)
    const name = canonicalName(text.slice(0, colon))
    header.set(name, [...(header.get(name) ?? []), text.slice(colon + 1).trim()])
  }
  return { status: Number(code), header, minor: Number(minor) }
}

/** The end of the stream is unexpected anywhere inside a head. */
async function within<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    throw error instanceof EndOfStream ? new EndOfStream(true) : error
  }
}

/** At most so many bytes of the response's body; what follows stays unread. @throws MalformedError, EndOfStream */
export async function readBody(reader: ByteReader, head: ResponseHead, mostBytes: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let left = mostBytes
  for await (const part of bodyOf(reader, head)) {
    parts.push(part.subarray(0, left))
    left -= Math.min(left, part.length)
    if (left === 0) break
  }
  return Buffer.concat(parts)
}

async function* bodyOf(
  reader: ByteReader,
  { status, header, minor }: ResponseHead,
): AsyncGenerator<Buffer, void, void> {
  if (status < 200 || status === 204 || status === 304) return
  const encoding = header.get('Transfer-Encoding')
  if (encoding !== undefined && minor > 0) {
    if (encoding.join(', ').toLowerCase() !== 'chunked') {
      throw new MalformedError(`unsupported transfer encoding: ${goQuote(encoding[0] ?? '')}`)
    }
    return yield* chunks(reader)
  }
  const length = header.get('Content-Length')?.[0]
  if (length === undefined) return yield* untilEnd(reader)
  if (!/^\d+$/.test(length)) throw new MalformedError(`bad Content-Length ${goQuote(length)}`)
  yield* exactly(reader, Number(length))
}

async function* untilEnd(reader: ByteReader): AsyncGenerator<Buffer, void, void> {
  for (let part = await reader.some(65_536); part.length > 0; part = await reader.some(65_536)) yield part
}

async function* exactly(reader: ByteReader, length: number): AsyncGenerator<Buffer, void, void> {
  for (let left = length; left > 0; ) {
    const part = await reader.some(left)
    if (part.length === 0) throw new EndOfStream(true)
    left -= part.length
    yield part
  }
}

async function* chunks(reader: ByteReader): AsyncGenerator<Buffer, void, void> {
  const line = async (): Promise<string> => {
    const text = await within(reader.line(mostChunkLineBytes))
    if (text === undefined) throw new MalformedError('header line too long')
    return text
  }
  for (;;) {
    const size = (await line()).replace(/;.*$/s, '').trimEnd()
    if (!/^[0-9a-fA-F]+$/.test(size)) throw new MalformedError('invalid byte in chunk length')
    if (size.length > 16) throw new MalformedError('http chunk length too large')
    const length = Number.parseInt(size, 16)
    if (length === 0) return
    yield* exactly(reader, length)
    if ((await line()) !== '') throw new MalformedError('malformed chunked encoding')
  }
}
