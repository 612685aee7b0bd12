// Why a field's value is refused, in the words Kubernetes' API servers use, since people search for them.

/** The closed set of meta/v1 cause reasons that concern a field. */
type FieldErrorReason =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError'

/** A cause of a Status of reason Invalid. */
export interface FieldError {
  readonly reason: FieldErrorReason
  /** `spec.containers[0].image`; list elements by index, map entries by key in brackets. */
  readonly field: string
  /** `Required value`, `Invalid value: "x": must be …`; without the field. */
  readonly message: string
}

/** The longest value quoted in a message, in characters. */
const quoted = 1024

function show(value: unknown): string {
  const text = value === undefined ? 'null' : JSON.stringify(value)
  return text.length > quoted ? `${text.slice(0, quoted)}…` : text
}

const detailed = (head: string, detail: string | undefined) =>
  detail === undefined || detail === '' ? head : `${head}: ${detail}`

/** The field must have a value and has none. */
export function required(field: string, detail?: string): FieldError {
  return { reason: 'FieldValueRequired', field, message: detailed('Required value', detail) }
}

/** The value is malformed or out of bounds; the detail says what it must be. */
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: detailed(`Invalid value: ${show(value)}`, detail) }
}

/** The value is none of a closed set. @param order in which the set is told: most of Kubernetes' rules sort it */
export function notSupported(
  field: string,
  value: unknown,
  supported: readonly string[],
  order: 'sorted' | 'given' = 'sorted',
): FieldError {
  const values = (order === 'given' ? [...supported] : [...supported].sort()).map(show).join(', ')
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: detailed(`Unsupported value: ${show(value)}`, values === '' ? '' : `supported values: ${values}`),
  }
}

/** The value may not be set here, or not now. */
export function forbidden(field: string, detail: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: detailed('Forbidden', detail) }
}

/** Another element of the list has the value already. */
export function duplicate(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${show(value)}` }
}

/** The value refers to something that is not there. */
export function notFound(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueNotFound', field, message: `Not found: ${show(value)}` }
}

/** Strings are bounded in bytes of UTF-8. */
export function tooLong(field: string, maxBytes: number): FieldError {
  return { reason: 'FieldValueTooLong', field, message: `Too long: may not be more than ${maxBytes} bytes` }
}

export function tooMany(field: string, actual: number, max: number): FieldError {
  return {
    reason: 'FieldValueTooMany',
    field,
    message: `Too many: ${actual}: must have at most ${max} items`,
  }
}
