// How two versions of a value differ. After structured-merge-diff v6 (typed/compare.go).
import type { Json } from '../schema/message.ts'
import { type FieldSet, FieldSetBuilder } from './field-set.ts'
import type { ListSchema, MapSchema, MergeSchema } from './merge-schema.ts'
import { fieldElement, itemElement, type PathElement } from './path-element.ts'
import { equal, fieldSchemaOf, fieldsOf, isAtomicList, isEmpty, itemsOf, own, resolveEither } from './walk.ts'

export interface Comparison {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}

interface Sets {
  readonly added: FieldSetBuilder
  readonly modified: FieldSetBuilder
  readonly removed: FieldSetBuilder
}

/** @throws PathElementError when a list has an element that can't be identified */
export function compare(before: Json, after: Json, schema: MergeSchema): Comparison {
  const sets: Sets = { added: new FieldSetBuilder(), modified: new FieldSetBuilder(), removed: new FieldSetBuilder() }
  compareValues(before, after, schema, sets, [])
  return { added: sets.added.build(), modified: sets.modified.build(), removed: sets.removed.build() }
}

type Path = readonly PathElement[]

function compareValues(
  before: Json | undefined,
  after: Json | undefined,
  schema: MergeSchema,
  sets: Sets,
  path: Path,
): void {
  if (before === after) return
  const resolved = resolveEither(schema, before, after)
  // That a list or map became empty or null is a change of itself, not of its parts.
  const bothEmpty = isEmpty(before) && isEmpty(after)
  const isLeaf =
    resolved.is === 'scalar' || bothEmpty || (resolved.is === 'list' ? isAtomicList(resolved) : resolved.atomic)
  if (!isLeaf) {
    if (resolved.is === 'list') compareItems(itemsOf(before), itemsOf(after), resolved, sets, path)
    else compareFields(before, after, resolved, sets, path)
  }
  if (before === undefined) sets.added.insert(path)
  else if (after === undefined) sets.removed.insert(path)
  else if (isLeaf && !equal(before, after)) sets.modified.insert(path)
}

function compareFields(
  before: Json | undefined,
  after: Json | undefined,
  schema: MapSchema,
  sets: Sets,
  path: Path,
): void {
  const [old, fresh] = [fieldsOf(before), fieldsOf(after)]
  for (const name of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
    compareValues(own(old, name), own(fresh, name), fieldSchemaOf(schema, name), sets, [...path, fieldElement(name)])
  }
}

/** By what identifies them. Elements that stand several times are compared together, as one. */
function compareItems(
  before: readonly Json[],
  after: readonly Json[],
  schema: ListSchema,
  sets: Sets,
  path: Path,
): void {
  const [old, fresh] = [indexed(before, schema), indexed(after, schema)]
  for (const element of new Set([...old.keys(), ...fresh.keys()])) {
    const [left = [], right = []] = [old.get(element), fresh.get(element)]
    const at = [...path, element]
    const compareOne = (a: Json | undefined, b: Json | undefined): void => compareValues(a, b, schema.element, sets, at)
    if (left.length <= 1 && right.length <= 1) compareOne(left[0], right[0])
    else if (left.length > 1 && right.length > 1) {
      if (!equal([...left], [...right])) sets.modified.insert(at)
    } else if (left.length > 1) {
      if (right.length > 0) compareOne(undefined, right[0])
      sets.removed.insert(at)
    } else {
      if (left.length > 0) compareOne(left[0], undefined)
      sets.added.insert(at)
    }
  }
}

export function indexed(items: readonly Json[], schema: ListSchema): Map<PathElement, Json[]> {
  const index = new Map<PathElement, Json[]>()
  for (const item of items) {
    const element = itemElement(schema, item)
    const present = index.get(element)
    if (present === undefined) index.set(element, [item])
    else present.push(item)
  }
  return index
}
