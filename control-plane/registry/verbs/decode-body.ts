// From what a client sent to an object that a verb may write into: typed, without unknown fields.
import { StatusError } from '../../../api/errors.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { BodyKind } from '../../../api/kinds/subresource.ts'
import { DecodeError, decode } from '../../../api/schema/decode.ts'
import { duplicateKeys } from '../../../api/schema/json.ts'
import { parseJsonExactly, parseJsonMerging } from '../../../api/schema/number-literal.ts'
import type { Body, RequestContext } from '../contract.ts'

export interface DecodedBody<T extends KubernetesObject = KubernetesObject> {
  readonly object: T
  readonly warnings: readonly string[]
}

/**
 * @throws StatusError 400 when it is no JSON, of another kind, of wrong types, or (Strict) has unknown or double fields
 */
export function decodeBody<T extends KubernetesObject>(
  kind: BodyKind<T>,
  body: Body,
  context: RequestContext = {},
): DecodedBody<T> {
  const { value, duplicates } = body instanceof Uint8Array ? parse(kind, body) : { value: body, duplicates: [] }
  checkKind(kind, value)
  return decodeValue(kind, value, context, duplicates)
}

/** The same for a value whose kind is known to be right: the outcome of a patch. */
export function decodeValue<T extends KubernetesObject>(
  kind: BodyKind<T>,
  value: unknown,
  { fieldValidation = 'Strict' }: RequestContext,
  duplicates: readonly string[] = [],
): DecodedBody<T> {
  const { object, unknown } = decoding(kind, value)
  if (forgetsManagers(value)) object.metadata.managedFields = [{}]
  const told = new Set(unknown)
  // What nobody knows is told once, however often it is there.
  const doubled = duplicates
    .filter(path => !told.has(`unknown field "${path}"`))
    .map(path => `duplicate field "${path}"`)
  const complaints = [...told, ...doubled]
  if (complaints.length > 0 && fieldValidation === 'Strict') {
    throw unhandled(kind, `strict decoding error: ${complaints.join(', ')}`)
  }
  return { object, warnings: fieldValidation === 'Warn' ? complaints : [] }
}

/** An empty list of managers asks to forget them; it says so as a list with one that says nothing, which is kept. */
function forgetsManagers(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false
  const { metadata } = value
  if (typeof metadata !== 'object' || metadata === null || !('managedFields' in metadata)) return false
  return Array.isArray(metadata.managedFields) && metadata.managedFields.length === 0
}

function decoding<T extends KubernetesObject>(kind: BodyKind<T>, value: unknown) {
  try {
    return decode(kind.schema, value)
  } catch (error) {
    if (error instanceof DecodeError) throw unhandled(kind, error.message)
    throw error
  }
}

function parse(kind: BodyKind, bytes: Uint8Array): { value: unknown; duplicates: string[] } {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
  try {
    const duplicates = duplicateKeys(text)
    return { value: duplicates.length > 0 ? parseJsonMerging(text) : parseJsonExactly(text), duplicates }
  } catch (error) {
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${String(error)}`)
  }
}

function checkKind(kind: BodyKind, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw unrecognized(kind, 'it is not a JSON object')
  const sent = {
    kind: 'kind' in value ? value.kind : undefined,
    apiVersion: 'apiVersion' in value ? value.apiVersion : undefined,
  }
  // Absent is fine: the path says what it is.
  if ((sent.kind ?? kind.kind) !== kind.kind || (sent.apiVersion ?? kind.apiVersion) !== kind.apiVersion) {
    const what = `${JSON.stringify(sent.kind ?? '')} in version ${JSON.stringify(sent.apiVersion ?? '')}`
    throw StatusError.badRequest(
      `${what} cannot be handled as a ${kind.kind} in version "${kind.apiVersion}": send it to its own resource`,
    )
  }
}

const unhandled = (kind: BodyKind, why: string): StatusError =>
  StatusError.badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`)

const unrecognized = (kind: BodyKind, why: string): StatusError =>
  StatusError.badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): ${why}`)
