// JSON Merge Patch (RFC 7386): objects merge, null deletes, everything else replaces. Pure.
import { isObject, type Json, type JsonDraft, ownField, removeField, setField } from './json.ts'

export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch
  const merged: JsonDraft = isObject(target) ? { ...target } : {}
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    if (value === undefined) continue
    if (value === null) removeField(merged, key)
    else setField(merged, key, applyMergePatch(ownField(merged, key), value))
  }
  return merged
}
