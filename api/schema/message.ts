// The language kinds are declared in. One declaration of a message is the source of its TypeScript
// type, its strict decoding, defaults, validation, protobuf codec, OpenAPI and merge rules; each of
// those lives in its own file beside this one and reads nothing but what stands here.

/** What a field holds when it is neither a message, a list nor a map, by the name of its JSON or wire form. */
export type Scalar = keyof ScalarTypes

/** The JSON form of each scalar. */
interface ScalarTypes {
  string: string
  boolean: boolean
  int32: number
  /** Within ±2^53, which is what JSON numbers carry exactly. */
  int64: number
  double: number
  /** Base64, standard alphabet with padding. */
  bytes: string
  /** A quantity in canonical form: `250m`, `1Gi` (api/values/quantity.ts). */
  quantity: string
  /** A number, or a string such as `http` or `25%`. */
  intOrString: number | string
  /** RFC 3339 in UTC, whole seconds: `2026-01-31T12:00:00Z`. */
  time: string
  /** RFC 3339 in UTC with six digits of a second: `2026-01-31T12:00:00.000000Z`. */
  microTime: string
  /** Any JSON object; nested messages that carry it call it RawExtension on the wire. */
  object: JsonObject
  /** The set of fields a manager owns, in the form of `managedFields`. */
  fieldsV1: JsonObject
}

export type Json = string | number | boolean | null | Json[] | JsonObject

export interface JsonObject {
  [key: string]: Json
}

export type ValueType =
  | { readonly is: 'scalar'; readonly scalar: Scalar }
  | { readonly is: 'message'; readonly message: () => Message }
  | { readonly is: 'list'; readonly element: ValueType }
  | { readonly is: 'map'; readonly value: ValueType }

/** How two versions of a list become one: as a whole, as a set of scalars, or by the keys of its elements. */
type ListType = 'atomic' | 'set' | 'map'

/** What a strategic merge patch does with a field: merges it, and drops what the patch does not name. */
export type PatchStrategy = 'merge' | 'replace' | 'retainKeys' | 'merge,retainKeys'

export interface Rules {
  /** Listed as required in OpenAPI: a client must give it. */
  readonly required?: boolean
  /**
   * An explicit zero ("", 0, false) means something else than absence. Without it a zero is not stored, as
   * Kubernetes does not store it.
   */
  readonly explicit?: boolean
  /** Set when absent. A constant; what depends on other fields is a kind's own defaulting. */
  readonly default?: string | number | boolean
  /** A required string, list or message must not be empty. */
  readonly nonEmpty?: boolean
  /** The closed set of values. */
  readonly enum?: readonly string[]
  readonly min?: number
  readonly max?: number
  /** What is wrong with the value is found by the kind's own rules, which have an order; its structure is left to them. */
  readonly unchecked?: boolean
  /** A nested message that is always there: decoding makes `{}` where it is absent. */
  readonly byValue?: boolean
  /** The only value there is (apiVersion and kind). */
  readonly constant?: string
  readonly listType?: ListType
  /** Fields that together identify an element of a list of type map. */
  readonly keys?: readonly string[]
  readonly mapType?: 'atomic' | 'granular'
  readonly patch?: PatchStrategy
  /** The field by which strategic merge finds an element again. */
  readonly mergeKey?: string
}

/** A declared field: T is its TypeScript type, P whether it is always present in a decoded object. */
export interface FieldSpec<out T = unknown, out P extends boolean = boolean> {
  /** The protobuf number; 0 for apiVersion and kind, which travel in the envelope. */
  readonly tag: number
  readonly doc: string
  readonly type: ValueType
  readonly rules: Rules
  /** Only in the type system. */
  readonly $type?: T
  /** Only in the type system. */
  readonly $present?: P
}

/** A field of a message, with its JSON name. */
export interface Field extends FieldSpec {
  readonly name: string
}

/** A message whose fields are inlined in JSON and nested on the wire (an embedded struct in Go). */
export interface Embedded<out T = unknown> {
  readonly tag: number
  /** The nested field's name on the wire. */
  readonly name: string
  readonly message: () => Message<T>
}

