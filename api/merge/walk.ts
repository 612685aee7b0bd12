// Small parts that all walks over typed values share.
import type { Json, JsonObject } from '../schema/message.ts'
import { type ListSchema, type MapSchema, type MergeSchema, resolve } from './merge-schema.ts'

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The fields of a map; none of anything else. */
export const fieldsOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})

/** The elements of a list; none of anything else. */
export const itemsOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : [])

export const isEmpty = (value: Json | undefined): boolean =>
  Array.isArray(value) ? value.length === 0 : !isObject(value) || Object.keys(value).length === 0

/** Of a field or of a value in a map; what is not declared is deduced. */
export const fieldSchemaOf = (schema: MapSchema, name: string): MergeSchema =>
  schema.field(name) ?? schema.element ?? { is: 'deduced' }

/** The schema for two versions of a value, either of which may be absent. */
export const resolveEither = (schema: MergeSchema, left: Json | undefined, right: Json | undefined) =>
  resolve(schema, right ?? left)

/** A list is owned whole. */
export const isAtomicList = ({ relationship }: ListSchema): boolean => relationship === 'atomic'

/** Sets an own field, also where its name is `__proto__` (a legal key of a ConfigMap). */
export function setField(object: JsonObject, name: string, value: Json): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
}

export const own = (object: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined

/** Equality of JSON values: the order of keys means nothing. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]))
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && equal(a[key], b[key]))
}
