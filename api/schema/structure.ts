// What a declaration alone says of a decoded object's values: required, not empty, one of a set,
// within bounds. What depends on several fields is validated by plain functions beside the kinds.
import { type FieldError, invalid, notSupported, required } from './field-error.ts'
import type { Field, Message, ValueType } from './message.ts'

/** Every breach of the declaration. @param field where the object stands; absent: it is the whole */
export function validateStructure<T>(message: Message<T>, object: T, field = ''): FieldError[] {
  const errors: FieldError[] = []
  checkerOf(message)?.(object, field, errors)
  return errors
}

type Checker = (value: unknown, path: string, errors: FieldError[]) => void

/** Messages under which nothing is ruled map to undefined, so whole subtrees are never walked. */
const checkers = new WeakMap<Message, { readonly checker: Checker | undefined }>()

function checkerOf(message: Message): Checker | undefined {
  const known = checkers.get(message)
  if (known !== undefined) return known.checker
  let final: Checker | undefined
  // While it is being compiled, a message that contains itself refers to its final checker.
  checkers.set(message, { checker: (value, path, errors) => final?.(value, path, errors) })
  const steps = message.fields.flatMap(field => {
    const check = fieldChecker(field)
    return check === undefined ? [] : { name: field.name, check }
  })
  if (steps.length > 0) {
    final = (value, path, errors) => {
      if (!isRecord(value)) return
      for (const { name, check } of steps) check(value[name], path === '' ? name : `${path}.${name}`, errors)
    }
  }
  checkers.set(message, { checker: final })
  return final
}

function fieldChecker(field: Field): Checker | undefined {
  const { required: isRequired = false, nonEmpty = false, byValue = false } = field.rules
  if (field.rules.unchecked === true) return undefined
  const own = valueRules(field)
  const nested = valueChecker(field.type)
  if (!isRequired && own === undefined && nested === undefined) return undefined
  return (value, path, errors) => {
    if (value === undefined) {
      if (isRequired && !byValue) errors.push(required(path))
      return
    }
    if (nonEmpty && isEmpty(value)) {
      errors.push(required(path))
      return
    }
    own?.(value, path, errors)
    nested?.(value, path, errors)
  }
}

/** Rules on a scalar field, or on the emptiness of any. */
function valueRules({ rules }: Field): Checker | undefined {
  const { enum: values, min, max, nonEmpty } = rules
  if (values !== undefined) {
    return (value, path, errors) => {
      if (typeof value === 'string' && !values.includes(value)) errors.push(notSupported(path, value, values))
    }
  }
  if (min !== undefined || max !== undefined) {
    return (value, path, errors) => {
      if (typeof value !== 'number' || (value >= (min ?? -Infinity) && value <= (max ?? Infinity))) return
      errors.push(invalid(path, value, bounds(min, max)))
    }
  }
  return nonEmpty === true ? () => undefined : undefined
}

function bounds(min: number | undefined, max: number | undefined): string {
  if (max === undefined) return `must be greater than or equal to ${min ?? 0}`
  if (min === undefined) return `must be less than or equal to ${max}`
  return `must be between ${min} and ${max}, inclusive`
}

function valueChecker(type: ValueType): Checker | undefined {
  if (type.is === 'scalar') return undefined
  if (type.is === 'message') return checkerOf(type.message())
  const nested = valueChecker(type.is === 'list' ? type.element : type.value)
  if (nested === undefined) return undefined
  return (value, path, errors) => {
    if (Array.isArray(value)) value.forEach((element, index) => nested(element, `${path}[${index}]`, errors))
    else if (isRecord(value)) for (const key of Object.keys(value)) nested(value[key], `${path}[${key}]`, errors)
  }
}

function isEmpty(value: unknown): boolean {
  if (value === '') return true
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
