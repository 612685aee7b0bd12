import { type FieldError, notSupported, required } from '../../schema/field-error.ts'
import type { Binding } from './binding.ts'

/** A pod is bound to a node by its name. */
export function validateBinding({ target }: Binding): FieldError[] {
  const errors: FieldError[] = []
  if (target.kind !== undefined && target.kind !== 'Node') {
    errors.push(notSupported('target.kind', target.kind, ['Node', '<empty>']))
  }
  if (target.name === undefined) errors.push(required('target.name'))
  return errors
}
