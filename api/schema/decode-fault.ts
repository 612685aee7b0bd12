// Why a value can't be decoded, in the words of Go's encoding/json, as Kubernetes tells it: the first fault in the order of the
// text. Only asked once something is known to be wrong.
import { Quantity, quantityFault } from '../values/quantity.ts'
import { base64Fault } from './base64.ts'
import type { Field, Message, Scalar, ValueType } from './message.ts'
import { NumberLiteral } from './number-literal.ts'
import { timeFault } from './time-fault.ts'

/** Undefined when nothing is wrong. */
export function decodeFault(message: Message, value: unknown): string | undefined {
  return messageFault(message, value, { struct: '', path: [] })
}

/** Where a value stands: the Go struct whose field it is in, and the path of fields to it, without indexes and keys. */
interface Place {
  readonly struct: string
  readonly path: readonly string[]
}

function messageFault(message: Message, value: unknown, place: Place): string | undefined {
  if (value === null || value === undefined) return undefined
  if (!isRecord(value)) return mismatch(value, goName(message), place)
  const struct = shortName(message)
  for (const [name, item] of Object.entries(value)) {
    const field = message.byName.get(name)
    if (field === undefined) continue
    const at: Place = { struct, path: [...place.path, ...embeddedIn(message, field), name] }
    const fault = valueFault(field.type, item, at)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Go shows the struct that a field is inlined from. */
function embeddedIn(message: Message, { name }: Field): string[] {
  const { embedded } = message
  return embedded === undefined || message.own.some(own => own.name === name) ? [] : [shortName(embedded.message())]
}

function valueFault(type: ValueType, value: unknown, place: Place): string | undefined {
  if (value === null || value === undefined) return undefined
  switch (type.is) {
    case 'scalar':
      return scalarFault(type.scalar, value, place)
    case 'message':
      return messageFault(type.message(), value, place)
    case 'list':
      if (!Array.isArray(value)) return mismatch(value, goType(type), place)
      return first(value, item => valueFault(type.element, item, place))
    case 'map':
      if (!isRecord(value)) return mismatch(value, goType(type), place)
      return first(Object.values(value), item => valueFault(type.value, item, place))
  }
}

function first(values: readonly unknown[], fault: (value: unknown) => string | undefined): string | undefined {
  for (const value of values) {
    const found = fault(value)
    if (found !== undefined) return found
  }
  return undefined
}

function scalarFault(scalar: Scalar, value: unknown, place: Place): string | undefined {
  const as = (goType: string): string => mismatch(value, goType, place)
  switch (scalar) {
    case 'string':
      return typeof value === 'string' ? undefined : as('string')
    case 'boolean':
      return typeof value === 'boolean' ? undefined : as('bool')
    case 'int32':
      return isInt32(value) ? undefined : as('int32')
    case 'int64':
      return Number.isSafeInteger(value) ? undefined : as('int64')
    case 'double':
      return typeof value === 'number' || value instanceof NumberLiteral ? undefined : as('float64')
    case 'bytes':
      if (Array.isArray(value)) return first(value, item => mismatch(item, 'uint8', place))
      return typeof value === 'string' ? illegalBase64(value) : as('[]uint8')
    case 'quantity': {
      const text = value instanceof NumberLiteral ? value.text : value
      if (typeof text !== 'string' && typeof text !== 'number') return quantityFault('?')
      return Quantity.tryParse(String(text).trim()) === undefined ? quantityFault(String(text).trim()) : undefined
    }
    case 'intOrString':
      return typeof value === 'string' || isInt32(value) ? undefined : as('int32')
    case 'time':
    case 'microTime':
      return typeof value === 'string' ? timeFault(value, scalar === 'microTime') : as('string')
    case 'object':
    case 'fieldsV1':
      return isRecord(value) ? undefined : as('map[string]interface {}')
  }
}

function illegalBase64(text: string): string | undefined {
  const at = base64Fault(text)
  return at === undefined ? undefined : `illegal base64 data at input byte ${at}`
}

function mismatch(value: unknown, goType: string, { struct, path }: Place): string {
  const into = path.length === 0 ? 'Go value' : `Go struct field ${struct}.${path.join('.')}`
  return `json: cannot unmarshal ${shapeOf(value, goType)} into ${into} of type ${goType}`
}

/** A number that is none of the wanted kind is shown, unless no number is wanted at all. */
function shapeOf(value: unknown, goType: string): string {
  if (Array.isArray(value)) return 'array'
  if (value instanceof NumberLiteral || typeof value === 'number') {
    const text = value instanceof NumberLiteral ? value.text : String(value)
    return /^(?:int|uint|float)\d+$/.test(goType) ? `number ${text}` : 'number'
  }
  return typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : 'object'
}

const goScalars: Readonly<Record<Scalar, string>> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  object: 'runtime.RawExtension',
  fieldsV1: 'v1.FieldsV1',
}

function goType(type: ValueType): string {
  switch (type.is) {
    case 'scalar':
      return goScalars[type.scalar]
    case 'message':
      return goName(type.message())
    case 'list':
      return `[]${goType(type.element)}`
    case 'map':
      return `map[string]${goType(type.value)}`
  }
}

/** `api.core.v1.Container` is Go's `v1.Container`. */
const goName = ({ name }: Message): string => name.split('.').slice(-2).join('.')
const shortName = ({ name }: Message): string => name.split('.').at(-1) ?? name

const isInt32 = (value: unknown): boolean => typeof value === 'number' && (value | 0) === value

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral)
}
