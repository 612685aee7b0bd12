// Which fields a value sets: what its author owns. After structured-merge-diff v6 (typed/tofieldset.go).
import type { Json } from '../schema/message.ts'
import { type FieldSet, FieldSetBuilder } from './field-set.ts'
import { type MergeSchema, resolve } from './merge-schema.ts'
import { fieldElement, itemElement } from './path-element.ts'
import { fieldSchemaOf, isAtomicList, isEmpty, isObject, itemsOf } from './walk.ts'

/** @throws PathElementError when a list has an element that can't be identified */
export function ownedFields(value: Json, schema: MergeSchema): FieldSet {
  const set = new FieldSetBuilder()
  collect(value, schema, set)
  return set.build()
}

/** @returns whether the value is a leaf, which its holder notes */
function collect(value: Json, schema: MergeSchema, set: FieldSetBuilder): boolean {
  const resolved = resolve(schema, value)
  if (resolved.is === 'scalar') return true
  if (resolved.is === 'list') {
    if (isAtomicList(resolved)) return true
    for (const item of itemsOf(value)) {
      const element = itemElement(resolved, item)
      collect(item, resolved.element, set.below(element))
      set.add(element)
    }
    return false
  }
  if (resolved.atomic) return true
  if (!isObject(value)) return false
  for (const [name, field] of Object.entries(value)) {
    const element = fieldElement(name)
    const isLeaf = collect(field, fieldSchemaOf(resolved, name), set.below(element))
    const isEmptyMap = isObject(field) && isEmpty(field)
    // A key of a map is owned even where what it holds is not.
    if (isLeaf || field === null || isEmptyMap || resolved.field(name) === undefined) set.add(element)
  }
  return false
}
