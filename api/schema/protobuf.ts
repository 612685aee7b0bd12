// Kubernetes' protobuf: proto2 messages from the same declarations, in an envelope that names their
// kind. What JSON writes in one value (a time, a quantity, an embedded struct) is a message here.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
import protobuf from 'protobufjs'
import { formatMicroTime, formatTime, parseMoment } from '../values/time.ts'
import type { Field, Message, Scalar, ValueType } from './message.ts'

// Without Long, protobufjs reads 64-bit fields as numbers. That is a setting of the whole process, and fields made with
// Long break without it, so whoever makes fields sets it first: proto/service.ts does the same.
const util: { Long?: unknown } = protobuf.util
util.Long = undefined
protobuf.configure()

export const protobufMediaType = 'application/vnd.kubernetes.protobuf'

/** What stands in front of every body: `k8s` and a zero byte. */
const magic = Buffer.from('k8s\0', 'latin1')

export interface Envelope {
  readonly apiVersion: string
  readonly kind: string
  /** The object, encoded. */
  readonly raw: Uint8Array
}

/** The bytes are not what they should be. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError'
}

/** Encodes an object of a kind, in its envelope. */
export function encodeProtobuf<T extends { apiVersion: string; kind: string }>(message: Message<T>, object: T): Buffer {
  return wrap({ apiVersion: object.apiVersion, kind: object.kind, raw: encodeMessage(message, object) })
}

/** Puts an encoded object into an envelope. */
export function wrap({ apiVersion, kind, raw }: Envelope): Buffer {
  const unknown = unknownType.encode({ typeMeta: { apiVersion, kind }, raw }).finish()
  return Buffer.concat([magic, unknown])
}

/** Takes an object out of its envelope. @throws ProtobufError */
export function unwrap(bytes: Uint8Array): Envelope {
  if (magic.compare(bytes.subarray(0, magic.length)) !== 0) {
    throw new ProtobufError('the body does not begin with the bytes "k8s\\0" of Kubernetes protobuf')
  }
  const decoded = decodeAs(unknownType, bytes.subarray(magic.length), 'the envelope')
  const typeMeta = decoded.typeMeta
  const { apiVersion, kind } = isRecord(typeMeta) ? typeMeta : { apiVersion: '', kind: '' }
  return {
    apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
    kind: typeof kind === 'string' ? kind : '',
    raw: decoded.raw instanceof Uint8Array ? decoded.raw : new Uint8Array(),
  }
}

/** Encodes an object of a message, without envelope. */
export function encodeMessage<T>(message: Message<T>, object: T): Uint8Array {
  const { type, toWire } = codecOf(message)
  return type.encode(toWire(object)).finish()
}

/**
 * Decodes a message into its JSON form, zeros included: `decode` (decode.ts) makes a typed object of it.
 * @throws ProtobufError
 */
export function decodeMessage(message: Message, bytes: Uint8Array): Record<string, unknown> {
  const { type, toJson } = codecOf(message)
  return toJson(decodeAs(type, bytes, message.name))
}

