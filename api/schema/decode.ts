// From plain JSON values to typed objects: what is not declared is dropped and told, what has the
// wrong type is refused, and what Kubernetes leaves out of its JSON (zeros that mean nothing) is left
// out here too, so that equal objects are stored equal.
import { storedQuantity } from '../values/quantity.ts'
import { formatMicroTime, formatTime, parseMicroMoment, parseMoment } from '../values/time.ts'
import type { Field, Message, Scalar, ValueType } from './message.ts'
import { nearest } from './nearest.ts'

/** A value of another type than declared. */
export interface TypeProblem {
  readonly field: string
  /** `must be a string, not a number` */
  readonly message: string
}

export interface Decoded<T> {
  readonly object: T
  /** Fields that no declaration knows, in the words of strict decoding errors; they are not in the object. */
  readonly unknown: readonly string[]
}

/** The value can't be an object of the declared type. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly problems: readonly TypeProblem[]

  constructor(problems: readonly TypeProblem[]) {
    super(problems.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`)).join(', '))
    this.problems = problems
  }
}

/**
 * Decodes a value that JSON.parse made.
 * @throws DecodeError when a value has another type than declared
 */
export function decode<T>(message: Message<T>, value: unknown): Decoded<T> {
  const report: Report = { problems: [], unknown: [] }
  const object = decoderOf(message)(value, root, report)
  if (report.problems.length > 0) throw new DecodeError(report.problems)
  // The decoder has just established the type that the message's declaration infers.
  return { object: object as T, unknown: report.unknown }
}

interface Report {
  readonly problems: TypeProblem[]
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
    if (!isRecord(value)) return refuse(report, path, 'an object', value)
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
        report.problems.push({
          field: pathText({ parent: path, step: name }),
          message: `must be "${field.constant}", not ${JSON.stringify(decoded)}`,
        })
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

/** Looking for what was meant costs more than all else; a hostile body may hold very many names. */
const mostHints = 20

function reportUnknown(message: Message, value: Record<string, unknown>, path: Path, report: Report): void {
  for (const name of Object.keys(value)) {
    if (message.byName.has(name)) continue
    const meant = report.unknown.length < mostHints ? nearest(name, message.byName.keys()) : undefined
    const hint = meant === undefined ? '' : ` (did you mean "${meant}"?)`
    report.unknown.push(`unknown field "${pathText({ parent: path, step: name })}"${hint}`)
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
    return () => decoderOf(type.message())({}, root, { problems: [], unknown: [] })
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
      return listDecoder(valueDecoder(type.element))
    case 'map':
      return mapDecoder(valueDecoder(type.value), type.value)
  }
}

function listDecoder(element: Decoder): Decoder {
  return (value, path, report) => {
    if (!Array.isArray(value)) return refuse(report, path, 'a list', value)
    const list: unknown[] = []
    for (let index = 0; index < value.length; index++) {
      const decoded = element(value[index], { parent: path, step: index }, report)
      if (decoded !== undefined) list.push(decoded)
    }
    return list
  }
}

function mapDecoder(decodeValue: Decoder, type: ValueType): Decoder {
  const nullIsEmpty = type.is === 'scalar' && (type.scalar === 'string' || type.scalar === 'bytes')
  return (value, path, report) => {
    if (!isRecord(value)) return refuse(report, path, 'a map', value)
    const map: Record<string, unknown> = {}
    for (const [key, raw] of Object.entries(value)) {
      const given = raw === null && nullIsEmpty ? '' : raw
      const decoded = decodeValue(given, { parent: path, step: key }, report)
      if (decoded !== undefined) setOwn(map, key, decoded)
    }
    return map
  }
}

/** Keys come from clients: `__proto__` is a key like any other. */
function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') map[key] = value
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reports a value of a wrong type; what is decoded of it is nothing. */
function refuse(report: Report, path: Path, expected: string, value: unknown): unknown {
  const actual = value === null ? 'null' : Array.isArray(value) ? 'a list' : actualNames[typeof value]
  const shown = typeof value === 'string' || typeof value === 'number' ? ` (${shorten(JSON.stringify(value))})` : ''
  report.problems.push({ field: pathText(path), message: `must be ${expected}, not ${actual ?? 'that'}${shown}` })
  return undefined
}

const actualNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  object: 'an object',
}

const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

const accept =
  (expected: string, accepts: (value: unknown) => boolean): Decoder =>
  (value, path, report) =>
    accepts(value) ? value : refuse(report, path, expected, value)

/** Accepts text (numbers too, where a quantity may be one) that has a canonical form, and answers that. */
const canonical =
  (expected: string, form: (text: string) => string | undefined, numbers = false): Decoder =>
  (value, path, report) => {
    const text = typeof value === 'string' ? value : numbers && typeof value === 'number' ? String(value) : undefined
    const result = text === undefined ? undefined : form(text)
    return result ?? refuse(report, path, expected, value)
  }

const isInt32 = (value: unknown) => typeof value === 'number' && (value | 0) === value

const scalarDecoders: Readonly<Record<Scalar, Decoder>> = {
  string: accept('a string', value => typeof value === 'string'),
  boolean: accept('true or false', value => typeof value === 'boolean'),
  int32: accept('a whole number of 32 bits', isInt32),
  int64: accept('a whole number within ±2^53', value => Number.isSafeInteger(value)),
  double: accept('a number', value => typeof value === 'number'),
  bytes: canonical('base64', canonicalBase64),
  quantity: canonical('a quantity such as 500m, 1.5 or 64Mi', storedQuantity, true),
  intOrString: accept('a whole number or a string', value => typeof value === 'string' || isInt32(value)),
  time: canonical('a time such as 2026-01-31T12:00:00Z', text => {
    const moment = parseMoment(text)
    return moment && formatTime(moment)
  }),
  microTime: canonical('a time such as 2026-01-31T12:00:00.000000Z', text => {
    const moment = parseMicroMoment(text)
    return moment && formatMicroTime(moment)
  }),
  object: accept('an object', isRecord),
  fieldsV1: accept('an object', isRecord),
}

/** Base64 without the line breaks that tools put in; undefined when it is none. */
function canonicalBase64(text: string): string | undefined {
  const joined = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, '') : text
  const padding = joined.endsWith('==') ? 2 : joined.endsWith('=') ? 1 : 0
  if (joined.length % 4 !== 0) return undefined
  return /[^A-Za-z0-9+/]/.test(padding === 0 ? joined : joined.slice(0, -padding)) ? undefined : joined
}
