// What a strategic merge patch must know of a field.
import type { Field, Message, PatchStrategy, ValueType } from './message.ts'

export interface MergeRule {
  readonly strategy: PatchStrategy | undefined
  /** The field that identifies an element of a merged list of messages. */
  readonly mergeKey: string | undefined
  /** What the field itself is. */
  readonly is: ValueType['is']
  /** The message of the field, of its elements or of its values; undefined where those are scalars. */
  readonly message: Message | undefined
}

/** How a patch treats a field of a message; undefined when the message has no such field. */
export function mergeRule(message: Message, name: string): MergeRule | undefined {
  const field = message.byName.get(name)
  return field && ruleOf(field)
}

function ruleOf({ type, rules }: Field): MergeRule {
  return { strategy: rules.patch, mergeKey: rules.mergeKey, is: type.is, message: messageWithin(type) }
}

/** The message a value of this type consists of, below lists and maps. */
export function messageWithin(type: ValueType): Message | undefined {
  switch (type.is) {
    case 'scalar':
      return undefined
    case 'message':
      return type.message()
    case 'list':
      return messageWithin(type.element)
    case 'map':
      return messageWithin(type.value)
  }
}
