// One step of a path into an object, as `managedFields` writes it: `f:name` a field, `k:{"name":"a"}` an element of a list by
// its keys, `v:"a"` a value of a set, `i:0` an element by its index. Kept in that form: equal steps are equal strings.
// After structured-merge-diff v6 (fieldpath.PathElement).
import type { Json, JsonObject } from '../schema/message.ts'
import type { ListSchema } from './merge-schema.ts'

export type PathElement = `${'f' | 'k' | 'v' | 'i'}:${string}`

/** A list has an element that can't be identified. */
export class PathElementError extends Error {
  override readonly name = 'PathElementError'
}

export const fieldElement = (name: string): PathElement => `f:${name}`

/** How an element of a set, or of a list of type map, is found again. @throws PathElementError */
export function itemElement({ relationship, keys }: ListSchema, item: Json): PathElement {
  if (relationship === 'map') return keyElement(keys, item)
  if (item === null) throw new PathElementError("associative list without keys has an element that's an explicit null")
  if (Array.isArray(item)) throw new PathElementError('not supported: associative list with lists as elements')
  if (typeof item === 'object')
    throw new PathElementError("associative list without keys has an element that's a map type")
  return `v:${JSON.stringify(item)}`
}

function keyElement(keys: ListSchema['keys'], item: Json): PathElement {
  if (item === null) throw new PathElementError('associative list with keys may not have a null element')
  if (typeof item !== 'object' || Array.isArray(item)) {
    throw new PathElementError('associative list with keys may not have non-map elements')
  }
  const values: JsonObject = {}
  for (const { name, default: usual } of [...keys].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const value = Object.hasOwn(item, name) ? item[name] : usual
    if (value === undefined) {
      const what = `an element that omits key field ${JSON.stringify(name)} (and doesn't have default value)`
      throw new PathElementError(`associative list with keys has ${what}`)
    }
    values[name] = value
  }
  return `k:${JSON.stringify(values)}`
}

/** As messages show it: `.name`, `[name="a"]`, `["a"]`, `[0]`. */
export function formatElement(element: PathElement): string {
  const rest = element.slice(2)
  switch (element.charAt(0)) {
    case 'f':
      return `.${rest}`
    case 'k': {
      const keys = Object.entries(JSON.parse(rest) as JsonObject)
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
    }
    case 'v':
      return `[=${rest}]`
    default:
      return `[${rest}]`
  }
}

export const formatPath = (path: readonly PathElement[]): string => path.map(formatElement).join('')

/** The step a key of `fieldsV1` says; undefined where it says none. */
export function parseElement(text: string): PathElement | undefined {
  const rest = text.slice(2)
  switch (text.slice(0, 2)) {
    case 'f:':
      return fieldElement(rest)
    case 'k:': {
      const keys = parsed(rest)
      if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) return undefined
      return `k:${JSON.stringify(Object.fromEntries(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))))}`
    }
    case 'v:': {
      const value = parsed(rest)
      return value === undefined ? undefined : `v:${JSON.stringify(value)}`
    }
    case 'i:':
      return /^[0-9]+$/.test(rest) ? `i:${Number(rest)}` : undefined
    default:
      return undefined
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
