// What a volume made of keys holds: files by their path inside the volume.
import type { KeyToPath } from '../../api/kinds/core-v1/volume-files.ts'
import { VolumeError } from './volume-error.ts'

export interface PayloadFile {
  readonly data: Buffer
  /** Permission bits. */
  readonly mode: number
}

/** By path relative to the volume. */
export type Payload = ReadonlyMap<string, PayloadFile>

/** Kubernetes' default of defaultMode. */
export const defaultFileMode = 0o644

export interface KeySelection {
  readonly items?: readonly KeyToPath[]
  readonly defaultMode?: number
  readonly optional?: boolean
}

/** What keys belong to, in words: of an object that is missing, and of one that lacks a key. */
export interface KeySource {
  readonly notFound: string
  readonly lacks: (key: string) => string
}

/**
 * Files from the keys of a ConfigMap or Secret: all of them under their own names, or those that `items` lists.
 * @param data undefined: the object does not exist
 * @throws VolumeError when the object or a listed key is missing and not optional
 */
export function keysPayload(
  source: KeySource,
  data: ReadonlyMap<string, Buffer> | undefined,
  { items, defaultMode = defaultFileMode, optional = false }: KeySelection,
): Payload {
  if (data === undefined && !optional) throw new VolumeError(source.notFound)
  if (items === undefined || items.length === 0) {
    return new Map([...(data ?? [])].map(([key, bytes]) => [key, { data: bytes, mode: defaultMode }]))
  }
  const payload = new Map<string, PayloadFile>()
  for (const { key, path, mode } of items) {
    const bytes = data?.get(key)
    if (bytes !== undefined) payload.set(path, { data: bytes, mode: mode ?? defaultMode })
    else if (!optional) throw new VolumeError(source.lacks(key))
  }
  return payload
}

/** Linux' limits of a path and of a name in it. */
const longestPath = 4096
const longestName = 255

/**
 * A path as the volume has it: without empty and "." elements.
 * @throws VolumeError when it leaves the volume or takes a name the volume needs for itself
 */
export function cleanPath(path: string): string {
  const problem = pathProblem(path)
  if (problem !== undefined) throw new VolumeError(`invalid path: ${problem}`)
  return path
    .split('/')
    .filter(name => name !== '' && name !== '.')
    .join('/')
}

/** In Kubernetes' words (pkg/volume/util/atomic_writer.go). */
function pathProblem(path: string): string | undefined {
  if (path === '') return 'must not be empty: ""'
  if (path.startsWith('/')) return `must be relative path: ${path}`
  if (Buffer.byteLength(path) > longestPath) return `must be less than or equal to ${longestPath} characters`
  for (const name of path.split('/')) {
    if (name === '..') return `must not contain '..': ${path}`
    if (Buffer.byteLength(name) > longestName) {
      return `filenames must be less than or equal to ${longestName} characters`
    }
  }
  return path.startsWith('..') ? `must not start with '..': ${path}` : undefined
}
