import { duplicate, type FieldError, forbidden, invalid } from '../../schema/field-error.ts'
import { boolean, type Infer, list, message, one, string } from '../../schema/message.ts'
import { cidrErrors } from '../../values/ip.ts'
import { age, ageColumn, type Columns, column, nameColumn, none, orNone, wide } from '../columns.ts'
import { kind } from '../kind.ts'
import { objectSchema } from '../object.ts'
import { each, must, same } from '../rules.ts'
import { status } from '../subresource.ts'
import { taint } from './affinity.ts'
import { validateTaints } from './affinity-validation.ts'
import { nodeConfigSource } from './node-config.ts'
import { nodeStatus } from './node-status.ts'
import { validateList } from './resources-validation.ts'

const nodeSpec = message('api.core.v1.NodeSpec', 'What is wanted of a node.', {
  podCIDR: string(1, 'The network its pods get their addresses from.'),
  externalID: string(2, 'No longer used.'),
  providerID: string(3, 'What its cloud calls it.'),
  unschedulable: boolean(4, 'Whether no new pods may be placed on it.'),
  taints: list(5, 'What keeps pods off it unless they tolerate it.', taint, {
    listType: 'atomic',
  }),
  configSource: one(6, 'No longer used.', nodeConfigSource),
  podCIDRs: list(
    7,
    'The networks its pods get their addresses from, at most one of each family; the first is podCIDR.',
    'string',
    { listType: 'set', patch: 'merge' },
  ),
})
export interface NodeSpec extends Infer<typeof nodeSpec> {}

const schema = objectSchema('api.core.v1.Node', 'A machine that runs pods.', {
  spec: one(2, 'What is wanted of it.', nodeSpec, { byValue: true }),
  status: one(3, 'What is known of it; written by its agent.', nodeStatus, { byValue: true }),
})
export interface Node extends Infer<typeof schema> {}

const table: Columns<Node> = {
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

export const nodes = kind<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  resource: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
  schema,
  subresources: [status({ validateUpdate: validate })],
  generation: false,
  // An agent registers its node with what it is.
  statusOnCreate: 'kept',
  setDefaults({ status }) {
    if (status.capacity !== undefined) status.allocatable ??= { ...status.capacity }
  },
  validate,
  validateUpdate,
  selectableFields: ({ spec }) => ({ 'spec.unschedulable': String(spec.unschedulable ?? false) }),
  table,
})

function validate({ spec, status }: Node): FieldError[] {
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
function validateUpdate({ spec }: Node, { spec: old }: Node): FieldError[] {
  const errors: FieldError[] = []
  if (old.podCIDRs !== undefined && !same(spec.podCIDRs, old.podCIDRs)) {
    errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'))
  }
  if (old.providerID !== undefined && spec.providerID !== old.providerID) {
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  }
  return errors
}
