import { type FieldError, invalid, required, tooLong } from '../../schema/field-error.ts'
import { byteLength, dns1123SubdomainErrors, qualifiedNameErrors } from '../../values/names.ts'
import { must } from '../rules.ts'
import type { Event } from './event.ts'

/** Events of cluster-scoped objects live here. */
const clusterEventsNamespaces = ['default', 'kube-system']

export function validateEvent(event: Event): FieldError[] {
  const errors: FieldError[] = []
  const { involvedObject, metadata } = event
  if (involvedObject.namespace === undefined) {
    if (!clusterEventsNamespaces.includes(metadata.namespace ?? 'default')) {
      errors.push(invalid('involvedObject.namespace', '', 'does not match event.namespace'))
    }
  } else if (involvedObject.namespace !== metadata.namespace) {
    errors.push(invalid('involvedObject.namespace', involvedObject.namespace, 'does not match event.namespace'))
  }
  must(errors, 'metadata.namespace', metadata.namespace, dns1123SubdomainErrors)
  // eventTime tells reporters that follow the newer rules from those that came before them.
  return event.eventTime === undefined ? errors : [...errors, ...validateReported(event)]
}

function validateReported(event: Event): FieldError[] {
  const errors: FieldError[] = []
  const { reportingComponent, reportingInstance, action, reason, message = '', type } = event
  if (reportingComponent === undefined) errors.push(required('reportingController'))
  else must(errors, 'reportingController', reportingComponent, qualifiedNameErrors)
  for (const [field, value, most] of [
    ['reportingInstance', reportingInstance, 128],
    ['action', action, 128],
    ['reason', reason, 128],
  ] as const) {
    if (value === undefined) errors.push(required(field))
    else if (byteLength(value) > most) errors.push(tooLong(field, most))
  }
  if (byteLength(message) > 1024) errors.push(tooLong('message', 1024))
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalid('type', type ?? '', 'has invalid value'))
  return errors
}
