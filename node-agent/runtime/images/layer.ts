// Unpacking one layer, once for each stack it is the top of: into a staging directory, verified to the last byte, then
// renamed to the stack's name.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { closeFd } from '../../sys/fd.ts'
import { openRoot } from '../../sys/rooted.ts'
import { syncFileSystem } from '../../sys/tree.ts'
import { StreamSource, TruncatedError } from './byte-source.ts'
import { type FilePart, uncompressed } from './compression.ts'
import { type Digest, DigestCheck } from './digest.ts'
import { ImageError } from './errors.ts'
import { type ImageLayout, type LayerFolder, syncFolder } from './layout.ts'
import { LowerLayers } from './lower-layers.ts'
import { TarReader } from './tar.ts'
import type { UnpackLimits } from './unpack-budget.ts'
import { untar } from './untar.ts'

/** What is known of an unpacked layer. */
export interface LayerRecord {
  readonly diffId: Digest
  readonly entries: number
  /** Of its files' contents. */
  readonly sizeBytes: number
  /** Nothing of the layers below shows through it. */
  readonly opaque?: boolean
}

/** Undefined when the layer is not here. */
export function readLayerRecord(layout: ImageLayout, folder: LayerFolder): LayerRecord | undefined {
  const file = layout.layerRecord(folder)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LayerRecord) : undefined
}

/** The directories that an overlay of these layers is made of, topmost first: those that something of shows. */
export function lowerDirectories(
  layout: ImageLayout,
  folders: readonly LayerFolder[],
  recordOf: (folder: LayerFolder) => LayerRecord | undefined,
): string[] {
  const topmostFirst = [...folders].reverse()
  const last = topmostFirst.findIndex(folder => recordOf(folder)?.opaque === true)
  return (last === -1 ? topmostFirst : topmostFirst.slice(0, last + 1)).map(folder => layout.layerRoot(folder))
}

export interface LayerSource {
  readonly part: FilePart
  readonly diffId: Digest
  /** Of the blob as it lies in the archive, where a manifest names it. */
  readonly blobDigest?: Digest
  /** For messages: `layer 2 of 3`. */
  readonly label: string
}

/** Where a layer goes, and what it stands on. */
export interface LayerPlace {
  readonly folder: LayerFolder
  /** Lowest first. */
  readonly below: readonly LayerFolder[]
}

/** What is the same for all layers of an import. */
export interface Installation {
  readonly layout: ImageLayout
  /** An existing directory on the file system of the layers. */
  readonly staging: string
  readonly limits: UnpackLimits
  /** Asked now and then. @throws when nobody wants the layers any more */
  readonly throwIfGivenUp: () => void
}

/**
 * Makes a layer available. One that is here already is only verified against the archive.
 * @throws ImageError for wrong digests, malformed and hostile archives
 */
export async function installLayer(
  installation: Installation,
  source: LayerSource,
  place: LayerPlace,
): Promise<LayerRecord> {
  const { layout, staging } = installation
  const blob = source.blobDigest && new DigestCheck(source.blobDigest)
  const diff = new DigestCheck(source.diffId)
  const content = limited(
    uncompressed(source.part, chunk => blob?.update(chunk)),
    diff,
    installation,
  )
  const present = readLayerRecord(layout, place.folder)
  let record = present
  const directory = path.join(staging, 'layer')
  try {
    record ??= await unpackInto(directory, content, installation, source, place)
    for await (const _rest of content) {
      // What follows the archive's end belongs to the digest too.
    }
  } catch (error) {
    throw explain(error, source.label)
  } finally {
    // A decompressor that was left in the middle holds memory that is not the collector's.
    await content.return(undefined)
  }
  blob?.verify(source.label)
  diff.verify(`${source.label}, uncompressed,`)
  if (!present) publish(layout, directory, place.folder)
  return record
}

async function unpackInto(
  directory: string,
  content: AsyncIterable<Buffer>,
  { layout, limits }: Installation,
  { diffId }: LayerSource,
  { below }: LayerPlace,
): Promise<LayerRecord> {
  const root = path.join(directory, 'fs')
  mkdirSync(root, { recursive: true, mode: 0o755 })
  using lower = new LowerLayers(lowerDirectories(layout, below, folder => readLayerRecord(layout, folder)))
  const rootFd = openRoot(root)
  try {
    // An iterator of its own, so that ending the reader early leaves the content to be read on.
    const iterator = content[Symbol.asyncIterator]()
    const reader = new TarReader(new StreamSource({ [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) }))
    const record: LayerRecord = { diffId, ...(await untar(reader, rootFd, lower, limits)) }
    writeFileSync(path.join(directory, 'layer.json'), JSON.stringify(record))
    return record
  } finally {
    closeFd(rootFd)
  }
}

function publish(layout: ImageLayout, directory: string, folder: LayerFolder): void {
  // Whole contents before the name that vouches for them. syncfs(2) refuses O_PATH descriptors.
  const fd = openSync(directory, 'r')
  try {
    syncFileSystem(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(directory, layout.layer(folder))
  syncFolder(layout.chains)
}

/** Stops a decompression bomb: what is unpacked is bounded, so what is decompressed must be. */
async function* limited(
  content: AsyncIterable<Buffer>,
  check: DigestCheck,
  { limits, throwIfGivenUp }: Installation,
): AsyncGenerator<Buffer> {
  const maxBytes = limits.maxBytes + limits.maxEntries * 2048
  let total = 0
  for await (const chunk of content) {
    throwIfGivenUp()
    total += chunk.length
    if (total > maxBytes) throw new ImageError('too-big', `it decompresses to over ${maxBytes} bytes`)
    check.update(chunk)
    yield chunk
  }
}

function explain(error: unknown, label: string): unknown {
  if (error instanceof TruncatedError) return new ImageError('invalid', `${label}: ${error.message}`, { cause: error })
  if (error instanceof ImageError) return new ImageError(error.code, `${label}: ${error.message}`, { cause: error })
  return error
}
