// SPDY/3 header blocks: names and values with their lengths, deflated with a dictionary both sides know, in one
// stream of each direction for the whole connection (draft-mbelshe-httpbis-spdy-00, section 2.6.10).
import { constants, createDeflate, createInflate } from 'node:zlib'

const words = `options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age
allow authorization cache-control connection content-base content-encoding content-language content-length
content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since
if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate
proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning
www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin`

const rest =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized' +
  '403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable' +
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,' +
  'text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.'

/** Both sides must have it byte for byte: zlib compares its checksum, 0xe3c6a7c2. */
export const dictionary = Buffer.concat([
  ...words.split(/\s/).flatMap(word => [uint32(word.length), Buffer.from(word.replace('_', ' '))]),
  Buffer.from(rest),
])

/** More would be an attack: a client's headers here are a few words. */
const maxBlockBytes = 64 * 1024

export type Headers = ReadonlyMap<string, string>

/** Reads the header blocks of one direction; each must be given once, in order. */
export class HeaderReader {
  readonly #inflate = createInflate({ dictionary, finishFlush: constants.Z_SYNC_FLUSH })
  #chunks: Buffer[] = []

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
  }

  /** @throws Error for what is no header block */
  async read(block: Buffer): Promise<Headers> {
    this.#chunks = []
    await new Promise<void>((resolve, reject) => {
      this.#inflate.once('error', reject)
      this.#inflate.write(block, () => {
        this.#inflate.off('error', reject)
        resolve()
      })
    })
    const text = Buffer.concat(this.#chunks)
    if (text.length > maxBlockBytes) throw new Error(`a header block of ${text.length} bytes`)
    return parse(text)
  }
}

/** Writes the header blocks of one direction, in order. */
export class HeaderWriter {
  readonly #deflate = createDeflate({ dictionary })
  #chunks: Buffer[] = []

  constructor() {
    this.#deflate.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
  }

  async write(headers: Headers): Promise<Buffer> {
    this.#chunks = []
    this.#deflate.write(serialise(headers))
    await new Promise<void>(resolve => this.#deflate.flush(constants.Z_SYNC_FLUSH, resolve))
    return Buffer.concat(this.#chunks)
  }
}

function parse(text: Buffer): Headers {
  const headers = new Map<string, string>()
  let at = 4
  const string = (): string => {
    const start = at + 4
    at = start + text.readUInt32BE(at)
    if (at > text.length) throw new RangeError('a header block ends early')
    return text.toString('utf8', start, at)
  }
  for (let left = text.readUInt32BE(0); left > 0; left--) headers.set(string().toLowerCase(), string())
  return headers
}

function serialise(headers: Headers): Buffer {
  const strings = [...headers].flat().map(text => Buffer.from(text))
  return Buffer.concat([uint32(headers.size), ...strings.flatMap(text => [uint32(text.length), text])])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value)
  return bytes
}
