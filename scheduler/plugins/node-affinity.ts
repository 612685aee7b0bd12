import type { Node, NodeSelectorRequirement, NodeSelectorTerm } from '../../api/kinds/core-v1.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import type { FilterPlugin, Refusal, ScorePlugin } from '../framework/plugin.ts'

const refusal: Refusal = {
  plugin: 'NodeAffinity',
  reasons: ["node(s) didn't match Pod's node affinity/selector"],
  resolvable: false,
}

/** spec.nodeSelector must match whole, and one of the required node affinity's terms. */
export const nodeAffinityFilter: FilterPlugin = {
  name: refusal.plugin,
  wokenBy: ['node-added', 'node-labels-changed'],
  prepare({ pod }, snapshot) {
    const selector = Object.entries(pod.spec.nodeSelector ?? {})
    const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    if (selector.length === 0 && !required) return undefined
    return row => {
      const { node } = snapshot.node(row)
      const { labels = {} } = node.metadata
      for (const [key, value] of selector) if (labels[key] !== value) return refusal
      if (required && !required.nodeSelectorTerms.some(term => matchesTerm(term, node))) return refusal
      return undefined
    }
  },
}

/** A node scores the weights of the preferred terms it matches. */
export const nodeAffinityScore: ScorePlugin = {
  name: refusal.plugin,
  weight: 2,
  prepare({ pod }, snapshot) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    if (preferred.length === 0) return undefined
    return {
      scale: 'highest',
      score: row => {
        const { node } = snapshot.node(row)
        let sum = 0
        for (const { weight, preference } of preferred) if (matchesTerm(preference, node)) sum += weight
        return sum
      },
    }
  },
}

/** A term's requirements must all hold; a term without any matches nothing. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Stored<Node>): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false
  const { labels = {} } = node.metadata
  return (
    matchExpressions.every(requirement => holds(requirement, labels)) &&
    // The one field that can be asked for.
    matchFields.every(requirement => holds(requirement, { 'metadata.name': node.metadata.name }))
  )
}

function holds(
  { key, operator, values = [] }: NodeSelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
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
