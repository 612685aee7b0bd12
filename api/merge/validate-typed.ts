// Whether a value is of its schema's shape, as far as merging relies on it, in the words of structured-merge-diff v6
// (typed/validate.go).
import type { Json } from '../schema/message.ts'
import { type ListSchema, type MapSchema, type MergeSchema, resolve, type ScalarSchema } from './merge-schema.ts'
import {
  fieldElement,
  formatElement,
  formatPath,
  itemElement,
  type PathElement,
  PathElementError,
} from './path-element.ts'
import { fieldSchemaOf, isAtomicList, isObject } from './walk.ts'

/** A value can't be merged; the message names each place. */
export class TypedError extends Error {
  override readonly name = 'TypedError'
}

/** @throws TypedError */
export function validateTyped(value: Json, schema: MergeSchema): void {
  const errors: string[] = []
  check(value, schema, [], errors)
  const [first] = errors
  if (first === undefined) return
  throw new TypedError(errors.length === 1 ? first : `errors:\n${errors.map(error => `  ${error}`).join('\n')}`)
}

type Path = readonly PathElement[]

function check(value: Json, schema: MergeSchema, path: Path, errors: string[]): void {
  if (value === null) return
  const resolved = resolve(schema, value)
  const fail = (message: string): void => void errors.push(`${formatPath(path)}: ${message}`)
  if (resolved.is === 'scalar') checkScalar(value, resolved, fail)
  else if (resolved.is === 'list') {
    if (Array.isArray(value)) checkList(value, resolved, path, errors)
    else fail(`expected list, got &{${goText(value)}}`)
  } else if (isObject(value)) checkMap(value, resolved, path, errors)
  else fail(`expected map, got &{${goText(value)}}`)
}

function checkScalar(value: Json, { type }: ScalarSchema, fail: (message: string) => void): void {
  if (type === 'string' && typeof value !== 'string') {
    fail(`expected string, got &value.valueUnstructured{Value:${goLiteral(value)}}`)
  } else if (type === 'numeric' && typeof value !== 'number') {
    fail(`expected numeric (int or float), got ${goType(value)}`)
  } else if (type === 'boolean' && typeof value !== 'boolean') fail(`expected boolean, got &{${goText(value)}}`)
  else if (typeof value === 'object') fail(`expected any scalar, got &{${goText(value)}}`)
}

function checkList(items: readonly Json[], schema: ListSchema, path: Path, errors: string[]): void {
  const seen = new Set<PathElement>()
  for (const [index, item] of items.entries()) {
    let element: PathElement = `i:${index}`
    if (!isAtomicList(schema)) {
      try {
        element = itemElement(schema, item)
      } catch (error) {
        if (!(error instanceof PathElementError)) throw error
        errors.push(`${formatPath(path)}: element ${index}: ${error.message}`)
        return
      }
      if (seen.has(element)) errors.push(`${formatPath(path)}: duplicate entries for key ${formatElement(element)}`)
      seen.add(element)
    }
    check(item, schema.element, [...path, element], errors)
  }
}

function checkMap(fields: Readonly<Record<string, Json>>, schema: MapSchema, path: Path, errors: string[]): void {
  for (const [name, value] of Object.entries(fields)) {
    const at = [...path, fieldElement(name)]
    if (schema.field(name) === undefined && schema.element === undefined) {
      errors.push(`${formatPath(at)}: field not declared in schema`)
    } else check(value, fieldSchemaOf(schema, name), at, errors)
  }
}

/** Go's `%v`. */
function goText(value: Json): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (!isObject(value)) return String(value)
  const names = Object.keys(value).sort()
  return `map[${names.map(name => `${name}:${goText(value[name] ?? null)}`).join(' ')}]`
}

/** Go's `%#v`. */
function goLiteral(value: Json): string {
  if (value === null) return 'interface {}(nil)'
  if (Array.isArray(value)) return `[]interface {}{${value.map(goLiteral).join(', ')}}`
  if (!isObject(value)) return typeof value === 'string' ? JSON.stringify(value) : String(value)
  const fields = Object.keys(value)
    .sort()
    .map(name => `${JSON.stringify(name)}:${goLiteral(value[name] ?? null)}`)
  return `map[string]interface {}{${fields.join(', ')}}`
}

/** Go's `%T`. */
function goType(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (isObject(value)) return 'map[string]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'boolean' ? 'bool' : 'string'
}
