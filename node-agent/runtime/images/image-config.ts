// An image's configuration: what a container inherits from its image.
// https://github.com/opencontainers/image-spec/blob/main/config.md
import { type Digest, isDigest } from './digest.ts'
import { ImageError } from './errors.ts'

export interface ImageConfig {
  readonly architecture: string
  readonly os: string
  /** Digests of the layers' uncompressed archives, lowest first. */
  readonly diffIds: readonly Digest[]
  readonly user: string
  /** NAME=value. */
  readonly env: readonly string[]
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly workingDirectory: string
  /** As written (`SIGQUIT`, `3`), or empty. */
  readonly stopSignal: string
  readonly labels: Readonly<Record<string, string>>
  readonly volumes: readonly string[]
}

/** @throws ImageError naming the field */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const root = record(parseJson(bytes, 'the image configuration'), 'the image configuration')
  const config = optionalRecord(root['config'], 'config')
  const rootfs = record(root['rootfs'], 'rootfs')
  const diffIds = strings(rootfs['diff_ids'], 'rootfs.diff_ids')
  return {
    architecture: text(root['architecture'], 'architecture'),
    os: text(root['os'], 'os'),
    diffIds: diffIds.map(id => {
      if (!isDigest(id)) throw invalid('rootfs.diff_ids', `${JSON.stringify(id)} is no sha256 digest`)
      return id
    }),
    user: text(config['User'], 'config.User'),
    env: strings(config['Env'], 'config.Env'),
    entrypoint: strings(config['Entrypoint'], 'config.Entrypoint'),
    command: strings(config['Cmd'], 'config.Cmd'),
    workingDirectory: text(config['WorkingDir'], 'config.WorkingDir'),
    stopSignal: text(config['StopSignal'], 'config.StopSignal'),
    labels: Object.fromEntries(
      Object.entries(optionalRecord(config['Labels'], 'config.Labels')).map(([key, value]) => [
        key,
        text(value, `config.Labels.${key}`),
      ]),
    ),
    volumes: Object.keys(optionalRecord(config['Volumes'], 'config.Volumes')),
  }
}

const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', ia32: '386' }

/** This machine's architecture in Go's words, as images say it. */
export function machineArchitecture(): string {
  return architectures[process.arch] ?? process.arch
}

/** @throws ImageError when the image's programs cannot run here */
export function checkPlatform(config: Pick<ImageConfig, 'os' | 'architecture'>): void {
  const here = machineArchitecture()
  if ((config.os === '' || config.os === 'linux') && (config.architecture === '' || config.architecture === here))
    return
  const image = `${config.os}/${config.architecture}`
  throw new ImageError(
    'invalid',
    `the image is for ${image} and this machine is linux/${here}: export it for linux/${here}`,
  )
}

/** A root file system without a configuration gets this one: the same archive always makes the same image. */
export function configForRootFs(diffId: Digest): Buffer {
  return Buffer.from(
    JSON.stringify({
      created: '1970-01-01T00:00:00Z',
      architecture: machineArchitecture(),
      os: 'linux',
      config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
      rootfs: { type: 'layers', diff_ids: [diffId] },
    }),
  )
}

function invalid(field: string, why: string): ImageError {
  return new ImageError('invalid', `${field}: ${why}`)
}

export function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    throw new ImageError('invalid', `${what} is not JSON`, { cause: error })
  }
}

export function record(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(field, 'must be an object')
  return value as Record<string, unknown>
}

export function optionalRecord(value: unknown, field: string): Record<string, unknown> {
  return value === undefined || value === null ? {} : record(value, field)
}

export function text(value: unknown, field: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw invalid(field, 'must be a string')
  return value
}

export function strings(value: unknown, field: string): string[] {
  return list(value, field).map((item, index) => text(item, `${field}[${index}]`))
}

export function list(value: unknown, field: string): unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalid(field, 'must be a list')
  return value
}
