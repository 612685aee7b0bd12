// What an API server answers when there is no object to answer.
import { type Infer, int32, list, type Message, message, one, string, typeMeta } from '../../schema/message.ts'
import { type ListMeta, listMeta } from './object-meta.ts'

export const status = message('apimachinery.pkg.apis.meta.v1.Status', '', {
  ...typeMeta('v1', 'Status'),
  metadata: one(1, '', (): Message<ListMeta> => listMeta, { byValue: true }),
  status: string(2, ''),
  message: string(3, ''),
  reason: string(4, ''),
  details: one(5, '', (): Message<StatusDetails> => statusDetails),
  code: int32(6, ''),
})
export interface Status extends Infer<typeof status> {}

export const statusDetails = message('apimachinery.pkg.apis.meta.v1.StatusDetails', '', {
  name: string(1, ''),
  group: string(2, ''),
  kind: string(3, ''),
  causes: list(4, '', (): Message<StatusCause> => statusCause, { listType: 'atomic' }),
  retryAfterSeconds: int32(5, ''),
  uid: string(6, ''),
})
export interface StatusDetails extends Infer<typeof statusDetails> {}

export const statusCause = message('apimachinery.pkg.apis.meta.v1.StatusCause', '', {
  reason: string(1, ''),
  message: string(2, ''),
  field: string(3, ''),
})
export interface StatusCause extends Infer<typeof statusCause> {}
