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

/** A pax header of these records, for what tar-stream cannot write. */
export function paxHeader(records: Readonly<Record<string, Uint8Array | string>>, type = 'x'): Buffer {
  const lines = Object.entries(records).map(([key, value]) => paxRecord(key, Buffer.from(value)))
  return rawEntry(type, 'pax', Buffer.concat(lines))
}

/** "LENGTH KEY=VALUE\n", where the length counts itself. */
export function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

/** An entry byte by byte. Fields of the header, by their offset, replace what would be right. */
export function rawEntry(
  type: string,
  name: string,
  content: Buffer,
  fields: Readonly<Record<number, string | Buffer>> = {},
): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0, 'latin1')
  header.write('0000755\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write(type, 156)
  header.write('ustar\0', 257)
  header.write('00', 263)
  for (const [offset, value] of Object.entries(fields)) Buffer.from(value).copy(header, Number(offset))
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

/** A frame of zstd (RFC 8878) that stores its content as it is. */
export function zstdFrame(content: Buffer): Buffer {
  const most = 128 * 1024
  const blocks = []
  for (let start = 0; start === 0 || start < content.length; start += most) {
    const block = content.subarray(start, start + most)
    const last = start + most >= content.length ? 1 : 0
    const header = Buffer.alloc(3)
    header.writeUIntLE(last | (block.length << 3), 0, 3)
    blocks.push(header, block)
  }
  // No content size, and a window of 128 KiB.
  return Buffer.concat([Buffer.from('28b52ffd0038', 'hex'), ...blocks])
}

/** A frame that decoders skip: where indexes of seekable archives are kept. */
export function zstdSkippable(content: Buffer): Buffer {
  const header = Buffer.from('502a4d1800000000', 'hex')
  header.writeUInt32LE(content.length, 4)
  return Buffer.concat([header, content])
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

/** An OCI image layout. `damage` may change a blob's content, not its name. */
export function ociArchive(
  image: TestImage,
  damage: (digest: string, content: Buffer) => Buffer = (_, content) => content,
  compress: (layer: Buffer) => Buffer = layer => gzipSync(layer),
): Promise<Buffer> {
  const blobs = new Map<string, Buffer>()
  const put = (content: Buffer, mediaType: string): object => {
    blobs.set(sha256(content), content)
    return { mediaType, digest: `sha256:${sha256(content)}`, size: content.length }
  }
  const config = put(configOf(image), 'application/vnd.oci.image.config.v1+json')
  const layers = image.layers.map(layer => put(compress(layer), 'application/vnd.oci.image.layer.v1.tar+gzip'))
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