function decodeAs(type: protobuf.Type, bytes: Uint8Array, what: string): Record<string, unknown> {
  try {
    const decoded: unknown = type.decode(bytes)
    return isRecord(decoded) ? decoded : {}
  } catch (error) {
    throw new ProtobufError(`${what} is not valid protobuf: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const root = new protobuf.Root()

function declare(name: string, fields: readonly protobuf.FieldBase[]): protobuf.Type {
  const dot = name.lastIndexOf('.')
  const type = new protobuf.Type(name.slice(dot + 1))
  for (const field of fields) type.add(field)
  root.define(name.slice(0, dot)).add(type)
  return type
}

const meta = 'apimachinery.pkg.apis.meta.v1'
const runtime = 'apimachinery.pkg.runtime'

declare(`${runtime}.TypeMeta`, [new protobuf.Field('apiVersion', 1, 'string'), new protobuf.Field('kind', 2, 'string')])
const unknownType = declare(`${runtime}.Unknown`, [
  new protobuf.Field('typeMeta', 1, 'TypeMeta'),
  new protobuf.Field('raw', 2, 'bytes'),
  new protobuf.Field('contentEncoding', 3, 'string'),
  new protobuf.Field('contentType', 4, 'string'),
])
declare(`${runtime}.RawExtension`, [new protobuf.Field('raw', 1, 'bytes')])
declare(`${meta}.FieldsV1`, [new protobuf.Field('Raw', 1, 'bytes')])
for (const name of ['Time', 'MicroTime']) {
  declare(`${meta}.${name}`, [new protobuf.Field('seconds', 1, 'int64'), new protobuf.Field('nanos', 2, 'int32')])
}
declare('apimachinery.pkg.api.resource.Quantity', [new protobuf.Field('string', 1, 'string')])
declare('apimachinery.pkg.util.intstr.IntOrString', [
  new protobuf.Field('type', 1, 'int64'),
  new protobuf.Field('intVal', 2, 'int32'),
  new protobuf.Field('strVal', 3, 'string'),
])

/** The messages that stand for scalars or make up the envelope: tag and type of each field. */
export function wireScalars(): Record<string, Record<string, [tag: number, type: string]>> {
  const names = ['TypeMeta', 'Unknown', 'RawExtension'].map(name => `${runtime}.${name}`)
  const scalarTypes = Object.values(scalars).map(({ type }) => type.slice(1))
  return Object.fromEntries(
    [...names, ...scalarTypes]
      .filter(name => root.lookup(name) instanceof protobuf.Type)
      .map(name => [
        name,
        Object.fromEntries(root.lookupType(name).fieldsArray.map(field => [field.name, [field.id, field.type]])),
      ]),
  )
}

/** One value between its JSON form and the form protobufjs reads and writes; undefined is absence. */
interface ValueCodec {
  /** The protobuf type's name. */
  readonly type: string
  toWire(value: unknown): unknown
  toJson(value: unknown): unknown
}

const same = (type: string): ValueCodec => ({ type, toWire: value => value, toJson: value => value })

const int64: ValueCodec = { type: 'int64', toWire: value => value, toJson: integer }

function integer(value: unknown): number {
  return Number(value ?? 0)
}

function timeCodec(name: string, format: (moment: { seconds: number; nanos: number }) => string): ValueCodec {
  return {
    type: `.${meta}.${name}`,
    toWire: value => (typeof value === 'string' ? parseMoment(value) : undefined),
    toJson(value) {
      // An empty message is the zero time: none.
      if (!isRecord(value) || !Object.hasOwn(value, 'seconds')) return undefined
      return format({ seconds: integer(value.seconds), nanos: integer(value.nanos) })
    },
  }
}

/** A message of one field of bytes that holds JSON. */
function jsonCodec(type: string, field: string): ValueCodec {
  return {
    type,
    toWire: value => ({ [field]: Buffer.from(JSON.stringify(value), 'utf8') }),
    toJson(value) {
      const raw = isRecord(value) ? value[field] : undefined
      if (!(raw instanceof Uint8Array) || raw.length === 0) return undefined
      const parsed: unknown = JSON.parse(Buffer.from(raw).toString('utf8'))
      return parsed
    },
  }
}

const scalars: Readonly<Record<Scalar, ValueCodec>> = {
  string: same('string'),
  boolean: same('bool'),
  int32: same('int32'),
  int64,
  double: same('double'),
  bytes: {
    type: 'bytes',
    toWire: value => Buffer.from(String(value), 'base64'),
    toJson: value => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : undefined),
  },
  quantity: {
    type: '.apimachinery.pkg.api.resource.Quantity',
    toWire: value => ({ string: value }),
    toJson: value => (isRecord(value) && value.string !== '' ? value.string : undefined),
  },
  intOrString: {
    type: '.apimachinery.pkg.util.intstr.IntOrString',
    toWire: value => (typeof value === 'number' ? { type: 0, intVal: value } : { type: 1, strVal: value }),
    toJson(value) {
      if (!isRecord(value)) return undefined
      return integer(value.type) === 0 ? integer(value.intVal) : value.strVal
    },
  },
  time: timeCodec('Time', formatTime),
  microTime: timeCodec('MicroTime', formatMicroTime),
  object: jsonCodec(`.${runtime}.RawExtension`, 'raw'),
  fieldsV1: jsonCodec(`.${meta}.FieldsV1`, 'Raw'),
}

interface MessageCodec {
  readonly type: protobuf.Type
  toWire(object: unknown): Record<string, unknown>
  toJson(message: Record<string, unknown>): Record<string, unknown>
}

const codecs = new WeakMap<Message, MessageCodec>()

function codecOf(message: Message): MessageCodec {
  let codec = codecs.get(message)
  if (codec === undefined) {
    const type = declare(message.name, [])
    const fields: FieldCodec[] = []
    codec = {
      type,
      toWire: object => toWireMessage(fields, embedded, object),
      toJson: wire => toJsonMessage(fields, embedded, wire),
    }
    // Known before its fields are looked at: a message may contain itself.
    codecs.set(message, codec)
    const embedded = declareEmbedded(message, type)
    for (const field of message.own) {
      // apiVersion and kind travel in the envelope.
      if (field.tag > 0) fields.push(declareField(field, type))
    }
  }
  return codec
}

interface FieldCodec {
  readonly name: string
  toWire(value: unknown): unknown
  toJson(value: unknown): unknown
}

interface EmbeddedCodec {
  readonly name: string
  readonly codec: MessageCodec
  readonly fields: readonly string[]
}

function declareEmbedded({ embedded }: Message, type: protobuf.Type): EmbeddedCodec | undefined {
  if (embedded === undefined) return undefined
  const message = embedded.message()
  type.add(new protobuf.Field(embedded.name, embedded.tag, `.${message.name}`))
  return { name: embedded.name, codec: codecOf(message), fields: message.fields.map(({ name }) => name) }
}

function declareField({ name, tag, type }: Field, owner: protobuf.Type): FieldCodec {
  if (type.is === 'list') {
    const element = valueCodec(type.element)
    owner.add(new protobuf.Field(name, tag, element.type, 'repeated', undefined, { packed: false }))
    return { name, toWire: value => mapList(value, element.toWire), toJson: value => mapList(value, element.toJson) }
  }
  if (type.is === 'map') {
    const element = valueCodec(type.value)
    owner.add(new protobuf.MapField(name, tag, 'string', element.type))
    return {
      name,
      toWire: value => mapValues(value, element.toWire),
      toJson: value => mapValues(value, element.toJson),
    }
  }
  const { type: wireType, toWire, toJson } = valueCodec(type)
  owner.add(new protobuf.Field(name, tag, wireType, 'optional'))
  return { name, toWire, toJson }
}

function valueCodec(type: ValueType): ValueCodec {
  if (type.is === 'scalar') return scalars[type.scalar]
  if (type.is !== 'message') throw new TypeError('protobuf has no lists of lists and no maps of maps')
  const message = type.message()
  const codec = codecOf(message)
  return {
    type: `.${message.name}`,
    toWire: value => codec.toWire(value),
    toJson: value => (isRecord(value) ? codec.toJson(value) : undefined),
  }
}

function toWireMessage(fields: readonly FieldCodec[], embedded: EmbeddedCodec | undefined, object: unknown) {
  const wire: Record<string, unknown> = {}
  if (!isRecord(object)) return wire
  for (const { name, toWire } of fields) {
    const value = object[name]
    if (value !== undefined) wire[name] = toWire(value)
  }
  if (embedded?.fields.some(name => object[name] !== undefined) === true) {
    wire[embedded.name] = embedded.codec.toWire(object)
  }
  return wire
}

function toJsonMessage(
  fields: readonly FieldCodec[],
  embedded: EmbeddedCodec | undefined,
  wire: Record<string, unknown>,
): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const { name, toJson } of fields) {
    // What was not sent is on the prototype, as the type's default.
    if (!Object.hasOwn(wire, name)) continue
    const value = toJson(wire[name])
    if (value !== undefined) object[name] = value
  }
  const inner = embedded !== undefined && Object.hasOwn(wire, embedded.name) ? wire[embedded.name] : undefined
  if (embedded !== undefined && isRecord(inner)) Object.assign(object, embedded.codec.toJson(inner))
  return object
}

function mapList(value: unknown, convert: (element: unknown) => unknown): unknown[] {
  return Array.isArray(value) ? value.map(convert) : []
}

/** Keys come from clients; Object.fromEntries makes `__proto__` a key like any other. */
function mapValues(value: unknown, convert: (element: unknown) => unknown): Record<string, unknown> {
  if (!isRecord(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, convert(element)]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
