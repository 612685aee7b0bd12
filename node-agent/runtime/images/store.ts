// Which images are here. One small index file is the truth; blobs and layers that it does not name are garbage.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import path from 'node:path'
import { removeTree } from '../../../lib/remove-tree.ts'
import { hexOf, isSha256, type Sha256 } from './digest.ts'
import { explainDiskError, ImageError } from './errors.ts'
import { type ImageConfig, parseImageConfig } from './image-config.ts'
import type { ImportResult } from './import-archive.ts'
import { type LayerRecord, lowerDirectories, readLayerRecord } from './layer.ts'
import { ImageLayout, type LayerFolder, writeDurably } from './layout.ts'
import { asImageIdPrefix, parseReference, tagReference } from './reference.ts'
import { readIndex, type StoredImage, writeIndex } from './store-index.ts'

/** Of an ID, hexadecimal. */
const wholeIdDigits = 64

export interface ImageUsage {
  readonly bytes: number
  readonly inodes: number
}

export interface ImageStoreOptions {
  /** Lower directories that containers are made of: they stay, even if no image has them any more. */
  readonly inUse?: () => Iterable<string>
}

export class ImageStore {
  readonly layout: ImageLayout
  readonly #inUse: () => Iterable<string>
  readonly #images = new Map<Sha256, StoredImage>()
  readonly #configs = new Map<Sha256, ImageConfig>()
  readonly #layers = new Map<LayerFolder, LayerRecord>()
  #imports = 0

  private constructor(layout: ImageLayout, inUse: () => Iterable<string>) {
    this.layout = layout
    this.#inUse = inUse
  }

  /**
   * Loads what is there, and throws out what an interrupted import or removal has left.
   * @throws Error for the store of a newer program
   */
  static open(root: string, { inUse = () => [] }: ImageStoreOptions = {}): ImageStore {
    const layout = new ImageLayout(root)
    for (const folder of [layout.staging, ...layout.collections.map(name => path.join(root, name))]) {
      // Layers hold setuid programs: only root may look.
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    }
    const store = new ImageStore(layout, inUse)
    for (const image of readIndex(layout)) store.#images.set(image.id, image)
    store.#collect()
    return store
  }

