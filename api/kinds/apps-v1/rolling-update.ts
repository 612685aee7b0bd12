// How far a rolling update may go at once: a number of pods, or a share of them.
import { type FieldError, invalid } from '../../schema/field-error.ts'
import { intOrString } from '../../schema/message.ts'

/** The fields of a message about both. */
export const rollingUpdateFields = {
  maxUnavailable: intOrString(
    1,
    'How many pods may be missing while pods are replaced: a number, or a share such as 25%.',
    { explicit: true },
  ),
  maxSurge: intOrString(2, 'How many pods there may be beyond those wanted: a number, or a share such as 25%.', {
    explicit: true,
  }),
}

type Amount = number | string | undefined

const percentage = /^[0-9]+%$/

/** A number that is not negative, or a percentage. */
export function validateAmount(amount: Amount, field: string): FieldError[] {
  if (typeof amount === 'string') {
    const detail =
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
    return percentage.test(amount) ? [] : [invalid(field, amount, detail)]
  }
  return (amount ?? 0) < 0 ? [invalid(field, amount, 'must be greater than or equal to 0')] : []
}

/** A share of what there is can't be more than all of it. */
export function validateShare(amount: Amount, field: string): FieldError[] {
  const isMore = typeof amount === 'string' && percentage.test(amount) && Number.parseInt(amount, 10) > 100
  return isMore ? [invalid(field, amount, 'must not be greater than 100%')] : []
}

/** Whether it is none at all; what is no amount counts as none. */
export function isZero(amount: Amount): boolean {
  if (typeof amount === 'string') return !percentage.test(amount) || Number.parseInt(amount, 10) === 0
  return (amount ?? 0) === 0
}
