// A set of fields in the form of `managedFields[].fieldsV1`: a step to what lies below it, `.` where the step itself is a
// member and has something below it too.
import type { JsonObject } from '../schema/message.ts'
import { FieldSet } from './field-set.ts'
import { type PathElement, parseElement } from './path-element.ts'

const itself = '.'

export function encodeFields(set: FieldSet): JsonObject {
  const fields: JsonObject = {}
  const elements = new Set([...set.members, ...set.children.keys()])
  for (const element of [...elements].sort()) {
    const below = encodeFields(set.below(element))
    const isMember = set.members.has(element) && Object.keys(below).length > 0
    fields[element] = isMember ? { [itself]: {}, ...below } : below
  }
  return fields
}

/** @throws SyntaxError for what is no set of fields */
export function decodeFields(fields: JsonObject): FieldSet {
  const members = new Set<PathElement>()
  const children = new Map<PathElement, FieldSet>()
  for (const [key, value] of Object.entries(fields)) {
    if (key === itself) continue
    const element = parseElement(key)
    if (element === undefined) throw new SyntaxError(`${JSON.stringify(key)} is no path element`)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new SyntaxError(`${JSON.stringify(key)}: must be an object`)
    }
    const below = decodeFields(value)
    if (!below.isEmpty) children.set(element, below)
    if (below.isEmpty || Object.hasOwn(value, itself)) members.add(element)
  }
  return new FieldSet(members, children)
}
