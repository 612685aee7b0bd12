// JSON Merge Patch (RFC 7386) as json-patch v4.13.0 reads it: objects merge, null deletes, everything else replaces, and
// what replaces holds no null fields, not even in objects inside lists. Pure.
import { isArray, isObject, type Json, type JsonDraft, ownField, removeField, setField } from './json.ts'

export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return withoutNulls(patch)
  const merged: JsonDraft = isObject(target) ? { ...target } : {}
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    if (value === undefined) continue
    if (value === null) removeField(merged, key)
    else setField(merged, key, applyMergePatch(ownField(merged, key), value))
  }
  return merged
}

/** A list's own nulls stay. */
function withoutNulls(value: Json): Json {
  if (isArray(value)) return value.map(withoutNulls)
  return isObject(value) ? applyMergePatch({}, value) : value
}
