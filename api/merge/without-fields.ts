// A value without some of its fields. After structured-merge-diff v6 (typed/remove.go).
import type { Json, JsonObject } from '../schema/message.ts'
import type { FieldSet } from './field-set.ts'
import { type MergeSchema, resolve } from './merge-schema.ts'
import { fieldElement, itemElement } from './path-element.ts'
import { fieldSchemaOf, isAtomicList, isObject, setField } from './walk.ts'

/** Undefined when nothing is left. Lists and maps that lose their last part go too. */
export function withoutFields(value: Json, removed: FieldSet, schema: MergeSchema): Json | undefined {
  const resolved = resolve(schema, value)
  if (resolved.is === 'scalar') return value
  if (resolved.is === 'list') {
    if (!Array.isArray(value) || value.length === 0 || isAtomicList(resolved)) return undefined
    const items: Json[] = []
    for (const item of value) {
      const element = itemElement(resolved, item)
      if (removed.hasMember(element)) continue
      const below = removed.below(element)
      const kept = below.isEmpty ? item : withoutFields(item, below, resolved.element)
      if (kept !== undefined) items.push(kept)
    }
    return items.length === 0 ? undefined : items
  }
  if (!isObject(value) || resolved.atomic) return undefined
  const fields: JsonObject = {}
  for (const [name, field] of Object.entries(value)) {
    const element = fieldElement(name)
    if (removed.hasMember(element)) continue
    const below = removed.below(element)
    const kept = below.isEmpty ? field : withoutFields(field, below, fieldSchemaOf(resolved, name))
    if (kept !== undefined) setField(fields, name, kept)
  }
  return Object.keys(fields).length === 0 ? undefined : fields
}
