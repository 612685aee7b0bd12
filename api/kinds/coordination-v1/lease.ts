import { type Infer, int32, type Message, message, microTime, one, string, typeMeta } from '../../schema/message.ts'
import { type ObjectMeta, objectMeta } from '../meta-v1/object-meta.ts'

export const lease = message('api.coordination.v1.Lease', '', {
  ...typeMeta('coordination.k8s.io/v1', 'Lease'),
  metadata: one(1, '', (): Message<ObjectMeta> => objectMeta, { byValue: true }),
  spec: one(2, '', (): Message<LeaseSpec> => leaseSpec, { byValue: true }),
})
export interface Lease extends Infer<typeof lease> {}

export const leaseSpec = message('api.coordination.v1.LeaseSpec', '', {
  holderIdentity: string(1, '', { explicit: true }),
  leaseDurationSeconds: int32(2, '', { explicit: true, min: 1 }),
  acquireTime: microTime(3, '', { explicit: true }),
  renewTime: microTime(4, '', { explicit: true }),
  leaseTransitions: int32(5, '', { explicit: true, min: 0 }),
  strategy: string(6, '', { explicit: true }),
  preferredHolder: string(7, '', { explicit: true }),
})
export interface LeaseSpec extends Infer<typeof leaseSpec> {}
