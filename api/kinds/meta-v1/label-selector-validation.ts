// What a LabelSelector in a spec must be like.
import { type FieldError, forbidden, invalid, required } from '../../schema/field-error.ts'
import { labelValueErrors, qualifiedNameErrors } from '../../values/names.ts'
import { each, must } from '../rules.ts'
import type { LabelSelector } from './label-selector.ts'
import { validateLabels } from './object-meta-validation.ts'

export function validateLabelSelector(selector: LabelSelector | undefined, field: string): FieldError[] {
  const errors = validateLabels(selector?.matchLabels, `${field}.matchLabels`)
  for (const [path, { key, operator, values = [] }] of each(`${field}.matchExpressions`, selector?.matchExpressions)) {
    if (key !== '') must(errors, `${path}.key`, key, qualifiedNameErrors)
    const takesValues = operator === 'In' || operator === 'NotIn'
    if (takesValues && values.length === 0) {
      errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    }
    if (!takesValues && values.length > 0) {
      errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    }
    for (const [valuePath, value] of each(`${path}.values`, values)) {
      for (const detail of labelValueErrors(value)) errors.push(invalid(valuePath, value, detail))
    }
  }
  return errors
}
