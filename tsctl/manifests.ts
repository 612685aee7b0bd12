// Where objects come from: files, directories, standard input; YAML or JSON, several documents each, lists unfolded.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { KubernetesObject } from '../api/kinds/kind.ts'
import { parseYaml } from '../lib/yaml.ts'
import { UsageError } from './errors.ts'

export interface Manifest {
  /** For messages: the file and, where it holds several, the document's number. */
  readonly source: string
  readonly object: ManifestObject
}

/** What was read, with the fields that say what it is; the server checks all others. */
export interface ManifestObject extends KubernetesObject {
  readonly [field: string]: unknown
}

const endings = ['.yaml', '.yml', '.json']

/**
 * @param files the arguments of -f: paths, or "-" for standard input
 * @throws UsageError, YamlError naming the file
 */
export function readManifests(files: readonly string[], options: { recursive: boolean }): Manifest[] {
  if (files.length === 0)
    throw new UsageError('must specify -f FILENAME (a file, a directory, or - for standard input)')
  return files.flatMap(file =>
    file === '-' ? parse(readFileSync(0, 'utf8'), 'standard input') : readPath(file, options),
  )
}

function readPath(file: string, options: { recursive: boolean }): Manifest[] {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) throw new UsageError(`the path "${file}" does not exist`)
  if (!stat.isDirectory()) return parse(readFileSync(file, 'utf8'), file)
  const found = filesOf(file, options.recursive)
  if (found.length === 0) throw new UsageError(`no ${endings.join(', ')} file in directory "${file}"`)
  return found.flatMap(name => parse(readFileSync(name, 'utf8'), name))
}

function filesOf(folder: string, recursive: boolean): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory()) return recursive ? filesOf(file, true) : []
      return endings.includes(path.extname(entry.name)) ? [file] : []
    })
}

function parse(text: string, source: string): Manifest[] {
  const documents = parseYaml(text, source)
  return documents.flatMap((document, index) =>
    unfold(document, documents.length === 1 ? source : `${source}, document ${index + 1}`),
  )
}

/** A List (v1 List, PodList…) is what it holds. */
function unfold(document: unknown, source: string): Manifest[] {
  if (!isRecord(document)) {
    throw new UsageError(`${source}: expected an object with apiVersion and kind, found ${describe(document)}`)
  }
  const { items } = document
  if (Array.isArray(items) && typeof document['kind'] === 'string' && document['kind'].endsWith('List')) {
    return items.flatMap((item, index) => unfold(item, `${source}, items[${index}]`))
  }
  return [{ source, object: identified(document, source) }]
}

function identified(document: Record<string, unknown>, source: string): ManifestObject {
  const { apiVersion, kind, metadata = {} } = document
  if (typeof apiVersion !== 'string' || apiVersion === '') throw new UsageError(`${source}: apiVersion not set`)
  if (typeof kind !== 'string' || kind === '') throw new UsageError(`${source}: kind not set`)
  if (!isRecord(metadata)) throw new UsageError(`${source}: metadata: expected an object, found ${describe(metadata)}`)
  for (const field of ['name', 'namespace', 'generateName'] as const) {
    const value = metadata[field]
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw new UsageError(`${source}: metadata.${field}: expected a string, found ${describe(value)}; quote it`)
    }
  }
  return { ...document, apiVersion, kind, metadata }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return `${typeof value} ${JSON.stringify(value)}`
}
