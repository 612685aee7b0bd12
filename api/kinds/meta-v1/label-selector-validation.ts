// What a LabelSelector in a spec must be like.
import { type FieldError, forbidden, invalid, required } from '../../schema/field-error.ts'
import { LabelSelector as Selector } from '../../values/labels.ts'
import { labelValueErrors, qualifiedNameErrors } from '../../values/names.ts'
import { each, must } from '../rules.ts'
import type { LabelSelector } from './label-selector.ts'
import { validateLabels } from './object-meta-validation.ts'

export function validateLabelSelector(selector: LabelSelector | undefined, field: string): FieldError[] {
  const errors = validateLabels(selector?.matchLabels, `${field}.matchLabels`)
  for (const [path, { key, operator, values = [] }] of each(`${field}.matchExpressions`, selector?.matchExpressions)) {
    switch (operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0) {
          errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
        }
        break
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0) {
          errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
        }
        break
      default:
        errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'))
    }
    must(errors, `${path}.key`, key, qualifiedNameErrors)
    for (const [valuePath, value] of each(`${path}.values`, values)) {
      for (const detail of labelValueErrors(value)) errors.push(invalid(valuePath, value, detail))
    }
  }
  return errors
}

/** What a selector selects; undefined when it is malformed, which validateLabelSelector tells of. */
export function selectorOf(selector: LabelSelector | undefined): Selector | undefined {
  try {
    return Selector.from(selector)
  } catch {
    return undefined
  }
}
