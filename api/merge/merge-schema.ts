// What merging must know of a value: how it is put together, and which parts are owned as one. Derived from declared messages,
// or deduced from the value itself where nothing is declared. After structured-merge-diff v6 (schema.Atom).
import type { Field, Json, Message, Scalar, ValueType } from '../schema/message.ts'

export type MergeSchema =
  | ScalarSchema
  | MapSchema
  | ListSchema
  /** Nothing is declared: maps merge, lists and scalars are owned whole. */
  | { readonly is: 'deduced' }

export interface ScalarSchema {
  readonly is: 'scalar'
  readonly type: 'string' | 'numeric' | 'boolean' | 'untyped'
}

/** A struct or a map. */
export interface MapSchema {
  readonly is: 'map'
  readonly atomic: boolean
  /** The schema of a declared field; undefined: there is none of that name. */
  field(name: string): MergeSchema | undefined
  /** Of values whose keys are not declared; undefined: there may be none. */
  readonly element: MergeSchema | undefined
}

export interface ListSchema {
  readonly is: 'list'
  readonly relationship: 'atomic' | 'set' | 'map'
  readonly element: MergeSchema
  /** Of a list of type map: the fields that together identify an element, with the value of an absent one. */
  readonly keys: readonly { readonly name: string; readonly default: Json | undefined }[]
}

const deduced: MergeSchema = { is: 'deduced' }

/** The types that OpenAPI gives them; what may be written in several is untyped. */
const scalarTypes: Readonly<Record<Scalar, ScalarSchema['type']>> = {
  string: 'string',
  boolean: 'boolean',
  int32: 'numeric',
  int64: 'numeric',
  double: 'numeric',
  bytes: 'string',
  quantity: 'untyped',
  intOrString: 'untyped',
  time: 'untyped',
  microTime: 'untyped',
  object: 'untyped',
  fieldsV1: 'untyped',
}

/** What Kubernetes calls RawExtension: nothing is known of it, and it is owned whole. */
const anyObject: MergeSchema = { is: 'map', atomic: true, element: deduced, field: () => undefined }

const scalarSchema = (scalar: Scalar): MergeSchema =>
  scalar === 'object' ? anyObject : scalar === 'fieldsV1' ? deduced : { is: 'scalar', type: scalarTypes[scalar] }

const schemas = new WeakMap<Message, MergeSchema>()

/** The schema of objects that a message declares. */
export function mergeSchema(message: Message): MergeSchema {
  let schema = schemas.get(message)
  if (schema === undefined) {
    schema = structSchema(message, message.atomic === true)
    schemas.set(message, schema)
  }
  return schema
}

function structSchema(message: Message, atomic: boolean): MapSchema {
  const fields = new Map<string, MergeSchema>()
  return {
    is: 'map',
    atomic,
    element: undefined,
    field: name => {
      let schema = fields.get(name)
      if (schema === undefined) {
        const field = message.byName.get(name)
        if (field === undefined) return undefined
        schema = fieldSchema(field)
        fields.set(name, schema)
      }
      return schema
    },
  }
}

function fieldSchema({ type, rules }: Field): MergeSchema {
  switch (type.is) {
    case 'list':
      return listSchema(type.element, rules.listType ?? 'atomic', rules.keys ?? [])
    case 'map':
      return mapSchema(type.value, rules.mapType === 'atomic')
    case 'message': {
      const schema = mergeSchema(type.message())
      return rules.mapType === 'atomic' && schema.is === 'map' ? { ...schema, atomic: true } : schema
    }
    case 'scalar':
      return scalarSchema(type.scalar)
  }
}

function listSchema(element: ValueType, relationship: ListSchema['relationship'], keys: readonly string[]): ListSchema {
  const message = element.is === 'message' ? element.message() : undefined
  return {
    is: 'list',
    relationship,
    keys: keys.map(name => ({ name, default: message?.byName.get(name)?.rules.default })),
    get element() {
      return valueSchema(element)
    },
  }
}

function mapSchema(value: ValueType, atomic: boolean): MapSchema {
  return {
    is: 'map',
    atomic,
    field: () => undefined,
    get element() {
      return valueSchema(value)
    },
  }
}

/** Of a value without a field of its own: an element of a list, a value in a map. */
function valueSchema(type: ValueType): MergeSchema {
  switch (type.is) {
    case 'message':
      return mergeSchema(type.message())
    case 'list':
      return listSchema(type.element, 'atomic', [])
    case 'map':
      return mapSchema(type.value, false)
    case 'scalar':
      return scalarSchema(type.scalar)
  }
}

/** What a deduced schema is for a value at hand. */
export function resolve(schema: MergeSchema, value: Json | undefined): Exclude<MergeSchema, { is: 'deduced' }> {
  if (schema.is !== 'deduced') return schema
  if (Array.isArray(value)) return deducedList
  return typeof value === 'object' && value !== null ? deducedMap : { is: 'scalar', type: 'untyped' }
}

const deducedList: ListSchema = { is: 'list', relationship: 'atomic', element: deduced, keys: [] }
const deducedMap: MapSchema = { is: 'map', atomic: false, field: () => undefined, element: deduced }
