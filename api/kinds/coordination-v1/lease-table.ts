import { age, ageColumn, column, nameColumn } from '../columns.ts'
import type { Columns } from '../kind.ts'
import type { Lease } from './lease.ts'

export const leaseTable: Columns<Lease> = {
  columns: [nameColumn, column('Holder', 'Who holds the lease.'), ageColumn],
  cells: (lease, nowMs) => [lease.metadata.name ?? '', lease.spec.holderIdentity ?? '', age(lease, nowMs)],
}