/** A declared message; T is the TypeScript type of a decoded one. */
export interface Message<out T = unknown> {
  /** As in protobuf, without the leading `k8s.io`: `api.core.v1.Container`. */
  readonly name: string
  readonly doc: string
  /** The fields of JSON in order, those of embedded messages included. */
  readonly fields: readonly Field[]
  readonly byName: ReadonlyMap<string, Field>
  /** It is owned and merged as one, whatever field holds it (`structType=atomic` in Kubernetes' declarations). */
  readonly atomic?: boolean
  /** What the message holds on the wire besides, or instead of, fields of its own. */
  readonly embedded: Embedded | undefined
  /** The fields the message itself declares. */
  readonly own: readonly Field[]
  /** Only in the type system. */
  readonly $type?: T
}

/** The TypeScript type of a message. */
export type Infer<M> = M extends Message<infer T> ? T : never

/** What a message declares, by JSON name. */
export type Fields = Readonly<Record<string, FieldSpec>>
type Present = { readonly $present?: true }
type TypeOf<F> = F extends FieldSpec<infer T> ? T : never
type Shape<F extends Fields> = {
  [K in keyof F as F[K] extends Present ? K : never]: TypeOf<F[K]>
} & {
  [K in keyof F as F[K] extends Present ? never : K]?: TypeOf<F[K]>
}
type IsPresent<R> = R extends { readonly byValue: true }
  ? true
  : R extends { readonly unchecked: true }
    ? false
    : R extends { readonly required: true }
      ? true
      : false
type EnumOf<R> = R extends { readonly enum: readonly (infer E extends string)[] } ? E : string

/** A message, or a function that answers it: what a message holds that is declared further down, or itself. */
type Nested<T = unknown> = Message<T> | (() => Message<T>)

/** The TypeScript type of a nested message, a list's element or a map's value. */
type ElementType<E> = E extends Scalar ? ScalarTypes[E] : E extends Nested<infer T> ? T : never

/**
 * Declares a message.
 * @param name as in protobuf, without the leading `k8s.io`
 * @param doc one or two sentences; the text `kubectl explain` prints
 */
// Each type is spelt out here: through an alias editors and errors would show how it is made instead of its fields.
export function message<F extends Fields>(
  name: string,
  doc: string,
  fields: F,
): Message<{ [K in keyof Shape<F>]: Shape<F>[K] }>
export function message<F extends Fields, E>(
  name: string,
  doc: string,
  fields: F,
  embedded: Embedded<E>,
): Message<{ [K in keyof (Shape<F> & E)]: (Shape<F> & E)[K] }>
export function message(name: string, doc: string, fields: Fields, embedded?: Embedded): Message {
  const own = Object.entries(fields).map(([field, spec]): Field => ({ name: field, ...spec }))
  return declared(name, doc, own, embedded)
}

/** @returns a message of whatever type its declaration is known to infer */
function declared(name: string, doc: string, own: readonly Field[], embedded?: Embedded): Omit<Message, '$type'> {
  let inlined: { readonly fields: readonly Field[]; readonly byName: ReadonlyMap<string, Field> } | undefined
  // Embedded messages may be declared further down, so they are looked at on first use.
  const inline = () => {
    if (inlined === undefined) {
      const all = embedded === undefined ? own : [...own, ...embedded.message().fields]
      inlined = { fields: all, byName: new Map(all.map(field => [field.name, field])) }
    }
    return inlined
  }
  return {
    name,
    doc,
    own,
    embedded,
    get fields() {
      return inline().fields
    },
    get byName() {
      return inline().byName
    },
  }
}

/** The same message, some of whose texts can only have one value: `withConstants(pod, { kind: 'Pod' })`. */
export function withConstants<T>(
  { name, doc, own, embedded }: Message<T>,
  constants: Readonly<Record<string, string>>,
): Message<T> {
  const fields = own.map(field => {
    const constant = constants[field.name]
    return constant === undefined ? field : { ...field, rules: { constant } }
  })
  return declared(name, doc, fields, embedded)
}

/** Marks a message that is owned and merged as one, wherever it stands. */
export function atomic<T>(message: Message<T>): Message<T> {
  return Object.assign(message, { atomic: true })
}

/** An embedded message: `embed(2, 'volumeSource', volumeSource)`. */
export function embed<T>(tag: number, name: string, message: Nested<T>): Embedded<T> {
  return { tag, name, message: deferred(message) }
}