  list(): StoredImage[] {
    return [...this.#images.values()]
  }

  get(id: string): StoredImage | undefined {
    return isSha256(id) ? this.#images.get(id) : undefined
  }

  /**
   * Finds an image by ID (or a prefix of it), tag or digest, as people write them.
   * @throws ImageError `invalid` for what is no reference, or for a prefix that fits several
   */
  resolve(name: string): StoredImage | undefined {
    const prefix = asImageIdPrefix(name)
    if (prefix !== undefined) {
      const found = this.list().filter(image => hexOf(image.id).startsWith(prefix))
      if (found.length > 1)
        throw new ImageError('invalid', `${name} could be ${found.length} images: write more digits`)
      // A whole ID is no name either.
      if (found[0] || name.startsWith('sha256:') || prefix.length === wholeIdDigits) return found[0]
    }
    const reference = parseReference(name)
    if (reference.digest !== undefined) {
      const wanted = `${reference.repository}@${reference.digest}`
      return this.list().find(image => image.repoDigests.includes(wanted))
    }
    const tag = tagReference(reference)
    return this.list().find(image => image.references.includes(tag))
  }

  /** As `resolve`. @throws ImageError `missing` that says what to do */
  require(name: string): StoredImage {
    const image = this.resolve(name)
    if (image) return image
    const message = `image ${JSON.stringify(name)} is not on this node: import it with \`tsctl image import ARCHIVE\``
    throw new ImageError('missing', message)
  }

  config(image: StoredImage): ImageConfig {
    let config = this.#configs.get(image.id)
    if (!config) {
      config = parseImageConfig(readFileSync(this.layout.blob(image.id)))
      this.#configs.set(image.id, config)
    }
    return config
  }

  /** The lower directories of an overlay, topmost first. */
  lowerDirectories(image: StoredImage): string[] {
    return lowerDirectories(this.layout, image.layers, folder => this.#layer(folder))
  }

  /** Keeps unreferenced layers while an import is putting them in place. */
  holdGarbage(): Disposable {
    this.#imports++
    return {
      [Symbol.dispose]: () => {
        this.#imports--
        if (this.#imports === 0) this.#collect()
      },
    }
  }

  /** Records imported images; from here on they exist, crash or not. Names they bring move to them. */
  commit(results: readonly ImportResult[], nowMs: number): StoredImage[] {
    const next = new Map(this.#images)
    try {
      for (const result of results) {
        writeDurably(this.layout.blob(result.id), result.config)
        if (result.manifest) writeDurably(this.layout.blob(result.manifest.digest), result.manifest.bytes)
        for (const other of next.values()) {
          const references = other.references.filter(reference => !result.references.includes(reference))
          if (references.length !== other.references.length) next.set(other.id, { ...other, references })
        }
        next.set(result.id, merged(next.get(result.id), result, nowMs))
      }
      this.#save(next)
    } catch (error) {
      throw explainDiskError(error, this.layout.root)
    }
    return results.map(result => next.get(result.id)).filter(image => image !== undefined)
  }

  /** Forgets an image, all its names with it, and what only it needed. */
  remove(image: StoredImage): void {
    const next = new Map(this.#images)
    next.delete(image.id)
    this.#save(next)
    this.#configs.delete(image.id)
    if (this.#imports === 0) this.#collect()
  }

  usage(): ImageUsage {
    const layers = new Set(this.list().flatMap(image => image.layers))
    let bytes = 0
    let inodes = 0
    for (const folder of layers) {
      const record = this.#layer(folder)
      bytes += record?.sizeBytes ?? 0
      inodes += record?.entries ?? 0
    }
    return { bytes, inodes }
  }

  #layer(folder: LayerFolder): LayerRecord | undefined {
    const known = this.#layers.get(folder)
    const record = known ?? readLayerRecord(this.layout, folder)
    if (record && !known) this.#layers.set(folder, record)
    return record
  }

  #save(images: ReadonlyMap<Sha256, StoredImage>): void {
    writeIndex(this.layout, [...images.values()])
    this.#images.clear()
    for (const [id, image] of images) this.#images.set(id, image)
  }

  /** Moves garbage out of sight at once and deletes it in the background; what a crash leaves there goes next time. */
  #collect(): void {
    const { root, staging, collections } = this.layout
    const needed = new Set<string>()
    for (const image of this.#images.values()) {
      for (const digest of [image.id, ...image.manifests]) needed.add(this.layout.blobName(digest))
      for (const folder of image.layers) needed.add(folder)
    }
    for (const directory of this.#inUse()) needed.add(path.relative(root, path.dirname(directory)))
    const garbage = collections
      .flatMap(folder => readdirSync(path.join(root, folder)).map(name => `${folder}/${name}`))
      .filter(name => !needed.has(name))
    const leftovers = this.#imports === 0 ? readdirSync(staging).map(name => path.join(staging, name)) : []
    if (garbage.length > 0) {
      const trash = mkdtempSync(path.join(staging, 'trash-'))
      for (const [index, name] of garbage.entries()) renameSync(path.join(root, name), path.join(trash, String(index)))
      leftovers.push(trash)
    }
    for (const item of leftovers) void removeTree(item).catch(() => undefined)
  }
}

function merged(old: StoredImage | undefined, result: ImportResult, nowMs: number): StoredImage {
  const union = <T>(left: readonly T[] = [], right: readonly T[] = []): T[] => [...new Set([...left, ...right])]
  const digest = result.manifest?.digest
  const repositories = result.references.map(reference => parseReference(reference).repository)
  return {
    id: result.id,
    references: union(old?.references, result.references),
    repoDigests: union(old?.repoDigests, digest ? repositories.map(repository => `${repository}@${digest}`) : []),
    manifests: union(old?.manifests, digest ? [digest] : []),
    layers: result.layers,
    sizeBytes: result.sizeBytes,
    importedAtMs: old?.importedAtMs ?? nowMs,
  }
}
