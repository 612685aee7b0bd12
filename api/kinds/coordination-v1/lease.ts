import { type Infer, int32, message, microTime, one, string, typeMeta } from '../../schema/message.ts'
import { objectMeta } from '../meta-v1/object-meta.ts'

export const leaseSpec = message('api.coordination.v1.LeaseSpec', 'Who holds a lease, and since when.', {
  holderIdentity: string(1, 'Who holds it; absent when nobody does.', { explicit: true }),
  leaseDurationSeconds: int32(2, 'Seconds after renewTime for which it holds.', { explicit: true, min: 1 }),
  acquireTime: microTime(3, 'When its holder got it.', { explicit: true }),
  renewTime: microTime(4, 'When its holder renewed it last.', { explicit: true }),
  leaseTransitions: int32(5, 'How often it passed from one holder to another.', { explicit: true, min: 0 }),
  strategy: string(6, 'How the holder is chosen, in coordinated election: OldestEmulationVersion.', { explicit: true }),
  preferredHolder: string(7, 'Who should hold it instead, and is waiting for the holder to give it up.', {
    explicit: true,
  }),
})

export const lease = message(
  'api.coordination.v1.Lease',
  'A claim that holds for a while unless renewed: for electing leaders, for heartbeats.',
  {
    ...typeMeta('coordination.k8s.io/v1', 'Lease'),
    metadata: one(1, 'What the object says of itself.', objectMeta, { byValue: true }),
    spec: one(2, 'Who holds it, and since when.', leaseSpec, { byValue: true }),
  },
)
export interface Lease extends Infer<typeof lease> {}