interface StringRules extends Rules {
  readonly default?: string
}
interface NumberRules extends Rules {
  readonly default?: number
}
interface BooleanRules extends Rules {
  readonly default?: boolean
}

function spec<T, P extends boolean>(tag: number, doc: string, type: ValueType, rules: Rules = {}): FieldSpec<T, P> {
  return { tag, doc, type, rules }
}

const scalar = (name: Scalar): ValueType => ({ is: 'scalar', scalar: name })

const deferred = <T>(message: Nested<T>): (() => Message<T>) =>
  typeof message === 'function' ? message : () => message

function valueType(element: Scalar | Nested): ValueType {
  return typeof element === 'string' ? scalar(element) : { is: 'message', message: deferred(element) }
}

export const string = <const R extends StringRules>(tag: number, doc: string, rules?: R) =>
  spec<EnumOf<R>, IsPresent<R>>(tag, doc, scalar('string'), rules)

export const boolean = <const R extends BooleanRules>(tag: number, doc: string, rules?: R) =>
  spec<boolean, IsPresent<R>>(tag, doc, scalar('boolean'), rules)

export const int32 = <const R extends NumberRules>(tag: number, doc: string, rules?: R) =>
  spec<number, IsPresent<R>>(tag, doc, scalar('int32'), rules)

export const int64 = <const R extends NumberRules>(tag: number, doc: string, rules?: R) =>
  spec<number, IsPresent<R>>(tag, doc, scalar('int64'), rules)

export const bytes = <const R extends Rules>(tag: number, doc: string, rules?: R) =>
  spec<string, IsPresent<R>>(tag, doc, scalar('bytes'), rules)

export const quantity = <const R extends Rules>(tag: number, doc: string, rules?: R) =>
  spec<string, IsPresent<R>>(tag, doc, scalar('quantity'), rules)

export const intOrString = <const R extends Rules>(tag: number, doc: string, rules?: R) =>
  spec<number | string, IsPresent<R>>(tag, doc, scalar('intOrString'), rules)

export const time = <const R extends Rules>(tag: number, doc: string, rules?: R) =>
  spec<string, IsPresent<R>>(tag, doc, scalar('time'), rules)

export const microTime = <const R extends Rules>(tag: number, doc: string, rules?: R) =>
  spec<string, IsPresent<R>>(tag, doc, scalar('microTime'), rules)

export const object = <const R extends Rules>(tag: number, doc: string, rules?: R) =>
  spec<JsonObject, IsPresent<R>>(tag, doc, scalar('object'), rules)

export const fieldsV1 = <const R extends Rules>(tag: number, doc: string, rules?: R) =>
  spec<JsonObject, IsPresent<R>>(tag, doc, scalar('fieldsV1'), rules)

/** A nested message: `one(18, 'doc', affinity)`. */
export const one = <M extends Nested, const R extends Rules>(tag: number, doc: string, message: M, rules?: R) =>
  spec<ElementType<M>, IsPresent<R>>(tag, doc, valueType(message), rules)

/** A list of scalars or messages: `list(2, 'doc', container, { listType: 'map', keys: ['name'] })`. */
export const list = <E extends Scalar | Nested, const R extends Rules>(
  tag: number,
  doc: string,
  element: E,
  rules?: R,
) => spec<ElementType<E>[], IsPresent<R>>(tag, doc, { is: 'list', element: valueType(element) }, rules)

/** A map from strings: `map(1, 'doc', 'quantity')`. */
export const map = <E extends Scalar | Nested, const R extends Rules>(tag: number, doc: string, value: E, rules?: R) =>
  spec<Record<string, ElementType<E>>, IsPresent<R>>(tag, doc, { is: 'map', value: valueType(value) }, rules)

/** apiVersion and kind of one kind, which travel in the envelope on the wire. */
export const typeMeta = <const V extends string, const K extends string>(apiVersion: V, kind: K) => ({
  kind: spec<K, true>(0, 'The kind of object this is; always the same for one type.', scalar('string'), {
    constant: kind,
  }),
  apiVersion: spec<V, true>(0, 'The group and version whose schema this object follows.', scalar('string'), {
    constant: apiVersion,
  }),
})
