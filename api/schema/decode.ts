// From plain JSON values to typed objects: what is not declared is dropped and told, what has the
// wrong type is refused, and what Kubernetes leaves out of its JSON (zeros that mean nothing) is left
// out here too, so that equal objects are stored equal.
import { storedQuantity } from '../values/quantity.ts'
import { formatMicroTime, formatTime, parseMicroMoment, parseMoment } from '../values/time.ts'
import { canonicalBase64 } from './base64.ts'
import { decodeFault } from './decode-fault.ts'
import type { Field, Message, Scalar, ValueType } from './message.ts'
import { NumberLiteral, setOwn, withPlainNumbers } from './number-literal.ts'

export interface Decoded<T> {
  readonly object: T
  /** Fields that no declaration knows, in the words of strict decoding errors; they are not in the object. */
  readonly unknown: readonly string[]
}

/** The value can't be an object of the declared type; the message says why, as Kubernetes does. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}

/**
 * Decodes a value that JSON.parse or parseJsonExactly made.
 * @throws DecodeError when a value has another type than declared
 */
export function decode<T>(message: Message<T>, value: unknown): Decoded<T> {
  const report: Report = { refused: undefined, unknown: [] }
  const object = decoderOf(message)(value, root, report)
  if (report.refused !== undefined) throw new DecodeError(decodeFault(message, value) ?? report.refused)
  // The decoder has just established the type that the message's declaration infers.
  return { object: object as T, unknown: report.unknown }
}

interface Report {
  /** The first value of a wrong type, for what only this reader knows to be wrong. */
  refused: string | undefined
  readonly unknown: string[]
}

/** A path that is written out only when something is to be told of it. */
interface Path {
  readonly parent: Path | undefined
  readonly step: string | number
}

const root: Path = { parent: undefined, step: '' }

function pathText(path: Path): string {
  if (path.parent === undefined) return ''
  const before = pathText(path.parent)
  if (typeof path.step === 'number') return `${before}[${path.step}]`
  return before === '' ? path.step : `${before}.${path.step}`
}

/** The decoded value; undefined when it is refused (and reported) or stands for absence. */
type Decoder = (value: unknown, path: Path, report: Report) => unknown

const decoders = new WeakMap<Message, Decoder>()

function decoderOf(message: Message): Decoder {
  let decoder = decoders.get(message)
  if (decoder === undefined) {
    // Registered before its fields are looked at: a message may contain itself.
    let compiled: Decoder | undefined
    decoder = (value, path, report) => (compiled ??= messageDecoder(message))(value, path, report)
    decoders.set(message, decoder)
  }
  return decoder
}

interface CompiledField {
  readonly name: string
  readonly decode: Decoder
  readonly keepsZero: boolean
  /** Makes the value of an absent field; undefined leaves it absent. */
  readonly absent: () => unknown
  readonly constant: string | undefined
}

function messageDecoder(message: Message): Decoder {
  const fields = message.fields.map(compile)
  return (value, path, report) => {
    if (!isRecord(value)) return refuse(report, path)
    const object: Record<string, unknown> = {}
    let known = 0
    for (const field of fields) {
      const { name } = field
      const given = Object.hasOwn(value, name)
      if (given) known++
      const raw = given ? value[name] : undefined
      const decoded =
        raw === undefined || raw === null ? undefined : field.decode(raw, { parent: path, step: name }, report)
      if (field.constant !== undefined && decoded !== undefined && decoded !== field.constant) {
        const where = pathText({ parent: path, step: name })
        report.refused ??= `${where}: must be "${field.constant}", not ${JSON.stringify(decoded)}`
      }
      if (decoded !== undefined && (field.keepsZero || !isZero(decoded))) object[name] = decoded
      else {
        const absent = field.absent()
        if (absent !== undefined) object[name] = absent
      }
    }
    if (known !== Object.keys(value).length) reportUnknown(message, value, path, report)
    return object
  }
}

function reportUnknown(message: Message, value: Record<string, unknown>, path: Path, report: Report): void {
  for (const name of Object.keys(value)) {
    if (!message.byName.has(name)) report.unknown.push(`unknown field "${pathText({ parent: path, step: name })}"`)
  }
}

function compile(field: Field): CompiledField {
  const { required = false, explicit = false, byValue = false, constant } = field.rules
  return {
    name: field.name,
    decode: valueDecoder(field.type),
    keepsZero: explicit || required || field.type.is === 'message',
    absent: absentValue(field.type, { required, byValue, constant }),
    constant,
  }
}

