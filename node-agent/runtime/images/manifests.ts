// Which images an archive holds, by its own manifests: `docker save`'s manifest.json and OCI's image layout.
import type { Archive } from './archive.ts'
import { type ArchivedImage, matchLayers, readPart } from './archived-image.ts'
import { digestOf, isDigest, isSha256, verifyDigest } from './digest.ts'
import { ImageError } from './errors.ts'
import { list, parseImageConfig, parseJson, record, strings, text } from './image-config.ts'
import { ociImages } from './oci-layout.ts'
import { fitness } from './platform.ts'
import { parseReference, tagReference } from './reference.ts'

/** The images of a docker-archive or oci-archive; undefined when it is neither. @throws ImageError */
export function archivedImages(archive: Archive): ArchivedImage[] | undefined {
  const oci = archive.find('index.json') && archive.find('oci-layout') ? ociImages(archive) : undefined
  const docker = archive.find('manifest.json') ? dockerImages(archive) : undefined
  if (!oci || !docker) return oci ?? docker
  // Docker 25 and newer write both descriptions of the same images; the older one has the names as Docker says them.
  const byId = new Map(oci.map(image => [image.id, image]))
  for (const image of docker) {
    const twin = byId.get(image.id)
    if (!twin && fitness(image.config) === undefined) continue
    const references = [...new Set([...image.references, ...(twin?.references ?? [])])]
    byId.set(image.id, { ...(twin ?? image), references })
  }
  return [...byId.values()]
}

function dockerImages(archive: Archive): ArchivedImage[] {
  const manifests = list(
    parseJson(readPart(archive, 'manifest.json', 'the manifest'), 'manifest.json'),
    'manifest.json',
  )
  if (manifests.length === 0) throw new ImageError('invalid', 'manifest.json lists no image')
  return manifests.map((item, index) => {
    const where = `manifest.json[${index}]`
    const manifest = record(item, where)
    const configName = text(manifest['Config'], `${where}.Config`)
    const configBytes = readPart(archive, configName, 'the image configuration')
    const named = `sha256:${/(?:^|\/)([a-f0-9]{64})(?:\.json)?$/.exec(configName)?.[1] ?? ''}`
    if (isSha256(named)) verifyDigest(`the image configuration ${configName}`, configBytes, named)
    const config = parseImageConfig(configBytes)
    const names = strings(manifest['Layers'], `${where}.Layers`)
    return {
      id: digestOf(configBytes),
      configBytes,
      config,
      layers: matchLayers(config, names.length, layer => {
        const name = names[layer] ?? ''
        const part = archive.find(name)
        if (!part) throw new ImageError('invalid', `layer ${layer + 1} (${name}) is missing from the archive`)
        const blobDigest = /(?:^|\/)blobs\/(sha[0-9]+\/[a-f0-9]+)$/.exec(name)?.[1]?.replace('/', ':')
        return { part, ...(isDigest(blobDigest) && { blobDigest }) }
      }),
      references: strings(manifest['RepoTags'], `${where}.RepoTags`).map(tag => tagReference(parseReference(tag))),
    }
  })
}
