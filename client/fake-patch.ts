// The patches a FakeClient understands: JSON Patch (RFC 6902), JSON Merge Patch (RFC 7386), and of strategic merge what
// the schema's merge keys say (no $patch directives).
import { StatusError } from '../api/errors.ts'
import type { Kind, KubernetesObject } from '../api/kinds/kind.ts'
import type { Message } from '../api/schema/message.ts'
import type { JsonPatchOperation, Patch } from './client.ts'

type Members = Record<string, unknown>

export function applyPatch(object: KubernetesObject, patch: Patch, kind: Kind | undefined): KubernetesObject {
  // Strict: an object comes in, and a patch can only make another one of it.
  switch (patch.type) {
    case 'application/json-patch+json':
      return patch.body.reduce<unknown>(operate, object) as KubernetesObject
    case 'application/merge-patch+json':
      return merge(object, patch.body, undefined) as KubernetesObject
    case 'application/strategic-merge-patch+json':
      if (!kind) throw StatusError.badRequest('strategic merge needs a kind with a schema')
      return merge(object, patch.body, kind.schema) as KubernetesObject
  }
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function merge(target: unknown, patch: unknown, schema: Message | undefined): unknown {
  if (!isMembers(patch)) return patch
  const result: Members = isMembers(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    const field = schema?.byName.get(name)
    if (value === null) Reflect.deleteProperty(result, name)
    else if (Array.isArray(value) && field?.rules.patch?.startsWith('merge') && field.type.is === 'list') {
      const element = field.type.element.is === 'message' ? field.type.element.message() : undefined
      result[name] = mergeList(result[name], value, field.rules.mergeKey, element)
    } else result[name] = merge(result[name], value, field?.type.is === 'message' ? field.type.message() : undefined)
  }
  return result
}

function mergeList(
  target: unknown,
  patch: readonly unknown[],
  key: string | undefined,
  element: Message | undefined,
): unknown {
  const result: unknown[] = Array.isArray(target) ? [...(target as unknown[])] : []
  for (const item of patch) {
    const at = result.findIndex(old =>
      key !== undefined && isMembers(old) && isMembers(item) ? old[key] === item[key] : old === item,
    )
    if (at >= 0) result[at] = merge(result[at], item, element)
    else result.push(item)
  }
  return result
}

function operate(document: unknown, operation: JsonPatchOperation): unknown {
  const { op, path, from = '', value } = operation
  switch (op) {
    case 'add':
    case 'replace':
      return place(document, pointer(path), value, op === 'add')
    case 'remove':
      return place(document, pointer(path), undefined, false)
    case 'copy':
      return place(document, pointer(path), read(document, pointer(from)), true)
    case 'move': {
      const moved = read(document, pointer(from))
      return place(place(document, pointer(from), undefined, false), pointer(path), moved, true)
    }
    case 'test':
      if (JSON.stringify(read(document, pointer(path))) === JSON.stringify(value)) return document
      throw StatusError.badRequest(`json patch: testing value ${path} failed`)
  }
}

/** RFC 6901. */
const pointer = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))

function read(document: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>((value, step) => {
    const next: unknown = Array.isArray(value) ? value[Number(step)] : isMembers(value) ? value[step] : undefined
    if (next === undefined) throw StatusError.badRequest(`json patch: no value at /${steps.join('/')}`)
    return next
  }, document)
}

/** The document with a value at a path; undefined removes what is there. */
function place(document: unknown, steps: readonly string[], value: unknown, insert: boolean): unknown {
  const [step, ...rest] = steps
  if (step === undefined) return value
  if (Array.isArray(document)) {
    const list = [...(document as unknown[])]
    const at = step === '-' ? list.length : Number(step)
    if (rest.length > 0) list[at] = place(list[at], rest, value, insert)
    else if (value === undefined) list.splice(at, 1)
    else list.splice(at, insert ? 0 : 1, value)
    return list
  }
  if (!isMembers(document)) throw StatusError.badRequest(`json patch: nothing to put ${step} into`)
  const result = { ...document }
  if (rest.length > 0) result[step] = place(result[step], rest, value, insert)
  else if (value === undefined) Reflect.deleteProperty(result, step)
  else result[step] = value
  return result
}
