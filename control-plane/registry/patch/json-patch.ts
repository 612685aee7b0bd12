// JSON Patch (RFC 6902) with JSON Pointer (RFC 6901). Pure: what isn't touched is shared with the input.
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

/** More operations than this in one patch are refused, as Kubernetes does. */
const maxOperations = 10_000

type Operation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: readonly string[]; readonly value: Json }
  | { readonly op: 'remove'; readonly path: readonly string[] }
  | { readonly op: 'move' | 'copy'; readonly path: readonly string[]; readonly from: readonly string[] }

/**
 * Applies the operations in order; one that fails fails all.
 * @throws PatchError naming the operation by its index
 */
export function applyJsonPatch(document: Json, patch: Json): Json {
  const operations = parseOperations(patch)
  return operations.reduce<Json>((current, operation, index) => {
    try {
      return applyOperation(current, operation)
    } catch (error) {
      if (!(error instanceof PatchError)) throw error
      throw new PatchError(
        error.fault,
        `operation ${index} (${operation.op} ${format(operation.path)}): ${error.message}`,
      )
    }
  }, document)
}

function parseOperations(patch: Json): Operation[] {
  if (!isArray(patch)) throw new PatchError('malformed', 'a JSON patch is an array of operations')
  if (patch.length > maxOperations) {
    throw new PatchError(
      'malformed',
      `a JSON patch holds at most ${maxOperations} operations, this one ${patch.length}`,
    )
  }
  return patch.map(parseOperation)
}

function parseOperation(operation: Json, index: number): Operation {
  const fail = (what: string): never => {
    throw new PatchError('malformed', `operation ${index}: ${what}`)
  }
  if (!isObject(operation)) return fail('must be an object with "op" and "path"')
  const { op, value } = operation
  const pointer = (field: 'path' | 'from'): string[] => {
    const text = operation[field]
    if (typeof text !== 'string') return fail(`"${field}" must be a JSON pointer`)
    if (text !== '' && !text.startsWith('/')) return fail(`"${field}" must be empty or begin with "/"`)
    if (/~(?![01])/.test(text)) return fail(`"${field}" holds "~" that is neither "~0" nor "~1"`)
    return text
      .split('/')
      .slice(1)
      .map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  switch (op) {
    case 'add':
    case 'replace':
    case 'test':
      return value === undefined ? fail(`"${op}" needs a "value"`) : { op, path: pointer('path'), value }
    case 'remove':
      return { op, path: pointer('path') }
    case 'move':
    case 'copy':
      return { op, path: pointer('path'), from: pointer('from') }
    default:
      return fail('"op" must be one of add, remove, replace, move, copy, test')
  }
}

function applyOperation(document: Json, operation: Operation): Json {
  const { path } = operation
  switch (operation.op) {
    case 'add':
      return add(document, path, operation.value)
    case 'remove':
      return remove(document, path)
    case 'replace':
      read(document, path)
      return path.length === 0 ? operation.value : edit(document, path, 'replace', operation.value)
    case 'copy':
      return add(document, path, read(document, operation.from))
    case 'move': {
      const { from } = operation
      if (from.length < path.length && from.every((token, index) => token === path[index])) {
        throw new PatchError('inapplicable', 'a value cannot be moved into itself')
      }
      const moved = read(document, from)
      return from.length === 0 ? moved : add(remove(document, from), path, moved)
    }
    case 'test': {
      if (!jsonEqual(read(document, path), operation.value))
        throw new PatchError('inapplicable', 'testing value failed')
      return document
    }
  }
}

const add = (document: Json, path: readonly string[], value: Json): Json =>
  path.length === 0 ? value : edit(document, path, 'add', value)

function remove(document: Json, path: readonly string[]): Json {
  if (path.length === 0) throw new PatchError('inapplicable', 'the whole document cannot be removed')
  read(document, path)
  return edit(document, path, 'remove', null)
}

function read(document: Json, path: readonly string[]): Json {
  let value: Json | undefined = document
  for (const [depth, token] of path.entries()) {
    if (isArray(value)) value = value[arrayIndex(token, value.length - 1)]
    else value = isObject(value) ? ownField(value, token) : undefined
    if (value === undefined) throw missing(path.slice(0, depth + 1))
  }
  return value
}

/** A copy of the document along the path, with one edit at its end. */
function edit(document: Json, path: readonly string[], action: 'add' | 'replace' | 'remove', value: Json): Json {
  const [token, ...rest] = path
  if (token === undefined) return value
  const last = rest.length === 0
  if (isArray(document)) {
    const copy = [...document]
    if (last && action === 'add') {
      copy.splice(token === '-' ? copy.length : arrayIndex(token, copy.length), 0, value)
      return copy
    }
    const index = arrayIndex(token, copy.length - 1)
    const child = copy[index]
    if (child === undefined) throw missing([token])
    if (last && action === 'remove') copy.splice(index, 1)
    else copy[index] = last ? value : edit(child, rest, action, value)
    return copy
  }
  if (!isObject(document)) throw missing([token])
  const copy: JsonDraft = { ...document }
  if (last && action === 'remove') removeField(copy, token)
  else if (last) setField(copy, token, value)
  else {
    const child = ownField(document, token)
    if (child === undefined) throw missing([token])
    setField(copy, token, edit(child, rest, action, value))
  }
  return copy
}

function arrayIndex(token: string, max: number): number {
  if (!/^(0|[1-9][0-9]*)$/.test(token)) throw new PatchError('inapplicable', `"${token}" is no index of an array`)
  const index = Number(token)
  if (index > max) throw new PatchError('inapplicable', `index ${token} is beyond the array's end`)
  return index
}

const format = (path: readonly string[]): string =>
  path.map(token => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('') || '""'

const missing = (path: readonly string[]): PatchError =>
  new PatchError('inapplicable', `${format(path)} does not exist`)
