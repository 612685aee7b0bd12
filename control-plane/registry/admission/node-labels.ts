// What a node's agent changes of its Node's labels.
import { isNodesOwnLabel } from '../../../api/values/node-labels.ts'

type Labels = Readonly<Record<string, string>>

/**
 * The labels that differ and that a node must not touch, sorted: by them administrators steer workloads to machines
 * they trust, so a machine must not be able to claim them.
 */
export function forbiddenLabels(wanted: Labels = {}, current: Labels = {}): string[] {
  const changed = [...new Set([...Object.keys(wanted), ...Object.keys(current)])].filter(key => {
    return valueOf(wanted, key) !== valueOf(current, key)
  })
  return changed.filter(key => !isNodesOwnLabel(key)).sort()
}

const valueOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined
