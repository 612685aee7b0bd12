// The labels of --node-labels: what the server would refuse is refused at the start.
import { labelValueErrors, qualifiedNameErrors } from '../../api/values/names.ts'
import { isNodesOwnLabel, nodesOwnDomains, nodesOwnLabels } from '../../api/values/node-labels.ts'

/** What is wrong with a label that a node is to register with, and what would do; undefined: nothing. */
export function nodeLabelError(key: string, value: string): string | undefined {
  const [malformed] = [...qualifiedNameErrors(key), ...labelValueErrors(value)]
  if (malformed !== undefined) return malformed
  if (isNodesOwnLabel(key)) return undefined
  return (
    `a node may not give itself the label "${key}"; of the domains kubernetes.io and k8s.io it may set those in ` +
    `${nodesOwnDomains.join(' and ')}, and ${nodesOwnLabels.join(', ')}; have an administrator set others on the Node`
  )
}
