// Objects of a declared message at random, for property tests only.
import fc from 'fast-check'
import { type Decoded, decode } from './decode.ts'
import type { Field, Json, JsonObject, Message, Scalar, ValueType } from './message.ts'

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
const anyObject = fc.dictionary(word, fc.oneof(word, fc.integer(), fc.boolean()), { maxKeys: 2, noNullPrototype: true })
const moment = fc.integer({ min: 1, max: 4_000_000_000 }).map(seconds => new Date(seconds * 1000).toISOString())
const nearby = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })

const scalars: Readonly<Record<Scalar, fc.Arbitrary<Json>>> = {
  string: fc.oneof(word, fc.string({ maxLength: 12 })),
  boolean: fc.boolean(),
  int32: nearby,
  int64: fc.maxSafeInteger(),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => (Object.is(value, -0) ? 0 : value)),
  bytes: fc.uint8Array({ maxLength: 8 }).map(bytes => Buffer.from(bytes).toString('base64')),
  quantity: fc
    .tuple(fc.integer({ min: 0, max: 99_999 }), fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'Gi', 'e3'))
    .map(([number, suffix]) => `${number}${suffix}`),
  intOrString: fc.oneof(nearby, word),
  time: moment,
  microTime: moment.map(time => time.replace('Z', '000Z')),
  object: anyObject,
  fieldsV1: anyObject,
}

/** JSON that `decode` accepts for a message: at most `depth` messages deep, where messages are optional. */
function jsonOf(message: Message, depth: number): fc.Arbitrary<JsonObject> {
  const fields: Record<string, fc.Arbitrary<Json>> = {}
  const requiredKeys: string[] = []
  for (const field of message.fields) {
    const value = valueOf(field.type, field, depth)
    if (value === undefined) continue
    fields[field.name] = value
    if (field.rules.required === true) requiredKeys.push(field.name)
  }
  return fc.record(fields, { requiredKeys })
}

function valueOf(type: ValueType, { rules }: Field, depth: number): fc.Arbitrary<Json> | undefined {
  switch (type.is) {
    case 'scalar':
      if (rules.constant !== undefined) return fc.constant(rules.constant)
      if (rules.enum !== undefined) return fc.constantFrom(...rules.enum)
      return scalars[type.scalar]
    case 'message':
      return depth > 0 || rules.required === true ? jsonOf(type.message(), depth - 1) : undefined
    case 'list': {
      if (depth <= 0 && type.element.is === 'message') return undefined
      const element = elementOf(type.element, depth)
      return element && fc.array(element, { maxLength: 2 })
    }
    case 'map': {
      const element = elementOf(type.value, depth)
      return (
        element &&
        fc.dictionary(fc.oneof(word, fc.constant('__proto__')), element, { maxKeys: 2, noNullPrototype: true })
      )
    }
  }
}

function elementOf(type: ValueType, depth: number): fc.Arbitrary<Json> | undefined {
  if (type.is === 'scalar') return scalars[type.scalar]
  return type.is === 'message' ? jsonOf(type.message(), depth - 1) : undefined
}

/** Decoded objects of a message. */
export function arbitrary<T>(message: Message<T>, depth = 4): fc.Arbitrary<T> {
  return fc
    .noShrink(jsonOf(message, depth))
    .map((json): Decoded<T> => decode(message, json))
    .map(({ object }) => object)
}
