// What a volume made of keys holds: files by their path inside the volume.
import type { KeyToPath } from '../../api/kinds/core-v1.ts'

export interface PayloadFile {
  readonly data: Buffer
  /** Permission bits. */
  readonly mode: number
}

/** By path relative to the volume, never absolute and never with `..`. */
export type Payload = ReadonlyMap<string, PayloadFile>

/** A volume can't be made as its pod asks; the message says what is missing. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError'
}

/** Kubernetes' default of defaultMode. */
export const defaultFileMode = 0o644

export interface KeySelection {
  readonly items?: readonly KeyToPath[]
  readonly defaultMode?: number
  readonly optional?: boolean
}

/**
 * Files from the keys of a ConfigMap or Secret: all of them under their own names, or those that `items` lists.
 * @param object what the keys belong to, for messages: `configmap "settings"`
 * @param data undefined: the object does not exist
 * @throws VolumeError when the object or a listed key is missing and not optional, or a path leaves the volume
 */
export function keysPayload(
  object: string,
  data: ReadonlyMap<string, Buffer> | undefined,
  { items, defaultMode = defaultFileMode, optional = false }: KeySelection,
): Payload {
  if (data === undefined) {
    if (optional) return new Map()
    throw new VolumeError(`${object} not found`)
  }
  if (items === undefined || items.length === 0) {
    return new Map([...data].map(([key, bytes]) => [key, { data: bytes, mode: defaultMode }]))
  }
  const payload = new Map<string, PayloadFile>()
  for (const { key, path, mode } of items) {
    const bytes = data.get(key)
    if (bytes !== undefined) payload.set(checkedPath(path), { data: bytes, mode: mode ?? defaultMode })
    else if (!optional) throw new VolumeError(`${object}: references non-existent key: ${key}`)
  }
  return payload
}

/** @throws VolumeError unless the path stays inside the volume, and outside what the volume needs for itself */
export function checkedPath(path: string): string {
  const parts = path.split('/')
  if (path === '' || path.startsWith('/') || parts.includes('..') || parts.some(part => part === '' || part === '.')) {
    throw new VolumeError(`path ${JSON.stringify(path)} must be relative, without empty, "." or ".." elements`)
  }
  if (path.startsWith('..')) throw new VolumeError(`path ${JSON.stringify(path)} must not start with ".."`)
  return path
}
