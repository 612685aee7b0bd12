// Compressions of archives and layers, told by their first bytes: what a media type claims is often wrong.
import { readSync } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ZstdDecompressor, ZstdError, ZstdMissingError } from '../../sys/zstd.ts'
import { TruncatedError } from './byte-source.ts'
import { ImageError } from './errors.ts'

/** Bytes `start` to `end` (exclusive) of an open file. */
export interface FilePart {
  readonly fd: number
  readonly start: number
  readonly end: number
}

type Compression = 'none' | 'gzip' | 'zstd'

const chunkBytes = 256 * 1024

/** @throws ImageError for compressions not read here */
export function compressionOf(part: FilePart): Compression {
  const head = Buffer.alloc(6)
  readSync(part.fd, head, 0, Math.min(head.length, part.end - part.start), part.start)
  return compressionOfHead(head)
}

/** By the first bytes. @throws ImageError for compressions not read here */
export function compressionOfHead(head: Buffer): Compression {
  const magic = head.toString('hex')
  if (magic.startsWith('1f8b')) return 'gzip'
  // RFC 8878: a frame, or one of sixteen kinds of frame that decoders skip; those that are indexed begin with such.
  if (magic.startsWith('28b52ffd') || /^5[0-9a-f]2a4d18/.test(magic)) return 'zstd'
  const other = { fd377a585a00: 'xz', '425a68': 'bzip2' }
  for (const [bytes, name] of Object.entries(other)) {
    if (magic.startsWith(bytes)) {
      throw new ImageError('invalid', `it is compressed with ${name}, which is not supported: recompress it with gzip`)
    }
  }
  return 'none'
}

/** The uncompressed bytes of a part; `seen` is told them as they lie in the file. @throws ImageError */
export async function* uncompressed(part: FilePart, seen?: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  if (part.end <= part.start) return
  const compression = compressionOf(part)
  const raw = chunksOf(part, seen)
  if (compression === 'none') yield* raw
  else yield* compression === 'gzip' ? gunzipped(raw) : zstdDecompressed(raw)
}

/** Read synchronously: imports run in a thread of their own. */
function* chunksOf({ fd, start, end }: FilePart, seen?: (chunk: Buffer) => void): Generator<Buffer> {
  for (let position = start; position < end; ) {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, end - position))
    const count = readSync(fd, buffer, 0, buffer.length, position)
    if (count === 0) throw new TruncatedError(position - start)
    position += count
    const chunk = buffer.subarray(0, count)
    seen?.(chunk)
    yield chunk
  }
}

async function* gunzipped(raw: Iterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: chunkBytes })
  // Errors of either side reach the iteration below; the callback only keeps them from being unhandled.
  pipeline(raw, gunzip, () => undefined)
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) yield chunk
  } catch (error) {
    throw damaged('gzip', error)
  }
}

function* zstdDecompressed(raw: Iterable<Buffer>): Generator<Buffer> {
  using decompressor = openZstd()
  try {
    for (const chunk of raw) yield* decompressor.push(chunk)
    decompressor.end()
  } catch (error) {
    throw error instanceof ZstdError ? damaged('zstd', error) : error
  }
}

function openZstd(): ZstdDecompressor {
  try {
    return new ZstdDecompressor()
  } catch (error) {
    if (!(error instanceof ZstdMissingError)) throw error
    throw new ImageError('invalid', `it is compressed with zstd, and ${error.message}`, { cause: error })
  }
}

function damaged(compression: string, error: unknown): ImageError {
  const reason = error instanceof Error ? error.message : String(error)
  return new ImageError('invalid', `its ${compression} compression is damaged (${reason}): it may have been cut short`)
}
