import { boolean, type Infer, list, message, one, string, typeMeta } from '../../schema/message.ts'
import { objectMeta } from '../meta-v1/object-meta.ts'
import { taint } from './affinity.ts'
import { nodeConfigSource } from './node-config.ts'
import { nodeStatus } from './node-status.ts'

export const nodeSpec = message('api.core.v1.NodeSpec', 'What is wanted of a node.', {
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

export const node = message('api.core.v1.Node', 'A machine that runs pods.', {
  ...typeMeta('v1', 'Node'),
  metadata: one(1, 'What the object says of itself.', objectMeta, { byValue: true }),
  spec: one(2, 'What is wanted of it.', nodeSpec, { byValue: true }),
  status: one(3, 'What is known of it; written by its agent.', nodeStatus, {
    byValue: true,
  }),
})
export interface Node extends Infer<typeof node> {}
