// From a spooled archive to layers on disk and a list of images to record. Runs in a thread of its own.
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import path from 'node:path'
import { Archive, unknownArchive } from './archive.ts'
import type { ArchivedImage } from './archived-image.ts'
import { TruncatedError } from './byte-source.ts'
import { chainIds } from './chain.ts'
import { compressionOf, type FilePart, uncompressed } from './compression.ts'
import { type Digest, digestOf, digestOfStream, type Sha256 } from './digest.ts'
import { explainDiskError, ImageError } from './errors.ts'
import { configForRootFs, parseImageConfig } from './image-config.ts'
import { type Installation, installLayer } from './layer.ts'
import type { ImageLayout, LayerFolder } from './layout.ts'
import { archivedImages } from './manifests.ts'
import { checkPlatform } from './platform.ts'
import { parseReference, tagReference } from './reference.ts'
import type { UnpackLimits } from './unpack-budget.ts'

export interface ImportJob {
  /** The archive as it came. */
  readonly spool: string
  /** An existing directory for temporary files; the caller removes it. */
  readonly staging: string
  /** Names the image, whatever the archive says; needed for a root file system. */
  readonly reference?: string
  readonly limits: UnpackLimits
}

/** An image whose layers are in place; plain data, so it crosses threads. */
export interface ImportResult {
  readonly id: Sha256
  readonly config: Uint8Array
  readonly manifest?: { readonly digest: Digest; readonly bytes: Uint8Array }
  readonly references: readonly string[]
  readonly layers: readonly LayerFolder[]
  readonly sizeBytes: number
}

/**
 * @param throwIfGivenUp asked now and then; what it throws ends the import
 * @throws ImageError
 */
export async function importArchive(
  layout: ImageLayout,
  job: ImportJob,
  onStep: (step: string) => void,
  throwIfGivenUp: () => void = () => undefined,
): Promise<ImportResult[]> {
  const descriptors: number[] = []
  const open = (file: string, flags: string): number => {
    const fd = openSync(file, flags)
    descriptors.push(fd)
    return fd
  }
  try {
    const fd = open(job.spool, 'r')
    let whole: FilePart = { fd, start: 0, end: fstatSync(fd).size }
    if (compressionOf(whole) !== 'none') {
      onStep('decompressing')
      const plain = open(path.join(job.staging, 'plain'), 'w+')
      whole = await decompress(whole, plain, job.limits.maxBytes * 2, throwIfGivenUp)
    }
    onStep('reading the archive')
    const archive = await Archive.open(whole)
    const images = archivedImages(archive) ?? [await rootFsImage(archive, job.reference)]
    const results: ImportResult[] = []
    const installation = { layout, staging: job.staging, limits: job.limits, throwIfGivenUp }
    for (const image of renamed(images, job.reference)) results.push(await install(installation, image, onStep))
    return results
  } catch (error) {
    if (error instanceof TruncatedError)
      throw new ImageError('invalid', `the archive: ${error.message}`, { cause: error })
    throw explainDiskError(error, layout.root)
  } finally {
    for (const fd of descriptors) closeSync(fd)
  }
}

async function decompress(part: FilePart, to: number, maxBytes: number, throwIfGivenUp: () => void): Promise<FilePart> {
  let end = 0
  for await (const chunk of uncompressed(part)) {
    throwIfGivenUp()
    end += chunk.length
    if (end > maxBytes) throw new ImageError('too-big', `the archive decompresses to over ${maxBytes} bytes`)
    for (let offset = 0; offset < chunk.length; ) offset += writeSync(to, chunk, offset)
  }
  return { fd: to, start: 0, end }
}

function renamed(images: readonly ArchivedImage[], reference: string | undefined): readonly ArchivedImage[] {
  if (reference === undefined) return images
  const [only, ...others] = images
  if (!only) return []
  if (others.length > 0) {
    const names = images.map(image => image.references[0] ?? image.id).join(', ')
    throw new ImageError(
      'invalid',
      `the archive holds ${images.length} images (${names}): they cannot all be named ${reference}`,
    )
  }
  return [{ ...only, references: [nameOf(reference)] }]
}

function nameOf(reference: string): string {
  const parsed = parseReference(reference)
  if (parsed.digest) throw new ImageError('invalid', `${reference}: an image is named by a tag here, not by a digest`)
  return tagReference(parsed)
}

async function rootFsImage(archive: Archive, reference: string | undefined): Promise<ArchivedImage> {
  if (!archive.looksLikeRootFs) throw unknownArchive(archive)
  if (!archive.complete) throw new ImageError('invalid', 'the archive lacks its end mark: it was cut short')
  if (reference === undefined) {
    throw new ImageError(
      'invalid',
      'this is a plain root file system, which has no name of its own: say which it shall have',
    )
  }
  const diffId = await digestOfStream(uncompressed(archive.whole))
  const configBytes = configForRootFs(diffId)
  return {
    id: digestOf(configBytes),
    configBytes,
    config: parseImageConfig(configBytes),
    layers: [{ part: archive.whole, diffId }],
    references: [],
  }
}

async function install(
  installation: Installation,
  image: ArchivedImage,
  onStep: (step: string) => void,
): Promise<ImportResult> {
  checkPlatform(image.config)
  const layers: LayerFolder[] = []
  let sizeBytes = 0
  for (const [index, chainId] of chainIds(image.layers.map(layer => layer.diffId)).entries()) {
    const layer = image.layers[index]
    if (!layer) continue
    const label = `layer ${index + 1} of ${image.layers.length}`
    onStep(`unpacking ${label}`)
    const place = { folder: installation.layout.chain(chainId), below: layers }
    const record = await installLayer(installation, { ...layer, label }, place)
    layers.push(place.folder)
    sizeBytes += record.sizeBytes
  }
  return {
    id: image.id,
    config: image.configBytes,
    ...(image.manifest && { manifest: image.manifest }),
    references: image.references,
    layers,
    sizeBytes,
  }
}
