import { boolean, type Infer, type Message, map, message, one, string, typeMeta } from '../../schema/message.ts'
import { type ObjectMeta, objectMeta } from '../meta-v1/object-meta.ts'

export const secret = message('api.core.v1.Secret', '', {
  ...typeMeta('v1', 'Secret'),
  metadata: one(1, '', (): Message<ObjectMeta> => objectMeta, { byValue: true }),
  data: map(2, '', 'bytes'),
  type: string(3, ''),
  stringData: map(4, '', 'string'),
  immutable: boolean(5, '', { explicit: true }),
})
export interface Secret extends Infer<typeof secret> {}
