// OpenAPI v3 schemas of declared messages, with the extensions that kubectl's explain, apply and
// client-side checks read.
import type { Field, Message, Scalar, ValueType } from './message.ts'

/** A schema object of OpenAPI 3.0. */
export interface OpenApiSchema {
  readonly [keyword: string]: unknown
}

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** The name of a message's schema in a document: `io.k8s.api.core.v1.Pod`. */
export const schemaName = (message: Message): string => `io.k8s.${message.name}`

const reference = (name: string) => `#/components/schemas/${name}`

/** Scalars that have a schema of their own to refer to. */
const named: Partial<Readonly<Record<Scalar, string>>> = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  microTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  object: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  fieldsV1: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
}

const scalarSchemas: Readonly<Record<Scalar, OpenApiSchema>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  quantity: {
    description: 'An exact number with an optional suffix: 250m, 1.5, 64Mi, 1e3.',
    oneOf: [{ type: 'string' }, { type: 'number' }],
  },
  intOrString: {
    description: 'A whole number, or a string such as a port name or a percentage.',
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  time: { description: 'A moment to the second, in RFC 3339.', type: 'string', format: 'date-time' },
  microTime: { description: 'A moment to the microsecond, in RFC 3339.', type: 'string', format: 'date-time' },
  object: { description: 'An object of any kind.', type: 'object' },
  fieldsV1: { description: 'A set of fields, as a trie of their paths.', type: 'object' },
}

/**
 * The schemas of messages and of all they contain, by name.
 * @param kindsOf which kinds a message is the schema of
 */
export function openApiSchemas(
  messages: Iterable<Message>,
  kindsOf: ReadonlyMap<Message, readonly GroupVersionKind[]>,
): Record<string, OpenApiSchema> {
  const schemas: Record<string, OpenApiSchema> = {}
  const visit = (message: Message) => {
    const name = schemaName(message)
    if (schemas[name] !== undefined) return
    // Set before its fields are looked at: a message may contain itself.
    schemas[name] = {}
    schemas[name] = messageSchema(message, kindsOf.get(message) ?? [])
    for (const field of message.fields) visitType(field.type)
  }
  const visitType = (type: ValueType): void => {
    switch (type.is) {
      case 'message':
        visit(type.message())
        break
      case 'list':
        visitType(type.element)
        break
      case 'map':
        visitType(type.value)
        break
      case 'scalar': {
        const name = named[type.scalar]
        if (name !== undefined) schemas[name] = scalarSchemas[type.scalar]
      }
    }
  }
  for (const message of messages) visit(message)
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function messageSchema(message: Message, kinds: readonly GroupVersionKind[]): OpenApiSchema {
  const required = message.fields.filter(({ rules }) => rules.required === true).map(({ name }) => name)
  return {
    description: message.doc,
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(message.fields.map(field => [field.name, fieldSchema(field)])),
    ...(kinds.length > 0 && { 'x-kubernetes-group-version-kind': kinds }),
  }
}

function fieldSchema({ type, doc, rules }: Field): OpenApiSchema {
  const schema = typeSchema(type)
  const { enum: values, default: constant, byValue, min, max } = rules
  return {
    description: doc,
    // A reference may not have siblings, so it stands alone in an allOf.
    ...('$ref' in schema ? { allOf: [schema] } : schema),
    ...(constant !== undefined && { default: constant }),
    ...(byValue === true && { default: {} }),
    ...(values !== undefined && { enum: values }),
    ...(min !== undefined && { minimum: min }),
    ...(max !== undefined && { maximum: max }),
    ...(rules.listType !== undefined && { 'x-kubernetes-list-type': rules.listType }),
    ...(rules.keys !== undefined && { 'x-kubernetes-list-map-keys': rules.keys }),
    ...(rules.mapType !== undefined && { 'x-kubernetes-map-type': rules.mapType }),
    ...(rules.patch !== undefined && { 'x-kubernetes-patch-strategy': rules.patch }),
    ...(rules.mergeKey !== undefined && { 'x-kubernetes-patch-merge-key': rules.mergeKey }),
  }
}

function typeSchema(type: ValueType): OpenApiSchema {
  switch (type.is) {
    case 'message':
      return { $ref: reference(schemaName(type.message())) }
    case 'list':
      return { type: 'array', items: typeSchema(type.element) }
    case 'map':
      return { type: 'object', additionalProperties: typeSchema(type.value) }
    case 'scalar': {
      const name = named[type.scalar]
      return name === undefined ? scalarSchemas[type.scalar] : { $ref: reference(name) }
    }
  }
}
