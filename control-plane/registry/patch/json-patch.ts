// JSON Patch (RFC 6902) with JSON Pointer (RFC 6901) as Kubernetes' library reads them (evanphx/json-patch v4.13.0), which
// is laxer than the RFCs in some places and stricter in others; its tests say where. Pure: what isn't touched is shared with
// the input.
import {
  isArray,
  isObject,
  type Json,
  type JsonDraft,
  jsonEqual,
  ownField,
  PatchError,
  removeField,
  setField,
} from './json.ts'

/** More operations than this in one patch are refused. */
const maxOperations = 10_000

interface Operation {
  readonly op: string
  readonly path: string
  readonly from: string
  readonly value: Json
}

/**
 * Applies the operations in order; one that fails fails all.
 * @throws PatchError
 */
export function applyJsonPatch(document: Json, patch: Json): Json {
  return parseOperations(patch).reduce<Json>((current, operation, index) => {
    try {
      return applyOperation(current, operation)
    } catch (error) {
      if (!(error instanceof PatchError)) throw error
      const message = `operation ${index} (${operation.op} ${operation.path}): ${error.message}`
      throw new PatchError(error.fault, message)
    }
  }, document)
}

function parseOperations(patch: Json): Operation[] {
  if (!isArray(patch)) throw undecodable(patch, 'value of type []handlers.jsonPatchOp')
  if (patch.length > maxOperations) {
    const most = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`
    throw new PatchError('too-large', most)
  }
  return patch.map(parseOperation)
}

function parseOperation(operation: Json): Operation {
  if (!isObject(operation)) throw undecodable(operation, 'value of type handlers.jsonPatchOp')
  const text = (field: 'op' | 'path' | 'from'): string => {
    const value = operation[field] ?? ''
    if (typeof value !== 'string') throw undecodable(value, `struct field jsonPatchOp.${field} of type string`)
    return value
  }
  return { op: text('op'), path: text('path'), from: text('from'), value: operation['value'] ?? null }
}

function undecodable(value: Json, into: string): PatchError {
  const shape = isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
  return new PatchError('malformed', `error decoding patch: json: cannot unmarshal ${shape} into Go ${into}`)
}

function applyOperation(document: Json, { op, path, from, value }: Operation): Json {
  switch (op) {
    case 'add':
      return edit(document, keys(path), 'add', value)
    case 'remove':
      return edit(document, keys(path), 'remove', null)
    case 'replace':
      if (path !== '') return edit(document, keys(path), 'replace', value)
      if (isObject(value) || isArray(value)) return value
      throw new PatchError('inapplicable', 'only an object or an array can be the whole document')
    case 'copy':
      return edit(document, keys(path), 'add', read(document, keys(from)) ?? null)
    case 'move': {
      const moved = read(document, keys(from)) ?? null
      return edit(edit(document, keys(from), 'remove', null), keys(path), 'add', moved)
    }
    case 'test': {
      const found = path === '' ? document : read(document, keys(path))
      if (!jsonEqual(found ?? null, value)) throw new PatchError('inapplicable', 'testing value failed')
      return document
    }
    default:
      throw new PatchError('inapplicable', 'no such operation')
  }
}

/** The keys of a pointer, outermost first. The whole document has none that could be added to, removed or copied. */
function keys(pointer: string): readonly [string, ...string[]] {
  const [, ...tokens] = pointer.split('/')
  const [first, ...rest] = tokens.map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (first === undefined || !pointer.startsWith('/')) throw new PatchError('inapplicable', `"${pointer}" is no path`)
  return [first, ...rest]
}

/** What stands at the end of a path; undefined where the last object lacks it. */
function read(document: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = document
  for (const token of path) {
    if (isArray(value)) value = value[arrayIndex(token, value.length)]
    else if (isObject(value)) value = ownField(value, token)
    else throw missing(token)
  }
  return value
}

type Action = 'add' | 'replace' | 'remove'

/** A copy of the document along the path, with one edit at its end. */
function edit(document: Json, [token, ...rest]: readonly [string, ...string[]], action: Action, value: Json): Json {
  const [next, ...beyond] = rest
  if (isArray(document)) {
    const copy = [...document]
    if (next === undefined) editArray(copy, token, action, value)
    else {
      const index = arrayIndex(token, copy.length)
      copy[index] = edit(copy[index] ?? null, [next, ...beyond], action, value)
    }
    return copy
  }
  if (!isObject(document)) throw missing(token)
  const copy: JsonDraft = { ...document }
  const present = ownField(document, token)
  if (next !== undefined) {
    if (present === undefined) throw missing(token)
    setField(copy, token, edit(present, [next, ...beyond], action, value))
  } else if (action !== 'remove') setField(copy, token, value)
  else if (present === undefined) throw missing(token)
  else removeField(copy, token)
  return copy
}

function editArray(array: Json[], token: string, action: Action, value: Json): void {
  const { length } = array
  if (action === 'remove') array.splice(arrayIndex(token, length), 1)
  else if (action === 'replace') array[arrayIndex(token, length)] = value
  else if (token === '-') array.push(value)
  // Counted from the end of what the array becomes: -1 appends.
  else array.splice(arrayIndex(token, length + 1), 0, value)
}

/** As Go's strconv.Atoi reads it, signs and leading zeros included; a negative one counts from the end. */
function arrayIndex(token: string, length: number): number {
  if (!/^[-+]?[0-9]+$/.test(token)) throw new PatchError('inapplicable', `"${token}" is no index of an array`)
  const index = Number(token)
  if (index >= length || index < -length) {
    throw new PatchError('inapplicable', `index ${token} is beyond the array's end`)
  }
  return index < 0 ? index + length : index
}

const missing = (token: string): PatchError => new PatchError('inapplicable', `"${token}" does not exist`)