/** What a decoded object has where the field is absent: required scalars are their zero, by-value messages `{}`. */
function absentValue(
  type: ValueType,
  rules: { readonly required: boolean; readonly byValue: boolean; readonly constant: string | undefined },
): () => unknown {
  if (rules.constant !== undefined) return () => rules.constant
  if (rules.byValue && type.is === 'message') {
    // The zero message has by-value messages and required fields of its own.
    return () => decoderOf(type.message())({}, root, { refused: undefined, unknown: [] })
  }
  if (!rules.required) return () => undefined
  if (type.is === 'list') return () => []
  if (type.is === 'map') return () => ({})
  const zero = type.is === 'scalar' ? zeros[type.scalar] : undefined
  return () => zero
}

const zeros: Readonly<Record<Scalar, string | number | boolean | undefined>> = {
  string: '',
  bytes: '',
  boolean: false,
  int32: 0,
  int64: 0,
  double: 0,
  quantity: '0',
  intOrString: 0,
  time: undefined,
  microTime: undefined,
  object: undefined,
  fieldsV1: undefined,
}

function isZero(value: unknown): boolean {
  if (value === '' || value === 0 || value === false) return true
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0
}

function valueDecoder(type: ValueType): Decoder {
  switch (type.is) {
    case 'scalar':
      return scalarDecoders[type.scalar]
    case 'message':
      return (value, path, report) => decoderOf(type.message())(value, path, report)
    case 'list':
      return listDecoder(valueDecoder(type.element), type.element)
    case 'map':
      return mapDecoder(valueDecoder(type.value), type.value)
  }
}

function listDecoder(element: Decoder, type: ValueType): Decoder {
  const zero = zeroOf(type)
  return (value, path, report) => {
    if (!Array.isArray(value)) return refuse(report, path)
    const list: unknown[] = []
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index]
      const decoded = item === null ? zero() : element(item, { parent: path, step: index }, report)
      if (decoded !== undefined) list.push(decoded)
    }
    return list
  }
}

function mapDecoder(decodeValue: Decoder, type: ValueType): Decoder {
  const zero = zeroOf(type)
  return (value, path, report) => {
    if (!isRecord(value)) return refuse(report, path)
    const map: Record<string, unknown> = {}
    for (const [key, raw] of Object.entries(value)) {
      const decoded = raw === null ? zero() : decodeValue(raw, { parent: path, step: key }, report)
      if (decoded !== undefined) setOwn(map, key, decoded)
    }
    return map
  }
}

/** What null stands for in a list or a map. */
function zeroOf(type: ValueType): () => unknown {
  switch (type.is) {
    case 'scalar': {
      const zero = zeros[type.scalar]
      return () => zero
    }
    case 'message':
      return () => decoderOf(type.message())({}, root, { refused: undefined, unknown: [] })
    case 'list':
      return () => []
    case 'map':
      return () => ({})
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral)
}

/** Notes that a value is of a wrong type; what is decoded of it is nothing. */
function refuse(report: Report, path: Path): unknown {
  report.refused ??= `${pathText(path)}: has the wrong type`
  return undefined
}

const accept =
  (accepts: (value: unknown) => boolean): Decoder =>
  (value, path, report) =>
    accepts(value) ? value : refuse(report, path)

/** Accepts text that has a canonical form, and answers that. */
const canonical =
  (form: (text: string) => string | undefined): Decoder =>
  (value, path, report) =>
    (typeof value === 'string' ? form(value) : undefined) ?? refuse(report, path)

const isInt32 = (value: unknown) => typeof value === 'number' && (value | 0) === value

/** The zero time of Go stands for none. */
const zeroTime = '0001-01-01T00:00:00Z'

const time =
  (form: (text: string) => string | undefined): Decoder =>
  (value, path, report) =>
    value === zeroTime ? undefined : canonical(form)(value, path, report)

const scalarDecoders: Readonly<Record<Scalar, Decoder>> = {
  string: (value, path, report) => (typeof value === 'string' ? value.toWellFormed() : refuse(report, path)),
  boolean: accept(value => typeof value === 'boolean'),
  int32: accept(isInt32),
  int64: accept(value => Number.isSafeInteger(value)),
  double: (value, path, report) =>
    value instanceof NumberLiteral ? value.value : typeof value === 'number' ? value : refuse(report, path),
  bytes: canonical(canonicalBase64),
  quantity: (value, path, report) => {
    const text = value instanceof NumberLiteral ? value.text : typeof value === 'number' ? String(value) : value
    return (typeof text === 'string' ? storedQuantity(text) : undefined) ?? refuse(report, path)
  },
  intOrString: accept(value => typeof value === 'string' || isInt32(value)),
  time: time(text => {
    const moment = parseMoment(text)
    return moment && formatTime(moment)
  }),
  microTime: time(text => {
    const moment = parseMicroMoment(text)
    return moment && formatMicroTime(moment)
  }),
  object: (value, path, report) => (isRecord(value) ? withPlainNumbers(value) : refuse(report, path)),
  fieldsV1: (value, path, report) => (isRecord(value) ? withPlainNumbers(value) : refuse(report, path)),
}
