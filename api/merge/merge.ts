// One value of two: what is applied over what is there. After structured-merge-diff v6 (typed/merge.go).
import type { Json, JsonObject } from '../schema/message.ts'
import { indexed } from './compare.ts'
import type { ListSchema, MapSchema, MergeSchema } from './merge-schema.ts'
import { itemElement, type PathElement } from './path-element.ts'
import { fieldSchemaOf, fieldsOf, isAtomicList, isEmpty, itemsOf, own, resolveEither, setField } from './walk.ts'

/** @throws PathElementError when a list has an element that can't be identified */
export function merge(live: Json | undefined, applied: Json | undefined, schema: MergeSchema): Json | undefined {
  const resolved = resolveEither(schema, live, applied)
  const whole = applied === undefined ? live : applied
  // Empty ones are kept apart from none.
  if (resolved.is === 'scalar' || (isEmpty(live) && isEmpty(applied))) return whole
  if (resolved.is === 'list') {
    if (isAtomicList(resolved)) return whole
    const items = mergeItems(itemsOf(live), itemsOf(applied), resolved)
    return items.length === 0 ? undefined : items
  }
  if (resolved.atomic) return whole
  const fields = mergeFields(live, applied, resolved)
  return Object.keys(fields).length === 0 ? undefined : fields
}

function mergeFields(live: Json | undefined, applied: Json | undefined, schema: MapSchema): JsonObject {
  const [old, fresh] = [fieldsOf(live), fieldsOf(applied)]
  const fields: JsonObject = {}
  for (const name of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
    const value = merge(own(old, name), own(fresh, name), fieldSchemaOf(schema, name))
    if (value !== undefined) setField(fields, name, value)
  }
  return fields
}

/**
 * Elements of both come in the applied order; those that only the live list has keep their place between the shared ones.
 */
function mergeItems(live: readonly Json[], applied: readonly Json[], schema: ListSchema): Json[] {
  const liveIndex = indexed(live, schema)
  const appliedIndex = indexed(applied, schema)
  const left = live.map(item => itemElement(schema, item))
  const right = applied.map(item => itemElement(schema, item))
  const shared = right.filter(element => liveIndex.has(element))
  const taken = new Set<PathElement>()
  const out: Json[] = []
  const single = (index: Map<PathElement, Json[]>, element: PathElement): Json | undefined => {
    const items = index.get(element)
    return items?.length === 1 ? items[0] : undefined
  }
  const put = (fromLive: Json | undefined, fromApplied: Json | undefined): void => {
    const item = merge(fromLive, fromApplied, schema.element)
    if (item !== undefined) out.push(item)
  }
  const takeShared = (element: PathElement): void => {
    taken.add(element)
    put(single(liveIndex, element), single(appliedIndex, element))
  }
  for (let l = 0, r = 0; l < left.length || r < right.length; ) {
    const [mine, theirs] = [left[l], right[r]]
    if (mine !== undefined && theirs !== undefined) {
      if (mine === theirs) {
        takeShared(mine)
        shared.shift()
        l++
        r++
        continue
      }
      // Shared, but not the one whose turn it is.
      if (appliedIndex.has(mine) && shared[0] !== undefined && shared[0] !== mine) {
        l++
        continue
      }
    }
    if (mine !== undefined) {
      if (!appliedIndex.has(mine)) {
        put(live[l], undefined)
        l++
        continue
      }
      if (taken.has(mine)) l++
    }
    if (theirs !== undefined) {
      takeShared(theirs)
      if (shared[0] === theirs) shared.shift()
      r++
    }
  }
  return out
}
