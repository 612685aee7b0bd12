// Images of an OCI image layout. Its indexes list more than images for this machine: those for others, attestations of how
// an image was built, lists of ingredients, signatures. Of what an index lists for one name, the best fit is the image.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
import type { Archive } from './archive.ts'
import { type ArchivedImage, blobName, matchLayers, readBlob, readPart } from './archived-image.ts'
import { type Digest, digestOf, isDigest } from './digest.ts'
import { ImageError } from './errors.ts'
import { list, optionalRecord, parseImageConfig, parseJson, platformOf, record, text } from './image-config.ts'
import { fitness, machineName, type Platform, platformName } from './platform.ts'
import { parseReference, tagReference } from './reference.ts'

const maxIndexDepth = 4

/** Of manifests and indexes, and of images' configurations; old writers leave them out. */
const manifestTypes = new Set([
  '',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
])
const configTypes = new Set([
  '',
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])

interface Descriptor {
  readonly digest: Digest
  readonly mediaType: string
  /** Undefined where the index does not say: then the image's configuration does. */
  readonly platform: Platform | undefined
  readonly annotations: Readonly<Record<string, unknown>>
}

interface Candidate {
  readonly image: Omit<ArchivedImage, 'references'>
  readonly fitness: number
}

/** @throws ImageError */
export function ociImages(archive: Archive): ArchivedImage[] {
  const index = record(parseJson(readPart(archive, 'index.json', 'the index'), 'index.json'), 'index.json')
  const others: Platform[] = []
  // Several names of one image are several entries of the index.
  const byId = new Map<Digest, ArchivedImage>()
  for (const entries of byName(descriptors(index['manifests'], 'index.json.manifests'))) {
    const best = bestOf(entries.flatMap(entry => candidates(archive, entry, 0, others)))
    if (!best) continue
    const { image } = best
    const references = [...(byId.get(image.id)?.references ?? []), ...entries.flatMap(ociReferences)]
    byId.set(image.id, { ...image, references: [...new Set(references)] })
  }
  if (byId.size > 0) return [...byId.values()]
  const instead = [...new Set(others.map(platformName))].join(', ')
  const holds = instead === '' ? '' : ` (it has some for ${instead})`
  throw new ImageError('invalid', `the archive holds no image for ${machineName()}${holds}`)
}

/**
 * Entries that are the same image for different machines: those of one name, and those that say nothing but their
 * platforms.
 */
function byName(entries: readonly Descriptor[]): Descriptor[][] {
  const groups = new Map<unknown, Descriptor[]>()
  for (const entry of entries) {
    const [name] = ociReferences(entry)
    const key = name ?? (entry.platform ? 'nameless' : entry)
    groups.set(key, [...(groups.get(key) ?? []), entry])
  }
  return [...groups.values()]
}

function bestOf(all: readonly Candidate[]): Candidate | undefined {
  return all.reduce<Candidate | undefined>(
    (best, next) => (best === undefined || next.fitness > best.fitness ? next : best),
    undefined,
  )
}

/** The image that an entry is, or that fits best of the index that it is; nothing for what is no image for this machine. */
function candidates(archive: Archive, at: Descriptor, depth: number, others: Platform[]): Candidate[] {
  if (depth > maxIndexDepth) throw new ImageError('invalid', 'its indexes are nested too deep')
  if (!manifestTypes.has(at.mediaType) || !fits(at.platform, others)) return []
  const where = `manifest ${at.digest}`
  const bytes = readBlob(archive, at.digest, `the ${where}`)
  const manifest = record(parseJson(bytes, `the ${where}`), 'manifest')
  if (Array.isArray(manifest['manifests'])) {
    const entries = descriptors(manifest['manifests'], `${where}.manifests`)
    const best = bestOf(entries.flatMap(entry => candidates(archive, entry, depth + 1, others)))
    return best ? [best] : []
  }
  const configAt = descriptor(manifest['config'], `${where}.config`)
  if (!configTypes.has(configAt.mediaType)) return []
  const configBytes = readBlob(archive, configAt.digest, 'the image configuration')
  const own = platformOf(record(parseJson(configBytes, 'the image configuration'), 'the image configuration'))
  if (!fits(own, others)) return []
  const config = parseImageConfig(configBytes)
  const layers = list(manifest['layers'], `${where}.layers`)
  const image = {
    id: digestOf(configBytes),
    configBytes,
    config,
    manifest: { digest: at.digest, bytes },
    layers: matchLayers(config, layers.length, layer => {
      const { digest } = descriptor(layers[layer], `${where}.layers[${layer}]`)
      const part = archive.find(blobName(digest))
      if (!part) throw new ImageError('invalid', `layer ${layer + 1} (${digest}) is missing from the archive`)
      return { part, blobDigest: digest }
    }),
  }
  // Either of them may leave the variant out.
  return [{ image, fitness: Math.max(...[own, at.platform ?? own].map(platform => fitness(platform) ?? 0)) }]
}

/** Remembers platforms that do not fit, for the message when none does. Attestations are for an unknown one. */
function fits(platform: Platform | undefined, others: Platform[]): boolean {
  if (!platform || fitness(platform) !== undefined) return true
  if (platform.os !== 'unknown') others.push(platform)
  return false
}

function descriptors(value: unknown, where: string): Descriptor[] {
  return list(value, where).map((item, index) => descriptor(item, `${where}[${index}]`))
}

function descriptor(value: unknown, where: string): Descriptor {
  const fields = record(value, where)
  const digest = fields['digest']
  if (!isDigest(digest)) {
    throw new ImageError('invalid', `${where}.digest ${JSON.stringify(digest)} is no sha256 or sha512 digest`)
  }
  const platform = fields['platform']
  return {
    digest,
    mediaType: text(fields['mediaType'], `${where}.mediaType`),
    platform:
      platform === undefined || platform === null ? undefined : platformOf(record(platform, `${where}.platform`)),
    annotations: optionalRecord(fields['annotations'], `${where}.annotations`),
  }
}

/** containerd's annotation has the whole name; OCI's own may, or be a bare tag that names nothing alone. */
function ociReferences({ annotations }: Descriptor): string[] {
  const whole = annotations['io.containerd.image.name']
  const own = annotations['org.opencontainers.image.ref.name']
  const name = typeof whole === 'string' ? whole : typeof own === 'string' && /[/:]/.test(own) ? own : undefined
  return name === undefined ? [] : [tagReference(parseReference(name))]
}
