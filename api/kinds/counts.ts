// Rules about counts, of replicas above all, that kinds share.
import { type FieldError, invalid } from '../schema/field-error.ts'

/** Counts of an object that must not be negative, in the order given. */
export function notNegative<N extends string>(
  counts: { readonly [K in N]?: number | undefined },
  field: string,
  names: readonly N[],
): FieldError[] {
  return names.flatMap(name => {
    const count = counts[name] ?? 0
    return count < 0 ? [invalid(`${field}.${name}`, count, 'must be greater than or equal to 0')] : []
  })
}

/** Counts that are parts of another. */
export function notAbove<N extends string>(
  counts: { readonly [K in N]?: number | undefined },
  field: string,
  names: readonly N[],
  { of, most }: { readonly of: string; readonly most: number | undefined },
): FieldError[] {
  return names.flatMap(name => {
    const count = counts[name] ?? 0
    return count > (most ?? 0) ? [invalid(`${field}.${name}`, count, `cannot be greater than ${of}`)] : []
  })
}

interface ReplicaStatus {
  readonly replicas?: number | undefined
  readonly fullyLabeledReplicas?: number | undefined
  readonly readyReplicas?: number | undefined
  readonly availableReplicas?: number | undefined
  readonly observedGeneration?: number | undefined
  readonly terminatingReplicas?: number | undefined
}

const replicaParts = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const

/** Of what keeps a number of like pods: a replica set, a replication controller. */
export function validateReplicaStatus(status: ReplicaStatus): FieldError[] {
  return [
    ...notNegative(status, 'status', ['replicas', ...replicaParts, 'observedGeneration', 'terminatingReplicas']),
    ...notAbove(status, 'status', replicaParts, { of: 'status.replicas', most: status.replicas }),
    ...notAbove(status, 'status', ['availableReplicas'], { of: 'readyReplicas', most: status.readyReplicas }),
  ]
}

/** How often a name was taken already only grows. */
export function notDecremented(count: number | undefined, old: number | undefined, field: string): FieldError[] {
  const isLess = old !== undefined && (count === undefined || count < old)
  return isLess ? [invalid(field, count ?? 0, 'cannot be decremented')] : []
}
