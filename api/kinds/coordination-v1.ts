// The group version coordination.k8s.io/v1.
import { lease } from './coordination-v1/lease.ts'
import { leaseTable } from './coordination-v1/lease-table.ts'
import { validateLease } from './coordination-v1/lease-validation.ts'
import { kind } from './kind.ts'

export * from './coordination-v1/lease.ts'

export const leases = kind(
  {
    group: 'coordination.k8s.io',
    version: 'v1',
    kind: 'Lease',
    resource: 'leases',
    singular: 'lease',
    namespaced: true,
  },
  lease,
  { validate: validateLease, table: leaseTable },
)
