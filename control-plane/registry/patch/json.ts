// JSON values as data: what the patch algorithms and strategies share. Nothing here writes to its arguments.

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json | undefined
}
/** One being built. */
export type JsonDraft = { [key: string]: Json | undefined }

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws SyntaxError */
export function parseJson(bytes: Uint8Array): Json {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as Json
}

/** An object of the API as the JSON it is. */
export function toJson(object: object): JsonObject {
  return object as JsonObject
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** Sets an own field, also where its name is `__proto__` (a legal key of a ConfigMap). */
export function setField(draft: JsonDraft, key: string, value: Json): void {
  if (key !== '__proto__') draft[key] = value
  else Object.defineProperty(draft, key, { value, writable: true, enumerable: true, configurable: true })
}

export function removeField(draft: JsonDraft, key: string): void {
  Reflect.deleteProperty(draft, key)
}

/** The field's own value; never something inherited, such as `constructor`. */
export function ownField(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Equality of JSON values: key order and undefined fields don't count. */
export function jsonEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (isArray(a)) return isArray(b) && a.length === b.length && a.every((value, index) => jsonEqual(value, b[index]))
  if (!isObject(a) || !isObject(b)) return false
  for (const key in a) if (!jsonEqual(ownField(a, key), ownField(b, key))) return false
  for (const key in b) if (b[key] !== undefined && ownField(a, key) === undefined) return false
  return true
}

/** As Go's `%v` prints a decoded value: `map[a:1 b:[x <nil>]]`; Kubernetes quotes patches that way. */
export function goValue(value: Json | undefined): string {
  if (value === null || value === undefined) return '<nil>'
  if (isArray(value)) return `[${value.map(goValue).join(' ')}]`
  if (!isObject(value)) return String(value)
  const fields = Object.keys(value).sort()
  return `map[${fields.map(key => `${key}:${goValue(value[key])}`).join(' ')}]`
}

export type PatchFault =
  /** The patch itself makes no sense (400). */
  | 'malformed'
  /** It can't be applied to this object (422). */
  | 'inapplicable'
  /** A JSON patch of more operations than may be (413). */
  | 'too-large'
  /** Kubernetes has no code for it and answers 500 without a reason; so do we, for the sake of clients that compare. */
  | 'unspecified'

export class PatchError extends Error {
  override readonly name = 'PatchError'
  readonly fault: PatchFault

  constructor(fault: PatchFault, message: string) {
    super(message)
    this.fault = fault
  }
}
