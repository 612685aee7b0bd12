// Which nodes a pod may be on, by their labels and names
// (https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/).

import type { Labels } from '../../values/labels.ts'
import type { NodeSelectorRequirement, NodeSelectorTerm } from './affinity.ts'
import type { PodSpec } from './pod.ts'

export interface LabelledNode {
  readonly name: string
  readonly labels: Labels
}

/** spec.nodeSelector must match whole, and one of the required node affinity's terms. */
export function wantsNode(spec: PodSpec, node: LabelledNode): boolean {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (node.labels[key] !== value) return false
  return required === undefined || required.nodeSelectorTerms.some(term => matchesTerm(term, node))
}

/** A term's requirements must all hold; a term without any matches nothing. */
export function matchesTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  { name, labels }: LabelledNode,
): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  return (
    matchExpressions.every(requirement => holds(requirement, labels)) &&
    // The one field that can be asked for.
    matchFields.every(requirement => holds(requirement, { 'metadata.name': name }))
  )
}

function holds({ key, operator, values = [] }: NodeSelectorRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
    case 'Lt': {
      const [bound = ''] = values
      if (value === undefined || !isInteger(value) || !isInteger(bound)) return false
      return operator === 'Gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
    }
  }
}

const isInteger = (text: string): boolean => /^-?\d+$/.test(text)
