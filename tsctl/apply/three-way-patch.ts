// What `apply` sends: a strategic merge patch that turns what the server has into what the manifest says,
// leaving alone what neither this manifest nor the one applied before it ever named.
import type { Field, Message, ValueType } from '../../api/schema/message.ts'

type Json = unknown
type JsonObject = Readonly<Record<string, Json>>

/**
 * @param original what was applied last, undefined when nothing was
 * @param modified what is applied now
 * @param current what the server has
 * @param schema the kind's message: which lists merge, and by which key; undefined: none does
 * @returns undefined when the server already has all of it
 */
export function threeWayPatch(
  original: JsonObject | undefined,
  modified: JsonObject,
  current: JsonObject,
  schema: Message | undefined,
): JsonObject | undefined {
  const patch = patchObject(original ?? {}, modified, current, schema)
  return Object.keys(patch).length === 0 ? undefined : patch
}

function patchObject(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
  schema: Message | undefined,
): JsonObject {
  const patch: Record<string, Json> = {}
  for (const [name, value] of Object.entries(modified)) {
    const field = schema?.byName.get(name)
    const change = patchValue(original[name], value, current[name], field)
    if (change !== undefined) patch[name] = change
    const gone = removedFromSet(original[name], value, current[name], field)
    if (gone.length > 0) patch[`$deleteFromPrimitiveList/${name}`] = gone
  }
  for (const name of Object.keys(original)) {
    if (modified[name] === undefined && current[name] !== undefined) patch[name] = null
  }
  return patch
}

/** @returns what to put into the patch, undefined when there is nothing to change */
function patchValue(original: Json, modified: Json, current: Json, field: Field | undefined): Json {
  if (isObject(modified) && isObject(current)) {
    const patch = patchObject(isObject(original) ? original : {}, modified, current, messageOf(field?.type))
    return Object.keys(patch).length === 0 ? undefined : patch
  }
  if (Array.isArray(modified) && Array.isArray(current)) {
    if (!merges(field)) return same(modified, current) ? undefined : modified
    const key = field?.rules.mergeKey
    if (key !== undefined) {
      const lists: Keyed = { original: listOf(original), modified, current }
      return isAmbiguous(lists, key) ? replaceKeyed(lists, field, key) : patchKeyed(lists, key, field)
    }
    const added = modified.filter(item => !current.includes(item))
    return added.length === 0 ? undefined : added
  }
  return same(modified, current) ? undefined : modified
}

/** Elements of a merged list of scalars that were ours, are no longer, and are still there. */
function removedFromSet(original: Json, modified: Json, current: Json, field: Field | undefined): readonly Json[] {
  if (!merges(field) || field?.rules.mergeKey !== undefined) return []
  const [kept, present] = [listOf(modified), listOf(current)]
  return listOf(original).filter(item => !kept.includes(item) && present.includes(item))
}

function merges(field: Field | undefined): boolean {
  return field?.type.is === 'list' && (field.rules.patch?.includes('merge') ?? false)
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : []
}

/** The three versions of a merged list of objects. */
interface Keyed {
  readonly original: readonly Json[]
  readonly modified: readonly Json[]
  readonly current: readonly Json[]
}

/**
 * Whether a merge key names several elements of one list, as `port` does where a Service has one number in two protocols:
 * a strategic merge patch would change the first of them (kubernetes/kubernetes#39188).
 */
function isAmbiguous({ original, modified, current }: Keyed, key: string): boolean {
  return [original, modified, current].some(list => {
    const values = list.filter(isObject).map(item => item[key])
    return new Set(values).size < values.length
  })
}

/** The whole list, its elements told apart by all keys of the list, merged here instead of at the server. */
function replaceKeyed({ original, modified, current }: Keyed, field: Field | undefined, mergeKey: string): Json {
  const element = elementOf(field)
  const keys = field?.rules.keys ?? [mergeKey]
  const identify = (item: JsonObject): string =>
    JSON.stringify(keys.map(name => item[name] ?? element?.byName.get(name)?.rules.default ?? null))
  const byIdentity = (list: readonly Json[]) => new Map(list.filter(isObject).map(item => [identify(item), item]))
  const [before, wanted, present] = [byIdentity(original), byIdentity(modified), byIdentity(current)]
  const merged = [...wanted].map(([identity, item]) => mergedOver(present.get(identity), item, before.get(identity)))
  const others = [...present].filter(([identity]) => !wanted.has(identity) && !before.has(identity))
  const list = [...merged, ...others.map(([, item]) => item)]
  return same(list, current) ? undefined : [...list, { $patch: 'replace' }]
}

/** What the server has, with what is wanted, without what is wanted no longer. */
function mergedOver(present: JsonObject = {}, wanted: JsonObject, before: JsonObject = {}): JsonObject {
  const kept = Object.entries(present).filter(([name]) => !(name in before))
  const merged: Record<string, Json> = Object.fromEntries(kept)
  for (const [name, value] of Object.entries(wanted)) {
    const [now, was] = [present[name], before[name]]
    merged[name] = isObject(value) && isObject(now) ? mergedOver(now, value, isObject(was) ? was : {}) : value
  }
  return merged
}

const elementOf = (field: Field | undefined): Message | undefined =>
  field?.type.is === 'list' ? messageOf(field.type.element) : undefined

/** A merged list of objects: changed and new elements by their key, and a deletion for each that was ours. */
function patchKeyed({ original, modified, current }: Keyed, key: string, field: Field | undefined): Json {
  const element = elementOf(field)
  const find = (list: readonly Json[], value: Json): JsonObject | undefined =>
    list.filter(isObject).find(item => item[key] === value)
  const patch: Json[] = []
  for (const item of modified.filter(isObject)) {
    const existing = find(current, item[key])
    if (existing === undefined) {
      patch.push(item)
      continue
    }
    const change = patchObject(find(original, item[key]) ?? {}, item, existing, element)
    if (Object.keys(change).length > 0) patch.push({ ...change, [key]: item[key] })
  }
  for (const item of original.filter(isObject)) {
    if (find(modified, item[key]) === undefined && find(current, item[key]) !== undefined) {
      patch.push({ $patch: 'delete', [key]: item[key] })
    }
  }
  return patch.length === 0 ? undefined : patch
}

function messageOf(type: ValueType | undefined): Message | undefined {
  return type?.is === 'message' ? type.message() : undefined
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Equal as JSON, whatever the order of keys. */
function same(a: Json, b: Json): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => same(item, b[index]))
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a)
    return keys.length === Object.keys(b).length && keys.every(key => key in b && same(a[key], b[key]))
  }
  return a === b
}
