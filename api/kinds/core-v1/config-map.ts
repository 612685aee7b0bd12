import { boolean, type Infer, map, message, one, typeMeta } from '../../schema/message.ts'
import { objectMeta } from '../meta-v1/object-meta.ts'

export const configMap = message('api.core.v1.ConfigMap', 'Settings for programs, as named texts.', {
  ...typeMeta('v1', 'ConfigMap'),
  metadata: one(1, 'What the object says of itself.', objectMeta, { byValue: true }),
  data: map(2, 'Texts by key; all values of data and binaryData together hold at most 1 MiB.', 'string'),
  binaryData: map(3, 'Bytes by key; no key may be in data too.', 'bytes'),
  immutable: boolean(4, 'Whether nothing but metadata may ever change.', { explicit: true }),
})
export interface ConfigMap extends Infer<typeof configMap> {}
