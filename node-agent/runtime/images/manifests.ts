// Which images an archive holds, by its own manifests: `docker save`'s manifest.json and OCI's image layout. Pure but for
// reading parts; nothing of what they claim is believed before its digest was computed.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
import { readSync } from 'node:fs'
import type { Archive } from './archive.ts'
import { type Digest, digestOf, hexOf, isDigest, verifyDigest } from './digest.ts'
import { ImageError } from './errors.ts'
import {
  type ImageConfig,
  list,
  machineArchitecture,
  optionalRecord,
  parseImageConfig,
  parseJson,
  record,
  strings,
  text,
} from './image-config.ts'
import type { FilePart } from './layer.ts'
import { parseReference, tagReference } from './reference.ts'

interface ArchivedLayer {
  readonly part: FilePart
  readonly diffId: Digest
  readonly blobDigest?: Digest
}

export interface ArchivedImage {
  readonly id: Digest
  readonly configBytes: Buffer
  readonly config: ImageConfig
  /** OCI only: docker-archives don't keep the registry's manifest. */
  readonly manifest?: { readonly digest: Digest; readonly bytes: Buffer }
  readonly layers: readonly ArchivedLayer[]
  /** Canonical references by tag. */
  readonly references: readonly string[]
}

const maxJsonBytes = 8 * 1024 * 1024
const maxIndexDepth = 4

function readJsonPart(archive: Archive, name: string, what: string): Buffer {
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

/** The images of a docker-archive or oci-archive; undefined when it is neither. @throws ImageError */
export function archivedImages(archive: Archive): ArchivedImage[] | undefined {
  const oci = archive.find('index.json') && archive.find('oci-layout') ? ociImages(archive) : undefined
  const docker = archive.find('manifest.json') ? dockerImages(archive) : undefined
  if (!oci || !docker) return oci ?? docker
  // Docker 25 and newer write both descriptions of the same images; the older one has the names as Docker says them.
  const byId = new Map(oci.map(image => [image.id, image]))
  for (const image of docker) {
    const twin = byId.get(image.id)
    const references = [...new Set([...image.references, ...(twin?.references ?? [])])]
    byId.set(image.id, { ...(twin ?? image), references })
  }
  return [...byId.values()]
}

function dockerImages(archive: Archive): ArchivedImage[] {
  const manifests = list(
    parseJson(readJsonPart(archive, 'manifest.json', 'the manifest'), 'manifest.json'),
    'manifest.json',
  )
  if (manifests.length === 0) throw new ImageError('invalid', 'manifest.json lists no image')
  return manifests.map((item, index) => {
    const where = `manifest.json[${index}]`
    const manifest = record(item, where)
    const configName = text(manifest['Config'], `${where}.Config`)
    const configBytes = readJsonPart(archive, configName, 'the image configuration')
    const id = digestOf(configBytes)
    const named = /([a-f0-9]{64})(?:\.json)?$/.exec(configName)?.[1]
    if (named) verifyDigest(`the image configuration ${configName}`, id, `sha256:${named}`)
    const config = parseImageConfig(configBytes)
    const names = strings(manifest['Layers'], `${where}.Layers`)
    return {
      id,
      configBytes,
      config,
      layers: matchLayers(config, names.length, layer => {
        const name = names[layer] ?? ''
        const part = archive.find(name)
        if (!part) throw new ImageError('invalid', `layer ${layer + 1} (${name}) is missing from the archive`)
        const blob = /(?:^|\/)blobs\/sha256\/([a-f0-9]{64})$/.exec(name)?.[1]
        return { part, ...(blob && { blobDigest: `sha256:${blob}` as const }) }
      }),
      references: strings(manifest['RepoTags'], `${where}.RepoTags`).map(tag => tagReference(parseReference(tag))),
    }
  })
}

interface Descriptor {
  readonly digest: Digest
  readonly mediaType: string
  readonly architecture: string
  readonly os: string
  readonly annotations: Readonly<Record<string, unknown>>
}

function descriptor(value: unknown, where: string): Descriptor {
  const fields = record(value, where)
  const digest = fields['digest']
  if (!isDigest(digest))
    throw new ImageError('invalid', `${where}.digest ${JSON.stringify(digest)} is no sha256 digest`)
  const platform = optionalRecord(fields['platform'], `${where}.platform`)
  return {
    digest,
    mediaType: text(fields['mediaType'], `${where}.mediaType`),
    architecture: text(platform['architecture'], `${where}.platform.architecture`),
    os: text(platform['os'], `${where}.platform.os`),
    annotations: optionalRecord(fields['annotations'], `${where}.annotations`),
  }
}

function readBlob(archive: Archive, digest: Digest, what: string): Buffer {
  const bytes = readJsonPart(archive, `blobs/sha256/${hexOf(digest)}`, what)
  verifyDigest(what, digestOf(bytes), digest)
  return bytes
}

function ociImages(archive: Archive): ArchivedImage[] {
  const index = record(parseJson(readJsonPart(archive, 'index.json', 'the index'), 'index.json'), 'index.json')
  const images = list(index['manifests'], 'index.json.manifests').flatMap((item, at) => {
    const top = descriptor(item, `index.json.manifests[${at}]`)
    return ociImagesOf(archive, top, 0).map(image => ({ ...image, references: ociReferences(top) }))
  })
  if (images.length === 0)
    throw new ImageError('invalid', `the archive holds no image for linux/${machineArchitecture()}`)
  // Several names of one image are several entries of the index.
  const byId = new Map<Digest, ArchivedImage>()
  for (const image of images) {
    const references = new Set([...(byId.get(image.id)?.references ?? []), ...image.references])
    byId.set(image.id, { ...image, references: [...references] })
  }
  return [...byId.values()]
}

function ociImagesOf(archive: Archive, at: Descriptor, depth: number): Omit<ArchivedImage, 'references'>[] {
  if (depth > maxIndexDepth) throw new ImageError('invalid', 'its indexes are nested too deep')
  // Build attestations ride along as images of an unknown platform.
  if (at.os === 'unknown' || (at.architecture !== '' && at.architecture !== machineArchitecture())) return []
  const bytes = readBlob(archive, at.digest, `the manifest ${at.digest}`)
  const manifest = record(parseJson(bytes, `the manifest ${at.digest}`), 'manifest')
  if (Array.isArray(manifest['manifests'])) {
    return manifest['manifests'].flatMap((item, index) =>
      ociImagesOf(archive, descriptor(item, `manifest ${at.digest}.manifests[${index}]`), depth + 1),
    )
  }
  const where = `manifest ${at.digest}`
  const { digest: id } = descriptor(manifest['config'], `${where}.config`)
  const configBytes = readBlob(archive, id, 'the image configuration')
  const config = parseImageConfig(configBytes)
  const descriptors = list(manifest['layers'], `${where}.layers`)
  return [
    {
      id,
      configBytes,
      config,
      manifest: { digest: at.digest, bytes },
      layers: matchLayers(config, descriptors.length, layer => {
        const { digest } = descriptor(descriptors[layer], `${where}.layers[${layer}]`)
        const part = archive.find(`blobs/sha256/${hexOf(digest)}`)
        if (!part) throw new ImageError('invalid', `layer ${layer + 1} (${digest}) is missing from the archive`)
        return { part, blobDigest: digest }
      }),
    },
  ]
}

/** containerd's annotation has the whole name; OCI's own may, or be a bare tag that names nothing alone. */
function ociReferences(top: Descriptor): string[] {
  const whole = top.annotations['io.containerd.image.name']
  const own = top.annotations['org.opencontainers.image.ref.name']
  const name = typeof whole === 'string' ? whole : typeof own === 'string' && /[/:]/.test(own) ? own : undefined
  return name === undefined ? [] : [tagReference(parseReference(name))]
}

function matchLayers(
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
