// Small parts that validation functions are put together from. They push what they find onto a list,
// so that a function reads as the list of its rules.
import { duplicate, type FieldError, forbidden, invalid, required } from '../schema/field-error.ts'

/** Checks a value by a function of api/values/names.ts or its like; absent values are fine. */
export function must<V>(
  errors: FieldError[],
  field: string,
  value: V | undefined,
  check: (value: V) => readonly string[],
): void {
  if (value !== undefined) for (const detail of check(value)) errors.push(invalid(field, value, detail))
}

/** The elements of a list, each with its path. */
export function* each<E>(field: string, list: readonly E[] | undefined): Generator<[path: string, element: E]> {
  for (const [index, element] of (list ?? []).entries()) yield [`${field}[${index}]`, element]
}

/** Remembers keys; a second use of one is an error at its field. Empty keys are somebody else's error. */
export function unique(errors: FieldError[]): (field: string, key: string, shown?: unknown) => void {
  const seen = new Set<string>()
  return (field, key, shown = key) => {
    if (key === '') return
    if (seen.has(key)) errors.push(duplicate(field, shown))
    seen.add(key)
  }
}

/** Exactly one of some fields must be there: `what` names the choice (`volume type`). */
export function exactlyOne(
  errors: FieldError[],
  field: string,
  object: object,
  names: readonly string[],
  what: string,
): void {
  const given = names.filter(name => Object.hasOwn(object, name))
  if (given.length === 0) errors.push(required(field, `must specify a ${what}`))
  for (const name of given.slice(1)) errors.push(forbidden(`${field}.${name}`, `may not specify more than 1 ${what}`))
}

/** The field must be as it was. */
export function immutable(errors: FieldError[], field: string, value: unknown, old: unknown): void {
  if (!same(value, old)) errors.push(invalid(field, value, 'field is immutable'))
}

/** Equality of JSON values; the order of keys means nothing, an absent field and one of undefined are the same. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]))
  if (!isPlain(a) || !isPlain(b)) return false
  for (const key of Object.keys(a)) if (!same(own(a, key), own(b, key))) return false
  for (const key of Object.keys(b)) if (!Object.hasOwn(a, key) && own(b, key) !== undefined) return false
  return true
}

const own = (object: object, key: string): unknown =>
  Object.hasOwn(object, key) ? Reflect.get(object, key) : undefined

/** The paths at which two JSON values differ, as deep as their shapes agree. */
export function differences(a: unknown, b: unknown, field: string): string[] {
  if (same(a, b)) return []
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    return a.flatMap((item, index) => differences(item, b[index], `${field}[${index}]`))
  }
  if (!isPlain(a) || !isPlain(b)) return [field]
  const left = new Map<string, unknown>(Object.entries(a))
  const right = new Map<string, unknown>(Object.entries(b))
  return [...new Set([...left.keys(), ...right.keys()])].flatMap(key =>
    differences(left.get(key), right.get(key), `${field}.${key}`),
  )
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A relative path that stays below where it starts: no leading slash, no `..` element. */
export function relativePathErrors(path: string): string[] {
  if (path.startsWith('/')) return ['must be a relative path']
  return backstepErrors(path)
}

export function backstepErrors(path: string): string[] {
  return path.split('/').includes('..') ? ["must not contain '..'"] : []
}

export function absolutePathErrors(path: string): string[] {
  return path.startsWith('/') ? [] : ['must be an absolute path']
}
