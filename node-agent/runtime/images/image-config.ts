// An image's configuration: what a container inherits from its image.
// https://github.com/opencontainers/image-spec/blob/main/config.md
import { type Digest, isDigest } from './digest.ts'
import { ImageError } from './errors.ts'
import { type Platform, thisMachine } from './platform.ts'

export interface ImageConfig extends Platform {
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
    ...platformOf(root),
    diffIds: diffIds.map(id => {
      if (!isDigest(id)) throw invalid('rootfs.diff_ids', `${JSON.stringify(id)} is no digest`)
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

/** A root file system without a configuration gets this one: the same archive always makes the same image. */
export function configForRootFs(diffId: Digest): Buffer {
  return Buffer.from(
    JSON.stringify({
      created: '1970-01-01T00:00:00Z',
      architecture: thisMachine().architecture,
      os: 'linux',
      config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
      rootfs: { type: 'layers', diff_ids: [diffId] },
    }),
  )
}

/** Of a configuration, or of an index's entry. @throws ImageError naming the field */
export function platformOf(fields: Readonly<Record<string, unknown>>): Platform {
  const variant = text(fields['variant'], 'variant')
  return {
    os: text(fields['os'], 'os'),
    architecture: text(fields['architecture'], 'architecture'),
    ...(variant !== '' && { variant }),
  }
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
