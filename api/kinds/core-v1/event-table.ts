import { formatAge } from '../../values/age.ts'
import { column, nameColumn, wide } from '../columns.ts'
import type { Columns } from '../kind.ts'
import type { Event } from './event.ts'

export const eventTable: Columns<Event> = {
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
