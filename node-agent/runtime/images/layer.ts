// Unpacking one layer, once: into a staging directory, verified to the last byte, then renamed to its digest.
import { createHash, type Hash } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { closeFd } from '../../sys/fd.ts'
import { openRoot } from '../../sys/rooted.ts'
import { syncFileSystem } from '../../sys/tree.ts'
import { StreamSource, TruncatedError } from './byte-source.ts'
import { type Digest, verifyDigest } from './digest.ts'
import { ImageError } from './errors.ts'
import { type ImageLayout, syncFolder } from './layout.ts'
import { TarReader } from './tar.ts'
import { type UnpackLimits, untar } from './untar.ts'

/** Bytes `start` to `end` (exclusive) of an open file. */
export interface FilePart {
  readonly fd: number
  readonly start: number
  readonly end: number
}

export interface LayerRecord {
  readonly diffId: Digest
  readonly entries: number
  /** Of its files' contents. */
  readonly sizeBytes: number
}

export type Compression = 'none' | 'gzip'

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
  const other = { '28b52ffd': 'zstd', fd377a585a00: 'xz', '425a68': 'bzip2' }
  for (const [bytes, name] of Object.entries(other)) {
    if (magic.startsWith(bytes)) {
      throw new ImageError('invalid', `it is compressed with ${name}, which is not supported: recompress it with gzip`)
    }
  }
  return 'none'
}

/** The uncompressed bytes of a part; `seen` gets them as they lie in the file. */
export async function* uncompressed(part: FilePart, seen?: Hash): AsyncGenerator<Buffer> {
  if (part.end <= part.start) return
  const compression = compressionOf(part)
  const source = createReadStream('', {
    fd: part.fd,
    start: part.start,
    end: part.end - 1,
    autoClose: false,
    highWaterMark: 256 * 1024,
  })
  const hashed = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      seen?.update(chunk)
      yield chunk
    }
  }
  if (compression === 'none') {
    yield* hashed()
    return
  }
  const gunzip = createGunzip({ chunkSize: 256 * 1024 })
  // Errors of either side reach the iteration below; the callback only keeps them from being unhandled.
  pipeline(hashed, gunzip, () => undefined)
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) yield chunk
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ImageError('invalid', `its gzip compression is damaged (${reason}): it may have been cut short`)
  }
}

/** What is known of a layer unpacked before; undefined when it is not here. */
export function readLayerRecord(layout: ImageLayout, diffId: Digest): LayerRecord | undefined {
  if (!existsSync(layout.layerRecord(diffId))) return undefined
  return JSON.parse(readFileSync(layout.layerRecord(diffId), 'utf8')) as LayerRecord
}

export interface LayerSource {
  readonly part: FilePart
  readonly diffId: Digest
  /** Of the blob as it lies in the archive, where a manifest names it. */
  readonly blobDigest?: Digest
  /** For messages: `layer 2 of 3`. */
  readonly label: string
}

/**
 * Makes a layer available. One that is here already is only verified against the archive.
 * @param staging an existing directory on the file system of the layers
 * @throws ImageError for wrong digests, malformed and hostile archives
 */
export async function installLayer(
  layout: ImageLayout,
  source: LayerSource,
  staging: string,
  limits: UnpackLimits,
): Promise<LayerRecord> {
  const blobHash = createHash('sha256')
  const diffHash = createHash('sha256')
  const content = limited(uncompressed(source.part, blobHash), diffHash, limits)
  const present = readLayerRecord(layout, source.diffId)
  let record = present
  const directory = path.join(staging, 'layer')
  try {
    if (!present) record = await unpackInto(directory, content, source, limits)
    for await (const _rest of content) {
      // What follows the archive's end belongs to the digest too.
    }
  } catch (error) {
    throw explain(error, source.label)
  }
  if (source.blobDigest) verifyDigest(source.label, `sha256:${blobHash.digest('hex')}`, source.blobDigest)
  verifyDigest(`${source.label}, uncompressed,`, `sha256:${diffHash.digest('hex')}`, source.diffId)
  if (!record) throw new Error('a layer was neither here nor unpacked')
  if (!present) publish(layout, directory, record)
  return record
}

async function unpackInto(
  directory: string,
  content: AsyncIterable<Buffer>,
  source: LayerSource,
  limits: UnpackLimits,
): Promise<LayerRecord> {
  const root = path.join(directory, 'fs')
  mkdirSync(root, { recursive: true, mode: 0o755 })
  const rootFd = openRoot(root)
  try {
    // An iterator of its own, so that ending the reader early leaves the content to be read on.
    const iterator = content[Symbol.asyncIterator]()
    const reader = new TarReader(new StreamSource({ [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) }))
    const { entries, sizeBytes } = await untar(reader, rootFd, limits)
    const record: LayerRecord = { diffId: source.diffId, entries, sizeBytes }
    writeFileSync(path.join(directory, 'layer.json'), JSON.stringify(record))
    return record
  } finally {
    closeFd(rootFd)
  }
}

function publish(layout: ImageLayout, directory: string, record: LayerRecord): void {
  // Whole contents before the name that vouches for them. syncfs(2) refuses O_PATH descriptors.
  const fd = openSync(directory, 'r')
  try {
    syncFileSystem(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(directory, layout.layer(record.diffId))
  syncFolder(layout.layers)
}

/** Stops a decompression bomb: what is unpacked is bounded, so what is decompressed must be. */
async function* limited(content: AsyncIterable<Buffer>, hash: Hash, limits: UnpackLimits): AsyncGenerator<Buffer> {
  const maxBytes = limits.maxBytes + limits.maxEntries * 2048
  let total = 0
  for await (const chunk of content) {
    total += chunk.length
    if (total > maxBytes) throw new ImageError('too-big', `it decompresses to over ${maxBytes} bytes`)
    hash.update(chunk)
    yield chunk
  }
}

function explain(error: unknown, label: string): unknown {
  if (error instanceof TruncatedError) return new ImageError('invalid', `${label}: ${error.message}`, { cause: error })
  if (error instanceof ImageError) return new ImageError(error.code, `${label}: ${error.message}`, { cause: error })
  return error
}
