import { age, ageColumn, column, nameColumn, none, orNone, wide } from '../columns.ts'
import type { Columns } from '../kind.ts'
import type { Node } from './node.ts'

export const nodeTable: Columns<Node> = {
  columns: [
    nameColumn,
    column('Status', 'Whether the node is ready for pods, and whether new ones may be placed on it.'),
    column('Roles', 'What the node is for, by its labels.'),
    ageColumn,
    column('Version', "The node agent's version."),
    wide('Internal-IP', 'An address other nodes reach it at.'),
    wide('External-IP', 'An address it is reached at from outside the cluster.'),
    wide('OS-Image', 'The operating system, as it names itself.'),
    wide('Kernel-Version', "The kernel's release."),
    wide('Container-Runtime', 'The container runtime and its version.'),
  ],
  cells(node, nowMs) {
    const { nodeInfo } = node.status
    return [
      node.metadata.name ?? '',
      nodeState(node),
      nodeRoles(node),
      age(node, nowMs),
      nodeInfo.kubeletVersion,
      address(node, 'InternalIP'),
      address(node, 'ExternalIP'),
      nodeInfo.osImage || '<unknown>',
      nodeInfo.kernelVersion || '<unknown>',
      nodeInfo.containerRuntimeVersion || '<unknown>',
    ]
  },
}

/** `Ready`, `NotReady,SchedulingDisabled`, or `Unknown` when the node has not reported yet. */
function nodeState({ spec, status }: Node): string {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')
  const state = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return spec.unschedulable === true ? `${state},SchedulingDisabled` : state
}

const rolePrefix = 'node-role.kubernetes.io/'

function nodeRoles({ metadata }: Node): string {
  const roles = new Set<string>()
  for (const [label, value] of Object.entries(metadata.labels ?? {})) {
    if (label.startsWith(rolePrefix) && label !== rolePrefix) roles.add(label.slice(rolePrefix.length))
    else if (label === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  return orNone([...roles].sort().join(','))
}

function address({ status }: Node, type: string): string {
  return status.addresses?.find(candidate => candidate.type === type)?.address ?? none
}
