// The file that says which images are here. Its version changes when an older program's store must be read differently.
import { existsSync, readFileSync } from 'node:fs'
import { type Digest, hexOf, type Sha256 } from './digest.ts'
import { type ImageLayout, type LayerFolder, writeDurably } from './layout.ts'

export interface StoredImage {
  /** The digest of its configuration. */
  readonly id: Sha256
  /** Canonical references by tag: `docker.io/library/busybox:latest`. */
  readonly references: readonly string[]
  /** `repository@sha256:…`, where the registry's manifest came along. */
  readonly repoDigests: readonly string[]
  readonly manifests: readonly Digest[]
  /** Lowest first. */
  readonly layers: readonly LayerFolder[]
  /** Of the files in all its layers. */
  readonly sizeBytes: number
  readonly importedAtMs: number
}

interface Index {
  readonly version: 2
  readonly images: readonly StoredImage[]
}

/** Layers went by their diff IDs, one directory for each however many stacks it was part of. */
interface FirstIndex {
  readonly version: 1
  readonly images: readonly (Omit<StoredImage, 'layers'> & { readonly layers: readonly Digest[] })[]
}

/** @throws Error for the index of a program newer than this one */
export function readIndex(layout: ImageLayout): readonly StoredImage[] {
  if (!existsSync(layout.index)) return []
  const index = JSON.parse(readFileSync(layout.index, 'utf8')) as Index | FirstIndex
  switch (index.version) {
    case 2:
      return index.images
    case 1:
      return index.images.map(image => ({ ...image, layers: firstLayers(image.layers) }))
    default: {
      const { version } = index as { readonly version: unknown }
      throw new Error(
        `${layout.index} has version ${String(version)}: a newer program wrote it; run that, or remove ${layout.root} and import the images again`,
      )
    }
  }
}

export function writeIndex(layout: ImageLayout, images: readonly StoredImage[]): void {
  const index: Index = { version: 2, images }
  writeDurably(layout.index, Buffer.from(JSON.stringify(index, null, 1)))
}

/**
 * The images of a first store stay usable as they were unpacked; importing one again gives it layers of today's kind.
 * Overlayfs takes no directory twice. Of a layer's repetitions the uppermost counts: unpacked by itself, what it shows and
 * what it hides it does there just as well for those below.
 */
function firstLayers(diffIds: readonly Digest[]): LayerFolder[] {
  const uppermost = diffIds.filter((diffId, index) => !diffIds.includes(diffId, index + 1))
  return uppermost.map(diffId => `layers/${hexOf(diffId)}` as const)
}
