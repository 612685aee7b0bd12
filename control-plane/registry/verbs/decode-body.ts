// From what a client sent to an object that a verb may write into: typed, without unknown fields.
import { StatusError } from '../../../api/errors.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { BodyKind } from '../../../api/kinds/subresource.ts'
import { DecodeError, decode } from '../../../api/schema/decode.ts'
import { duplicateKeys } from '../../../api/schema/json.ts'
import { jsonSyntaxFault } from '../../../api/schema/json-syntax.ts'
import { NumberLiteral, parseJsonExactly, parseJsonMerging } from '../../../api/schema/number-literal.ts'
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
  registers: Registers = () => false,
): DecodedBody<T> {
  const { value, duplicates } = body instanceof Uint8Array ? parse(kind, body) : { value: body, duplicates: [] }
  checkKind(kind, value, body, registers)
  return decodeValue(kind, value, context, duplicates)
}

/** Whether there is a kind of that name: `('apps/v1', 'Deployment')`. */
export type Registers = (apiVersion: string, kind: string) => boolean

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
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = buffer.toString()
  if (text.length > deepBytes) refuseSyntax(kind, buffer)
  try {
    const duplicates = duplicateKeys(text)
    // A body of null is an object with nothing in it.
    return { value: (duplicates.length > 0 ? parseJsonMerging(text) : parseJsonExactly(text)) ?? {}, duplicates }
  } catch (error) {
    refuseSyntax(kind, buffer)
    throw error
  }
}

/** What is shorter than this can't be nested too deep. */
const deepBytes = 10_000

/** @throws StatusError 400 when it is no JSON, or nested too deep */
function refuseSyntax(kind: BodyKind, bytes: Buffer): void {
  const fault = jsonSyntaxFault(bytes.toString('latin1'))
  if (fault !== undefined) throw unrecognized(kind, `couldn't get version/kind; json parse error: ${fault}`, bytes)
}

/** The Go type that version and kind are read into: part of what Kubernetes answers. */
const typeMeta = `struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`

function checkKind(kind: BodyKind, value: unknown, body: Body, registers: Registers): void {
  const unread = (why: string): StatusError =>
    unrecognized(kind, `couldn't get version/kind; json parse error: json: cannot unmarshal ${why}`, body)
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof NumberLiteral) {
    throw unread(`${shapeOf(value)} into Go value of type ${typeMeta}`)
  }
  const text = (name: 'kind' | 'apiVersion'): string => {
    const sent: unknown = (value as Partial<Record<'kind' | 'apiVersion', unknown>>)[name] ?? ''
    if (typeof sent === 'string') return sent
    throw unread(`${shapeOf(sent)} into Go struct field .${name} of type string`)
  }
  // Absent is fine: the path says what it is.
  const [apiVersion, sent] = [text('apiVersion') || kind.apiVersion, text('kind') || kind.kind]
  if (apiVersion === kind.apiVersion && sent === kind.kind) return
  const [group = '', version, ...rest] = apiVersion.split('/')
  if (rest.length > 0) throw unrecognized(kind, `unexpected GroupVersion string: ${apiVersion}`, body)
  const shownVersion = version ?? group
  const internalPackage = kind.group === '' ? 'core' : (kind.group.split('.')[0] ?? '')
  const why = registers(apiVersion, sent)
    ? `converting (${shownVersion}.${sent}) to (${internalPackage}.${kind.kind}): unknown conversion`
    : `no kind "${sent}" is registered for version "${apiVersion}" in scheme "${schemes[kind.group] ?? legacyScheme}"`
  throw StatusError.badRequest(`${sent} in version "${shownVersion}" cannot be handled as a ${kind.kind}: ${why}`)
}

/** Kubernetes names the places in its source where kinds are registered, and clients are told so. */
const legacyScheme = 'pkg/api/legacyscheme/scheme.go:30'
const schemes: Readonly<Record<string, string>> = {
  'apiextensions.k8s.io': 'k8s.io/apiextensions-apiserver/pkg/apiserver/apiserver.go:55',
  'apiregistration.k8s.io': 'k8s.io/kube-aggregator/pkg/apiserver/scheme/scheme.go:28',
}

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (value instanceof NumberLiteral) return 'number'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

const unhandled = (kind: BodyKind, why: string): StatusError =>
  StatusError.badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`)

const unrecognized = (kind: BodyKind, why: string, body: Body): StatusError =>
  StatusError.badRequest(
    `the object provided is unrecognized (must be of type ${kind.kind}): ${why} (${beginning(body)})`,
  )

/** So much of a body is shown that is not understood, in bytes. */
const shownBytes = 30

/** As text where it looks like JSON, else in hexadecimal. */
function beginning(body: Body): string {
  const bytes = Buffer.from(body instanceof Uint8Array ? body : JSON.stringify(body))
  if (bytes.length === 0) return '<empty>'
  const shown = bytes.subarray(0, shownBytes).toString(bytes[0] === 0x7b ? 'utf8' : 'hex')
  return bytes.length > shownBytes ? `${shown} ...` : shown
}
