// Strategic merge patch: a merge patch that knows, from the schema, which lists merge and by which key, and that
// takes directives ($patch, $retainKeys, $setElementOrder/…, $deleteFromPrimitiveList/…). Pure.
// Rules, errors and their words are those of apimachinery v0.36 (pkg/util/strategicpatch).
import type { Message } from '../../../api/schema/message.ts'
import { type MergeRule, mergeRule } from '../../../api/schema/strategic-merge.ts'
import { orderElements } from './element-order.ts'
import {
  goValue,
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
  if (what === 'replace') return omit(patch, directive)
  if (what !== undefined) throw unknownDirective(what, patch)
  const merged = retain(original, patch)
  for (const key of fieldsOf(patch)) {
    const value = ownField(patch, key)
    const at = path === '' ? key : `${path}.${key}`
    const field = ruleOf(rule, key)
    const order = ownField(patch, elementOrder + key)
    const deletions = ownField(patch, deleteFromList + key)
    const current = ownField(merged, key)
    if (value === null) removeField(merged, key)
    else if (isArray(value) || order !== undefined || deletions !== undefined) {
      const list = mergeList(isArray(current) ? current : undefined, { value, order, deletions }, field, at)
      if (list !== undefined) setField(merged, key, list)
    } else if (isObject(value)) {
      const object = isObject(current) ? mergeObject(current, value, field, at) : taken(value)
      // Where nothing stood, a directive has nothing to say.
      if (object !== undefined) setField(merged, key, object)
    } else if (value !== undefined) setField(merged, key, value)
  }
  return merged
}

/** The names of the fields a patch speaks of, directly or by a directive. */
function fieldsOf(patch: JsonObject): Set<string> {
  const names = new Set<string>()
  for (const key of Object.keys(patch)) {
    if (key === directive || key === retainKeys) continue
    for (const prefix of [elementOrder, deleteFromList]) {
      if (`${key}/` === prefix) throw malformedDirective(prefix.slice(1, -1))
    }
    if (key.startsWith(elementOrder)) names.add(key.slice(elementOrder.length))
    else if (key.startsWith(deleteFromList)) names.add(key.slice(deleteFromList.length))
    else names.add(key)
  }
  return names
}

/** A draft of the original with only the fields `$retainKeys` names, if it is there. */
function retain(original: JsonObject, patch: JsonObject): JsonDraft {
  const keep = patch[retainKeys]
  if (keep === undefined) return { ...original }
  if (!isArray(keep)) throw malformedDirective('retainKeys')
  const kept = new Set<Json>(keep)
  for (const key of fieldsOf(patch)) {
    if ((patch[key] ?? null) !== null && !kept.has(key)) throw malformedDirective('retainKeys')
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.has(key)))
}

interface ListPatch {
  readonly value: Json | undefined
  readonly order: Json | undefined
  readonly deletions: Json | undefined
}

function mergeList(
  original: readonly Json[] | undefined,
  patch: ListPatch,
  rule: Rule,
  path: string,
): readonly Json[] | undefined {
  const { order, deletions } = patch
  if (order !== undefined && !isArray(order)) throw malformedDirective('setElementOrder')
  if (deletions !== undefined && !isArray(deletions)) throw malformedDirective('deleteFromPrimitiveList')
  const value = patch.value ?? undefined
  if (value !== undefined && !isArray(value)) throw new PatchError('malformed', `${path}: must be a list`)
  if (rule?.is !== 'list' || rule.strategy?.includes('merge') !== true) {
    return value === undefined ? original : taken(value)
  }
  const { mergeKey, message } = rule
  const identify = (element: Json): string =>
    mergeKey === undefined ? JSON.stringify(element) : keyOf(element, mergeKey)
  if (order !== undefined && value !== undefined) checkOrder(value, order, identify)
  if (original === undefined) {
    if (value === undefined) return undefined
    const added = taken(value)
    return order === undefined ? added : orderElements(added, order, [], identify)
  }
  if (mergeKey === undefined) {
    const merged = mergeScalars(original, value ?? [], deletions ?? [])
    return orderElements(merged, order ?? value ?? [], original, identify)
  }
  const elements = sortOut(value ?? [], mergeKey, path)
  const { changes, replace } = elements
  const merged = replace ? changes : mergeElements(original, elements, mergeKey, plain('message', message), path)
  // Without a directive the patch's own elements say the order, so that new ones come first.
  return orderElements(merged, order ?? changes, original, identify)
}

