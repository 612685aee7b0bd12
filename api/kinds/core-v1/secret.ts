import { boolean, type Infer, map, message, one, string, typeMeta } from '../../schema/message.ts'
import { objectMeta } from '../meta-v1/object-meta.ts'

export const secret = message('api.core.v1.Secret', 'Settings for programs that not everybody may read.', {
  ...typeMeta('v1', 'Secret'),
  metadata: one(1, 'What the object says of itself.', objectMeta, { byValue: true }),
  data: map(2, 'Values by key, in base64; together at most 1 MiB.', 'bytes'),
  type: string(3, 'What the entries mean, and which must be there: Opaque (default), kubernetes.io/tls, and so on.'),
  stringData: map(4, 'Values as text, for writing: they are moved to data, and never read back.', 'string'),
  immutable: boolean(5, 'Whether nothing but metadata may ever change.', { explicit: true }),
})
export interface Secret extends Infer<typeof secret> {}
