import { type FieldError, invalid } from '../../schema/field-error.ts'
import { type Infer, int32, message, microTime, one, string } from '../../schema/message.ts'
import { qualifiedNameErrors } from '../../values/names.ts'
import { age, ageColumn, column, nameColumn } from '../columns.ts'
import { kind } from '../kind.ts'
import { objectSchema } from '../object.ts'
import { must } from '../rules.ts'

const leaseSpec = message('api.coordination.v1.LeaseSpec', 'Who holds a lease, and since when.', {
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

const schema = objectSchema(
  'api.coordination.v1.Lease',
  'A claim that holds for a while unless renewed: for electing leaders, for heartbeats.',
  { spec: one(2, 'Who holds it, and since when.', leaseSpec, { byValue: true }) },
)
export interface Lease extends Infer<typeof schema> {}

export const leases = kind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  resource: 'leases',
  singular: 'lease',
  namespaced: true,
  schema,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  validate,
  table: {
    columns: [nameColumn, column('Holder', 'Who holds the lease.'), ageColumn],
    cells: (lease, nowMs) => [lease.metadata.name ?? '', lease.spec.holderIdentity ?? '', age(lease, nowMs)],
  },
})

function validate({ spec }: Lease): FieldError[] {
  const errors: FieldError[] = []
  if (spec.holderIdentity === '') errors.push(invalid('spec.holderIdentity', '', 'must not be empty'))
  must(errors, 'spec.strategy', spec.strategy, qualifiedNameErrors)
  if (spec.preferredHolder !== undefined && spec.strategy === undefined) {
    const detail = 'may only be set when `strategy` is set'
    errors.push(invalid('spec.preferredHolder', spec.preferredHolder, detail))
  }
  return errors
}
