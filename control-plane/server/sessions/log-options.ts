// What may be asked of a log (ValidatePodLogOptions in pkg/apis/core/validation), at both doors.
import { StatusError } from '../../../api/errors.ts'
import { type FieldError, forbidden, invalid } from '../../../api/schema/field-error.ts'
import type { LogsRequest } from '../../../proto/gen/tessera.ts'

/** @throws StatusError Invalid */
export function checkLogOptions(request: LogsRequest): void {
  // Of a decoded message, what was sent is its own; the rest are defaults.
  const given = (name: 'tailLines' | 'limitBytes' | 'sinceSeconds' | 'sinceTime'): number | undefined =>
    Object.hasOwn(request, name) ? request[name] : undefined
  const errors: FieldError[] = []
  const atLeast = (name: 'tailLines' | 'limitBytes' | 'sinceSeconds', least: number, detail: string): void => {
    const value = given(name)
    if (value !== undefined && value < least) errors.push(invalid(name, value, detail))
  }
  atLeast('tailLines', 0, 'must be greater than or equal to 0')
  atLeast('limitBytes', 1, 'must be greater than 0')
  if (given('sinceSeconds') !== undefined && given('sinceTime') !== undefined) {
    errors.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  } else {
    atLeast('sinceSeconds', 1, 'must be greater than 0')
  }
  // PodLogsQuerySplitStreams, the gate that would let it in, is alpha.
  if (request.stream) errors.push(forbidden('stream', 'may not be specified'))
  if (errors.length > 0) throw StatusError.invalid({ group: '', kind: 'PodLogOptions' }, request.pod ?? '', errors)
}
