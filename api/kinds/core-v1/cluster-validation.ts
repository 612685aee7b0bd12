// What nodes and namespaces must be like.
import { duplicate, type FieldError, forbidden, invalid } from '../../schema/field-error.ts'
import { cidrErrors } from '../../values/ip.ts'
import { finalizerErrors } from '../meta-v1/object-meta-validation.ts'
import { each, must, same } from '../rules.ts'
import { validateTaints } from './affinity-validation.ts'
import type { Namespace } from './namespace.ts'
import type { Node } from './node.ts'
import { validateList } from './resources-validation.ts'

export function validateNode({ spec, status }: Node): FieldError[] {
  const errors = [
    ...validateTaints(spec.taints, 'spec.taints'),
    ...validateList(status.capacity, 'status.capacity'),
    ...validateList(status.allocatable, 'status.allocatable'),
  ]
  for (const [path, block] of each('spec.podCIDRs', spec.podCIDRs)) must(errors, path, block, cidrErrors)
  if (spec.podCIDRs !== undefined && spec.podCIDRs[0] !== spec.podCIDR) {
    errors.push(invalid('spec.podCIDRs[0]', spec.podCIDRs[0] ?? '', 'must be the same as `podCIDR`'))
  }
  const seen = new Set<string>()
  for (const [path, { type, address }] of each('status.addresses', status.addresses)) {
    const key = `${type} ${address}`
    if (seen.has(key)) errors.push(duplicate(path, { type, address }))
    seen.add(key)
  }
  return errors
}

/** What identifies a node and its network is set once. */
export function validateNodeUpdate({ spec }: Node, { spec: old }: Node): FieldError[] {
  const errors: FieldError[] = []
  if (old.podCIDRs !== undefined && !same(spec.podCIDRs, old.podCIDRs)) {
    errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'))
  }
  if (old.providerID !== undefined && spec.providerID !== old.providerID) {
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  }
  return errors
}

export function validateNamespace({ spec }: Namespace): FieldError[] {
  const errors: FieldError[] = []
  for (const [path, finalizer] of each('spec.finalizers', spec.finalizers))
    must(errors, path, finalizer, finalizerErrors)
  return errors
}

export function validateNamespaceStatusUpdate({ metadata, status }: Namespace): FieldError[] {
  const { phase } = status
  const isDeleted = metadata.deletionTimestamp !== undefined
  if (isDeleted === (phase === 'Terminating')) return []
  const detail = isDeleted
    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
    : "may only be 'Active' if `deletionTimestamp` is empty"
  return [invalid('status.phase', phase ?? '', detail)]
}
