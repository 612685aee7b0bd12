// kubectl's way from client-side to server-side apply: the annotation in which it keeps what it applied itself.
import { compare } from '../../../api/merge/compare.ts'
import type { Conflict } from '../../../api/merge/managers.ts'
import { ownedFields } from '../../../api/merge/owned-fields.ts'
import { formatPath, PathElementError } from '../../../api/merge/path-element.ts'
import { fieldsOf } from '../../../api/merge/walk.ts'
import type { Json, JsonObject } from '../../../api/schema/message.ts'
import type { FieldWrite } from './write.ts'

const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
/** Only this manager hands over what client-side apply owned, and keeps the annotation. */
const kubectl = 'kubectl'

/** Conflicts with others than kubectl's own earlier, client-side apply of the same values. */
export function conflictsBeyond(
  live: JsonObject,
  conflicts: readonly Conflict[],
  { manager, apiVersion, versions }: FieldWrite,
): readonly Conflict[] {
  const schema = versions.schema(apiVersion)
  const lastApplied = manager === kubectl ? lastAppliedOf(live) : undefined
  if (schema === undefined || lastApplied === undefined) return conflicts
  try {
    const { added, modified, removed } = compare(lastApplied, live, schema)
    const changed = added.union(modified).union(removed)
    const own = ownedFields(lastApplied, schema).difference(changed)
    const fields = new Set([...own.paths()].map(formatPath))
    return conflicts.filter(({ field }) => !fields.has(field))
  } catch (error) {
    if (error instanceof PathElementError) return conflicts
    throw error
  }
}

function lastAppliedOf(object: JsonObject): JsonObject | undefined {
  const text = fieldsOf(fieldsOf(object['metadata'])['annotations'])[annotation]
  if (typeof text !== 'string') return undefined
  try {
    const value = JSON.parse(text) as Json
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Keys in alphabetical order, as Go writes a map. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]))
}

/** With the annotation brought up to date where kubectl applies an object that has it. */
export function withLastApplied(object: JsonObject, config: JsonObject, manager: string): JsonObject {
  const metadata = fieldsOf(object['metadata'])
  const annotations = fieldsOf(metadata['annotations'])
  if (manager !== kubectl || !Object.hasOwn(annotations, annotation)) return object
  const { annotations: configured, ...rest } = fieldsOf(config['metadata'])
  const { [annotation]: _, ...others } = fieldsOf(configured)
  const kept = Object.keys(others).length === 0 ? {} : { annotations: others }
  const text = JSON.stringify(sorted({ ...config, metadata: { ...rest, ...kept } }))
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [annotation]: `${text}\n` } } }
}
