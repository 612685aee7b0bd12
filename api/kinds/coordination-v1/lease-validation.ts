import { type FieldError, invalid } from '../../schema/field-error.ts'
import { qualifiedNameErrors } from '../../values/names.ts'
import { must } from '../rules.ts'
import type { Lease } from './lease.ts'

export function validateLease({ spec }: Lease): FieldError[] {
  const errors: FieldError[] = []
  if (spec.holderIdentity === '') errors.push(invalid('spec.holderIdentity', '', 'must not be empty'))
  must(errors, 'spec.strategy', spec.strategy, qualifiedNameErrors)
  if (spec.preferredHolder !== undefined && spec.strategy === undefined) {
    const detail = 'may only be set when `strategy` is set'
    errors.push(invalid('spec.preferredHolder', spec.preferredHolder, detail))
  }
  return errors
}
