import { type Infer, list, type Message, message, one, string, time, typeMeta } from '../../schema/message.ts'
import { type ObjectMeta, objectMeta } from '../meta-v1/object-meta.ts'

export const namespace = message('api.core.v1.Namespace', '', {
  ...typeMeta('v1', 'Namespace'),
  metadata: one(1, '', (): Message<ObjectMeta> => objectMeta, { byValue: true }),
  spec: one(2, '', (): Message<NamespaceSpec> => namespaceSpec, { byValue: true }),
  status: one(3, '', (): Message<NamespaceStatus> => namespaceStatus, { byValue: true }),
})
export interface Namespace extends Infer<typeof namespace> {}

export const namespaceSpec = message('api.core.v1.NamespaceSpec', '', {
  finalizers: list(1, '', 'string', { listType: 'atomic' }),
})
export interface NamespaceSpec extends Infer<typeof namespaceSpec> {}

export const namespaceStatus = message('api.core.v1.NamespaceStatus', '', {
  phase: string(1, '', { enum: ['Active', 'Terminating'] }),
  conditions: list(2, '', (): Message<NamespaceCondition> => namespaceCondition, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
})
export interface NamespaceStatus extends Infer<typeof namespaceStatus> {}

export const namespaceCondition = message('api.core.v1.NamespaceCondition', '', {
  type: string(1, '', { required: true }),
  status: string(2, '', { required: true, enum: ['True', 'False', 'Unknown'] }),
  lastTransitionTime: time(4, ''),
  reason: string(5, ''),
  message: string(6, ''),
})
export interface NamespaceCondition extends Infer<typeof namespaceCondition> {}
