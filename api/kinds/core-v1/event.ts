import { type FieldError, invalid, required, tooLong } from '../../schema/field-error.ts'
import { type Infer, int32, message, microTime, one, string, time } from '../../schema/message.ts'
import { formatAge } from '../../values/age.ts'
import { byteLength, dns1123SubdomainErrors, qualifiedNameErrors } from '../../values/names.ts'
import { type Columns, column, nameColumn, wide } from '../columns.ts'
import { kind } from '../kind.ts'
import { objectMeta } from '../meta-v1/object-meta.ts'
import { objectSchema } from '../object.ts'
import { must } from '../rules.ts'
import { objectReference } from './references.ts'

const eventSource = message('api.core.v1.EventSource', 'Who reports an event.', {
  component: string(1, 'The program.'),
  host: string(2, 'The node it runs on.'),
})

const eventSeries = message('api.core.v1.EventSeries', 'An event that happens again and again.', {
  count: int32(1, 'How often, up to the last heartbeat.', { min: 0 }),
  lastObservedTime: microTime(2, 'When it was seen last.'),
})

const schema = objectSchema(
  'api.core.v1.Event',
  'Something that happened to an object; kept for a while, then forgotten.',
  {
    metadata: one(1, 'What the event says of itself.', objectMeta, { required: true, byValue: true }),
    involvedObject: one(2, 'What it happened to.', objectReference, {
      required: true,
      byValue: true,
    }),
    reason: string(3, 'Why, in one CamelCase word for programs.'),
    message: string(4, 'What happened, in words for people.'),
    source: one(5, 'Who reports it, in the older form.', eventSource, { byValue: true }),
    firstTimestamp: time(6, 'When it happened first.'),
    lastTimestamp: time(7, 'When it happened last.'),
    count: int32(8, 'How often it happened.'),
    type: string(9, 'Normal, or Warning.'),
    eventTime: microTime(10, 'When it was seen first.'),
    series: one(11, 'What is known of its repetitions.', eventSeries),
    action: string(12, 'What was done, or failed, in one CamelCase word.'),
    related: one(13, 'A second object it concerns.', objectReference),
    reportingComponent: string(14, 'Who reports it: example.com/controller.'),
    reportingInstance: string(15, 'Which instance of that.'),
  },
)
export interface Event extends Infer<typeof schema> {}

const table: Columns<Event> = {
  columns: [
    column('Last Seen', 'The time since it happened last.'),
    column('Type', 'Normal, or Warning.'),
    column('Reason', 'Why it happened, in one word for programs.'),
    column('Object', 'The object it happened to.'),
    wide('Subobject', 'The part of the object it happened to.'),
    wide('Source', 'Who reports it.'),
    column('Message', 'What happened, for people.'),
    wide('First Seen', 'The time since it happened first.'),
    wide('Count', 'How often it happened.', 'string'),
    { ...nameColumn, priority: 1 },
  ],
  cells(event, nowMs) {
    const { involvedObject, series } = event
    const first = event.firstTimestamp ?? event.eventTime
    const last = series === undefined ? (event.lastTimestamp ?? first) : series.lastObservedTime
    const name = involvedObject.name ?? ''
    return [
      formatAge(last, nowMs),
      event.type ?? '',
      event.reason ?? '',
      involvedObject.kind === undefined ? name : `${involvedObject.kind.toLowerCase()}/${name}`,
      involvedObject.fieldPath ?? '',
      sourceText(event),
      (event.message ?? '').trim(),
      formatAge(first, nowMs),
      series?.count ?? event.count ?? 1,
      event.metadata.name ?? '',
    ]
  },
}

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source.component ?? reportingComponent ?? ''
  const host = source.host ?? reportingInstance
  return host === undefined ? component : `${component}, ${host}`
}

/** Events are of use for an hour. */
const ttlSeconds = 3600

export const events = kind<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  resource: 'events',
  singular: 'event',
  shortNames: ['ev'],
  namespaced: true,
  schema,
  ttlSeconds,
  allowCreateOnUpdate: true,
  defaultPropagationPolicy: 'Unsupported',
  validate,
  selectableFields,
  table,
})

function selectableFields(event: Event): Record<string, string> {
  const { involvedObject, source } = event
  return {
    'involvedObject.kind': involvedObject.kind ?? '',
    'involvedObject.namespace': involvedObject.namespace ?? '',
    'involvedObject.name': involvedObject.name ?? '',
    'involvedObject.uid': involvedObject.uid ?? '',
    'involvedObject.apiVersion': involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': involvedObject.fieldPath ?? '',
    reason: event.reason ?? '',
    reportingComponent: event.reportingComponent ?? '',
    source: source.component ?? event.reportingComponent ?? '',
    type: event.type ?? '',
  }
}

/** Events of cluster-scoped objects live here. */
const clusterEventsNamespaces = ['default', 'kube-system']

function validate(event: Event): FieldError[] {
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
