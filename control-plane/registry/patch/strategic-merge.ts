// Strategic merge patch: a merge patch that knows, from the schema, which lists merge and by which key, and that
// takes directives ($patch, $retainKeys, $setElementOrder/…, $deleteFromPrimitiveList/…). Pure.
// Rules: Kubernetes' API conventions and "Update API Objects in Place Using kubectl patch".
import type { Message } from '../../../api/schema/message.ts'
import { type MergeRule, mergeRule } from '../../../api/schema/strategic-merge.ts'
import { orderElements } from './element-order.ts'
import {
  isArray,
  isObject,
  type Json,
  type JsonDraft,
  type JsonObject,
  ownField,
  PatchError,
  removeField,
  setField,
} from './json.ts'

const directive = '$patch'
const retainKeys = '$retainKeys'
const elementOrder = '$setElementOrder/'
const deleteFromList = '$deleteFromPrimitiveList/'

/**
 * @param message what both are of
 * @throws PatchError when a directive makes no sense or an element lacks its merge key
 */
export function applyStrategicMerge(original: JsonObject, patch: JsonObject, message: Message): JsonObject {
  return mergeObject(original, patch, plain('message', message), '')
}

/** What is declared of a value; undefined where nothing is, as in free JSON: there objects merge and lists replace. */
type Rule = MergeRule | undefined

const plain = (is: MergeRule['is'], message: Message | undefined): Rule =>
  message && { is, message, strategy: undefined, mergeKey: undefined }

/** The rule of a field of an object, or of a value in a map. */
function ruleOf(rule: Rule, name: string): Rule {
  if (rule?.message === undefined) return undefined
  if (rule.is === 'map') return plain('message', rule.message)
  return mergeRule(rule.message, name)
}

function mergeObject(original: JsonObject, patch: JsonObject, rule: Rule, path: string): JsonObject {
  const what = patch[directive]
  if (what === 'delete') return {}
  if (what === 'replace') return withoutDirectives(patch)
  if (what !== undefined && what !== 'merge') {
    throw malformed(path, `$patch must be "delete", "replace" or "merge", not ${JSON.stringify(what)}`)
  }
  const merged = retain(original, patch, path)
  for (const key of fieldsOf(patch)) {
    const value = ownField(patch, key)
    const at = path === '' ? key : `${path}.${key}`
    const field = ruleOf(rule, key)
    const order = ownField(patch, elementOrder + key)
    const deletions = ownField(patch, deleteFromList + key)
    const current = ownField(merged, key)
    if (value === null) removeField(merged, key)
    else if (isArray(value) || order !== undefined || deletions !== undefined) {
      setField(merged, key, mergeList(isArray(current) ? current : [], { value, order, deletions }, field, at))
    } else if (isObject(value)) {
      setField(merged, key, mergeObject(isObject(current) ? current : {}, value, field, at))
    } else if (value !== undefined) setField(merged, key, value)
  }
  return merged
}

/** The names of the fields a patch speaks of, directly or by a directive. */
function fieldsOf(patch: JsonObject): Set<string> {
  const names = new Set<string>()
  for (const key of Object.keys(patch)) {
    if (key === directive || key === retainKeys) continue
    if (key.startsWith(elementOrder)) names.add(key.slice(elementOrder.length))
    else if (key.startsWith(deleteFromList)) names.add(key.slice(deleteFromList.length))
    else names.add(key)
  }
  return names
}

/** A draft of the original with only the fields `$retainKeys` names, if it is there. */
function retain(original: JsonObject, patch: JsonObject, path: string): JsonDraft {
  const keep = patch[retainKeys]
  if (keep === undefined) return { ...original }
  if (!isArray(keep) || !keep.every(key => typeof key === 'string')) {
    throw malformed(path, '$retainKeys must be a list of field names')
  }
  const kept = new Set<string>(keep)
  for (const key of fieldsOf(patch)) {
    if (patch[key] !== null && !kept.has(key)) throw malformed(path, `$retainKeys lacks "${key}", which the patch sets`)
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.has(key)))
}

interface ListPatch {
  readonly value: Json | undefined
  readonly order: Json | undefined
  readonly deletions: Json | undefined
}

