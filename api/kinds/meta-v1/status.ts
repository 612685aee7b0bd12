// What an API server answers when there is no object to answer.
import { type Infer, int32, list, message, one, string, typeMeta } from '../../schema/message.ts'
import { listMeta } from './object-meta.ts'

export const statusCause = message('apimachinery.pkg.apis.meta.v1.StatusCause', 'One cause of a failure.', {
  reason: string(1, 'The cause in one word: FieldValueInvalid, FieldValueRequired, and the like.'),
  message: string(2, 'The cause in words for people, without the field.'),
  field: string(3, 'The path of the field: metadata.labels, spec.containers[0].image.'),
})
export interface StatusCause extends Infer<typeof statusCause> {}

export const statusDetails = message('apimachinery.pkg.apis.meta.v1.StatusDetails', 'What a failure is about.', {
  name: string(1, 'The name of the object it is about.'),
  group: string(2, 'The API group of the object.'),
  kind: string(3, 'The resource or kind of the object.'),
  causes: list(4, 'Single causes, such as fields that are not valid.', statusCause, {
    listType: 'atomic',
  }),
  retryAfterSeconds: int32(5, 'Seconds after which to try again; 0 when trying again is no use.'),
  uid: string(6, 'The uid of the object.'),
})
export interface StatusDetails extends Infer<typeof statusDetails> {}

export const status = message(
  'apimachinery.pkg.apis.meta.v1.Status',
  'The outcome of a call that does not answer an object.',
  {
    ...typeMeta('v1', 'Status'),
    metadata: one(1, 'What the answer says of itself, as a list would.', listMeta, {
      byValue: true,
    }),
    status: string(2, 'Success, or Failure.'),
    message: string(3, 'What happened, in words for people.'),
    reason: string(4, 'Why the call failed, in one word of a closed set.'),
    details: one(5, 'More on the reason, by its kind.', statusDetails),
    code: int32(6, 'The suggested HTTP status code.'),
  },
)
export interface Status extends Infer<typeof status> {}
