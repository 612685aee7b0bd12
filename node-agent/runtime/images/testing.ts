// Archives made in code, for tests of this folder and of the whole runtime.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'

export interface TestEntry extends Partial<Header> {
  readonly name: string
  readonly content?: Uint8Array | string
}

/** A tar archive of these entries, in this order; tar-stream writes it, so our reader meets another's idea of tar. */
export async function makeTar(entries: readonly TestEntry[]): Promise<Buffer> {
  const archive = pack()
  for (const { content, ...header } of entries) {
    if (content === undefined) archive.entry(header)
    else archive.entry({ type: 'file', ...header }, Buffer.from(content))
  }
  archive.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of archive as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export interface TestImage {
  readonly layers: readonly Buffer[]
  readonly tags?: readonly string[]
  /** The `config` member of the image configuration. */
  readonly config?: object
  readonly architecture?: string
  /** Overrides what would be right. */
  readonly diffIds?: readonly string[]
}

const here = process.arch === 'x64' ? 'amd64' : process.arch

function configOf(image: TestImage): Buffer {
  return Buffer.from(
    JSON.stringify({
      architecture: image.architecture ?? here,
      os: 'linux',
      config: image.config ?? {},
      rootfs: { type: 'layers', diff_ids: image.diffIds ?? image.layers.map(layer => `sha256:${sha256(layer)}`) },
    }),
  )
}

/** As `docker save` wrote them before Docker 25. */
export function dockerArchive(images: readonly TestImage[]): Promise<Buffer> {
  const entries = new Map<string, TestEntry>()
  const manifest = images.map(image => {
    const config = configOf(image)
    const configName = `${sha256(config)}.json`
    entries.set(configName, { name: configName, content: config })
    const layers = image.layers.map(layer => {
      const name = `${sha256(layer)}/layer.tar`
      entries.set(name, { name, content: layer })
      return name
    })
    return { Config: configName, RepoTags: image.tags ?? null, Layers: layers }
  })
  return makeTar([...entries.values(), { name: 'manifest.json', content: JSON.stringify(manifest) }])
}

/** An OCI image layout with gzipped layers. `damage` may change a blob's content, not its name. */
export function ociArchive(
  image: TestImage,
  damage: (digest: string, content: Buffer) => Buffer = (_, content) => content,
): Promise<Buffer> {
  const blobs = new Map<string, Buffer>()
  const put = (content: Buffer, mediaType: string): object => {
    blobs.set(sha256(content), content)
    return { mediaType, digest: `sha256:${sha256(content)}`, size: content.length }
  }
  const config = put(configOf(image), 'application/vnd.oci.image.config.v1+json')
  const layers = image.layers.map(layer => put(gzipSync(layer), 'application/vnd.oci.image.layer.v1.tar+gzip'))
  const manifest = put(
    Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers })),
    'application/vnd.oci.image.manifest.v1+json',
  )
  const index = {
    schemaVersion: 2,
    manifests: [{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': image.tags?.[0] } }],
  }
  return makeTar([
    { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', content: JSON.stringify(index) },
    ...[...blobs].map(([digest, content]) => ({ name: `blobs/sha256/${digest}`, content: damage(digest, content) })),
  ])
}
