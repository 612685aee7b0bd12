import { type Infer, int32, message, microTime, one, string, time, typeMeta } from '../../schema/message.ts'
import { objectMeta } from '../meta-v1/object-meta.ts'
import { objectReference } from './references.ts'

export const eventSource = message('api.core.v1.EventSource', 'Who reports an event.', {
  component: string(1, 'The program.'),
  host: string(2, 'The node it runs on.'),
})

export const eventSeries = message('api.core.v1.EventSeries', 'An event that happens again and again.', {
  count: int32(1, 'How often, up to the last heartbeat.', { min: 0 }),
  lastObservedTime: microTime(2, 'When it was seen last.'),
})

export const event = message(
  'api.core.v1.Event',
  'Something that happened to an object; kept for a while, then forgotten.',
  {
    ...typeMeta('v1', 'Event'),
    metadata: one(1, 'What the event says of itself.', objectMeta, {
      required: true,
      byValue: true,
    }),
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
export interface Event extends Infer<typeof event> {}