function mergeList(original: readonly Json[], patch: ListPatch, rule: Rule, path: string): Json {
  const { value = [], order, deletions } = patch
  if (!isArray(value)) throw malformed(path, 'must be a list')
  if (rule?.is !== 'list' || rule.strategy?.includes('merge') !== true) {
    return patch.value === undefined ? original : value.map(withoutDirectivesIn)
  }
  const { mergeKey, message } = rule
  if (mergeKey === undefined) return mergeScalars(original, value, order, deletions, path)
  const merged = mergeElements(original, value, mergeKey, plain('message', message), path)
  if (order === undefined) return merged
  const identify = (element: Json): string => keyOf(element, mergeKey, path)
  return orderElements(merged, listOf(order, path), original, identify)
}

function mergeScalars(
  original: readonly Json[],
  value: readonly Json[],
  order: Json | undefined,
  deletions: Json | undefined,
  path: string,
): Json {
  const identify = (element: Json): string => JSON.stringify(element)
  const deleted = new Set(deletions === undefined ? [] : listOf(deletions, path).map(identify))
  const merged = new Map<string, Json>()
  for (const element of [...original.filter(element => !deleted.has(identify(element))), ...value]) {
    merged.set(identify(element), element)
  }
  const elements = [...merged.values()]
  return order === undefined ? elements : orderElements(elements, listOf(order, path), original, identify)
}

function mergeElements(
  original: readonly Json[],
  patch: readonly Json[],
  mergeKey: string,
  rule: Rule,
  path: string,
): readonly Json[] {
  const changes: JsonObject[] = []
  const deleted = new Set<string>()
  let replace = false
  for (const element of patch) {
    if (!isObject(element)) throw malformed(path, `an element must be an object with "${mergeKey}"`)
    const what = element[directive]
    if (what === 'replace') replace = true
    if (what === 'delete') deleted.add(keyOf(element, mergeKey, path))
    else if (what === undefined || what === 'merge') changes.push(element)
    else if (what !== 'replace') throw malformed(path, `unknown $patch ${JSON.stringify(what)}`)
  }
  if (replace) return changes.map(withoutDirectivesIn)
  // A merge key should be unique; where the stored list breaks that, the first bearer takes the change.
  const merged = original.filter(element => !deleted.has(keyOf(element, mergeKey, path)))
  const positions = new Map<string, number>()
  for (const [index, element] of merged.entries()) {
    const key = keyOf(element, mergeKey, path)
    if (!positions.has(key)) positions.set(key, index)
  }
  for (const change of changes) {
    const key = keyOf(change, mergeKey, path)
    const position = positions.get(key)
    const base = position === undefined ? {} : merged[position]
    const element = mergeObject(isObject(base) ? base : {}, change, rule, `${path}[${mergeKey}=${key}]`)
    if (position === undefined) positions.set(key, merged.push(element) - 1)
    else merged[position] = element
  }
  return merged
}

function keyOf(element: Json, mergeKey: string, path: string): string {
  const key = isObject(element) ? ownField(element, mergeKey) : undefined
  if (key === undefined || key === null) throw malformed(path, `an element lacks its merge key "${mergeKey}"`)
  return typeof key === 'string' ? key : JSON.stringify(key)
}

function listOf(value: Json, path: string): readonly Json[] {
  if (!isArray(value)) throw malformed(path, 'a directive for a list must be a list')
  return value
}

/** What a patch says where nothing stood before: its values, without directives and nulls. */
function withoutDirectives(patch: JsonObject): JsonObject {
  const plain: JsonDraft = {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || value === null || key === directive || key === retainKeys) continue
    if (key.startsWith(elementOrder) || key.startsWith(deleteFromList)) continue
    setField(plain, key, withoutDirectivesIn(value))
  }
  return plain
}

function withoutDirectivesIn(value: Json): Json {
  if (isArray(value)) return value.map(withoutDirectivesIn)
  return isObject(value) ? withoutDirectives(value) : value
}

const malformed = (path: string, message: string): PatchError =>
  new PatchError('malformed', path === '' ? message : `${path}: ${message}`)
