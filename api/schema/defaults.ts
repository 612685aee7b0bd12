// The constant defaults of a declaration, set where a field is absent.
import type { Field, Message, ValueType } from './message.ts'

/** Sets declared defaults, in place, in an object of the message's type. */
export function setDeclaredDefaults<T>(message: Message<T>, object: T): void {
  setterOf(message)?.(object)
}

type Setter = (value: unknown) => void

/** Messages under which nothing has a default map to undefined, so whole subtrees are never walked. */
const setters = new WeakMap<Message, { readonly setter: Setter | undefined }>()

function setterOf(message: Message): Setter | undefined {
  const known = setters.get(message)
  if (known !== undefined) return known.setter
  // While it is being compiled, a message that contains itself refers to its final setter.
  let final: Setter | undefined
  setters.set(message, { setter: value => final?.(value) })
  const steps = message.fields.flatMap(field => fieldSetter(field) ?? [])
  if (steps.length > 0) {
    final = value => {
      if (isRecord(value)) for (const step of steps) step(value)
    }
  }
  setters.set(message, { setter: final })
  return final
}

function fieldSetter(field: Field): ((object: Record<string, unknown>) => void) | undefined {
  const { name } = field
  const constant = field.rules.default
  if (constant !== undefined) {
    return object => {
      object[name] ??= constant
    }
  }
  const nested = valueSetter(field.type)
  return nested && (object => nested(object[name]))
}

function valueSetter(type: ValueType): Setter | undefined {
  if (type.is === 'scalar') return undefined
  if (type.is === 'message') return setterOf(type.message())
  const nested = valueSetter(type.is === 'list' ? type.element : type.value)
  if (nested === undefined) return undefined
  return value => {
    const values = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : []
    for (const element of values) nested(element)
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
