// An image as an archive describes it, and reading the parts that say so. Nothing of what they claim is believed before
// its digest was computed.
import { readSync } from 'node:fs'
import type { Archive } from './archive.ts'
import type { FilePart } from './compression.ts'
import { algorithmOf, type Digest, hexOf, type Sha256, verifyDigest } from './digest.ts'
import { ImageError } from './errors.ts'
import type { ImageConfig } from './image-config.ts'

export interface ArchivedLayer {
  readonly part: FilePart
  readonly diffId: Digest
  readonly blobDigest?: Digest
}

export interface ArchivedImage {
  readonly id: Sha256
  readonly configBytes: Buffer
  readonly config: ImageConfig
  /** OCI only: docker-archives don't keep the registry's manifest. */
  readonly manifest?: { readonly digest: Digest; readonly bytes: Buffer }
  readonly layers: readonly ArchivedLayer[]
  /** Canonical references by tag. */
  readonly references: readonly string[]
}

const maxJsonBytes = 8 * 1024 * 1024

/** @throws ImageError when it is missing, or too big for what it is */
export function readPart(archive: Archive, name: string, what: string): Buffer {
  const part = archive.find(name)
  if (!part) throw new ImageError('invalid', `${what} (${name}) is missing from the archive`)
  const length = part.end - part.start
  if (length > maxJsonBytes) throw new ImageError('too-big', `${what} (${name}) is ${length} bytes, no real one is`)
  const bytes = Buffer.alloc(length)
  for (let filled = 0; filled < length; ) {
    const count = readSync(part.fd, bytes, filled, length - filled, part.start + filled)
    if (count === 0) throw new ImageError('invalid', `${what} (${name}) is cut short`)
    filled += count
  }
  return bytes
}

/** Where an image layout has a blob. */
export function blobName(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`
}

/** @throws ImageError when it is missing, or not what it is called */
export function readBlob(archive: Archive, digest: Digest, what: string): Buffer {
  const bytes = readPart(archive, blobName(digest), what)
  verifyDigest(what, bytes, digest)
  return bytes
}

/** Layers of a manifest with their digests from the configuration. @throws ImageError when they do not match */
export function matchLayers(
  config: ImageConfig,
  count: number,
  layer: (index: number) => Omit<ArchivedLayer, 'diffId'>,
): ArchivedLayer[] {
  if (count !== config.diffIds.length) {
    const message = `the manifest lists ${count} layers and the configuration ${config.diffIds.length}`
    throw new ImageError('invalid', message)
  }
  if (count === 0) throw new ImageError('invalid', 'the image has no layers, so there is nothing to run in it')
  return config.diffIds.map((diffId, index) => ({ ...layer(index), diffId }))
}
