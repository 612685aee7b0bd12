import { boolean, type Infer, type Message, map, message, one, typeMeta } from '../../schema/message.ts'
import { type ObjectMeta, objectMeta } from '../meta-v1/object-meta.ts'

export const configMap = message('api.core.v1.ConfigMap', '', {
  ...typeMeta('v1', 'ConfigMap'),
  metadata: one(1, '', (): Message<ObjectMeta> => objectMeta, { byValue: true }),
  data: map(2, '', 'string'),
  binaryData: map(3, '', 'bytes'),
  immutable: boolean(4, '', { explicit: true }),
})
export interface ConfigMap extends Infer<typeof configMap> {}
