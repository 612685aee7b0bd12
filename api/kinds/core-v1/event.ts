import {
  type Infer,
  int32,
  type Message,
  message,
  microTime,
  one,
  string,
  time,
  typeMeta,
} from '../../schema/message.ts'
import { type ObjectMeta, objectMeta } from '../meta-v1/object-meta.ts'
import { type ObjectReference, objectReference } from './references.ts'

export const event = message('api.core.v1.Event', '', {
  ...typeMeta('v1', 'Event'),
  metadata: one(1, '', (): Message<ObjectMeta> => objectMeta, { required: true, byValue: true }),
  involvedObject: one(2, '', (): Message<ObjectReference> => objectReference, { required: true, byValue: true }),
  reason: string(3, ''),
  message: string(4, ''),
  source: one(5, '', (): Message<EventSource> => eventSource, { byValue: true }),
  firstTimestamp: time(6, ''),
  lastTimestamp: time(7, ''),
  count: int32(8, ''),
  type: string(9, ''),
  eventTime: microTime(10, ''),
  series: one(11, '', (): Message<EventSeries> => eventSeries),
  action: string(12, ''),
  related: one(13, '', (): Message<ObjectReference> => objectReference),
  reportingComponent: string(14, ''),
  reportingInstance: string(15, ''),
})
export interface Event extends Infer<typeof event> {}

export const eventSource = message('api.core.v1.EventSource', '', {
  component: string(1, ''),
  host: string(2, ''),
})
export interface EventSource extends Infer<typeof eventSource> {}

export const eventSeries = message('api.core.v1.EventSeries', '', {
  count: int32(1, '', { min: 0 }),
  lastObservedTime: microTime(2, ''),
})
export interface EventSeries extends Infer<typeof eventSeries> {}