/** The order that is wanted must name all elements that the patch sets, in the patch's order. */
function checkOrder(value: readonly Json[], order: readonly Json[], identify: (element: Json) => string): void {
  if (order.length === 0) return
  const set = value.filter(element => !isObject(element) || element[directive] === undefined).map(identify)
  let next = 0
  for (const element of order) if (identify(element) === set[next]) next++
  if (next === set.length) return
  const message = `The order in patch list:\n${goValue(value)}\n doesn't match $setElementOrder list:\n${goValue(order)}\n`
  throw new PatchError('unspecified', message)
}

function mergeScalars(original: readonly Json[], value: readonly Json[], deletions: readonly Json[]): readonly Json[] {
  const deleted = new Set(deletions)
  return [...new Set([...original.filter(element => !deleted.has(element)), ...value])]
}

interface ElementChanges {
  readonly changes: readonly JsonObject[]
  /** Merge keys of elements that go. */
  readonly deleted: ReadonlySet<string>
  /** The changes are all there is. */
  readonly replace: boolean
}

function sortOut(patch: readonly Json[], mergeKey: string, path: string): ElementChanges {
  const changes: JsonObject[] = []
  const deleted = new Set<string>()
  let replace = false
  for (const element of patch) {
    if (!isObject(element))
      throw new PatchError('malformed', `${path}: an element must be an object with "${mergeKey}"`)
    const what = element[directive]
    if (what === undefined) changes.push(element)
    else if (what === 'replace') replace = true
    else if (what === 'delete') deleted.add(keyOf(element, mergeKey))
    else if (what === 'merge') throw new PatchError('unspecified', 'merging lists cannot yet be specified in the patch')
    else throw unknownDirective(what, element)
  }
  return { changes, deleted, replace }
}

function mergeElements(
  original: readonly Json[],
  { changes, deleted }: ElementChanges,
  mergeKey: string,
  rule: Rule,
  path: string,
): readonly Json[] {
  // A merge key should be unique; where the stored list breaks that, the first bearer takes the change.
  const merged = original.filter(element => !deleted.has(keyOf(element, mergeKey)))
  const positions = new Map<string, number>()
  for (const [index, element] of merged.entries()) {
    const key = keyOf(element, mergeKey)
    if (!positions.has(key)) positions.set(key, index)
  }
  for (const change of changes) {
    const key = keyOf(change, mergeKey)
    const position = positions.get(key)
    const base = position === undefined ? undefined : merged[position]
    // A new element is taken as it came, directives and all: they are then fields that nobody knows.
    if (position === undefined) positions.set(key, merged.push(change) - 1)
    else if (isObject(base)) merged[position] = mergeObject(base, change, rule, `${path}[${mergeKey}=${key}]`)
  }
  return merged
}

function keyOf(element: Json, mergeKey: string): string {
  const key = isObject(element) ? ownField(element, mergeKey) : undefined
  if (key === undefined || key === null) {
    throw new PatchError('unspecified', `map: ${goValue(element)} does not contain declared merge key: ${mergeKey}`)
  }
  return typeof key === 'string' ? key : JSON.stringify(key)
}

/** What a patch says where nothing stood before: its values without nulls; what holds a directive is left out. */
function taken(value: readonly Json[]): readonly Json[]
function taken(value: JsonObject): JsonObject | undefined
function taken(value: Json): Json | undefined
function taken(value: Json): Json | undefined {
  if (isArray(value)) return value.map(taken).filter(element => element !== undefined)
  if (!isObject(value)) return value
  if (value[directive] !== undefined) return undefined
  const plain: JsonDraft = {}
  for (const [key, field] of Object.entries(value)) {
    if (field === undefined || field === null || key === retainKeys) continue
    if (key.startsWith(elementOrder) || key.startsWith(deleteFromList)) continue
    const given = taken(field)
    if (given !== undefined) setField(plain, key, given)
  }
  return plain
}

function omit(object: JsonObject, key: string): JsonObject {
  const draft: JsonDraft = { ...object }
  removeField(draft, key)
  return draft
}

const malformedDirective = (name: string): PatchError =>
  new PatchError('malformed', `invalid patch format of ${name} list`)

const unknownDirective = (what: Json, patch: JsonObject): PatchError =>
  new PatchError('unspecified', `unknown patch type: ${goValue(what)} in map: ${goValue(patch)}`)
