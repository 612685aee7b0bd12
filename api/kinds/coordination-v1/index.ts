// The kinds of the group version coordination.k8s.io/v1.
import type { Kind } from '../kind.ts'
import { leases } from './lease.ts'

export const coordinationV1: readonly Kind[] = [leases]
