import { boolean, type Infer, list, type Message, message, one, string, typeMeta } from '../../schema/message.ts'
import { type ObjectMeta, objectMeta } from '../meta-v1/object-meta.ts'
import { type Taint, taint } from './affinity.ts'
import { type NodeStatus, nodeStatus } from './node-status.ts'

export const node = message('api.core.v1.Node', '', {
  ...typeMeta('v1', 'Node'),
  metadata: one(1, '', (): Message<ObjectMeta> => objectMeta, { byValue: true }),
  spec: one(2, '', (): Message<NodeSpec> => nodeSpec, { byValue: true }),
  status: one(3, '', (): Message<NodeStatus> => nodeStatus, { byValue: true }),
})
export interface Node extends Infer<typeof node> {}

export const nodeSpec = message('api.core.v1.NodeSpec', '', {
  podCIDR: string(1, ''),
  externalID: string(2, ''),
  providerID: string(3, ''),
  unschedulable: boolean(4, ''),
  taints: list(5, '', (): Message<Taint> => taint, { listType: 'atomic' }),
  configSource: one(6, '', (): Message<NodeConfigSource> => nodeConfigSource),
  podCIDRs: list(7, '', 'string', { listType: 'set', patch: 'merge' }),
})
export interface NodeSpec extends Infer<typeof nodeSpec> {}

export const nodeConfigSource = message('api.core.v1.NodeConfigSource', '', {
  configMap: one(2, '', (): Message<ConfigMapNodeConfigSource> => configMapNodeConfigSource),
})
export interface NodeConfigSource extends Infer<typeof nodeConfigSource> {}

export const configMapNodeConfigSource = message('api.core.v1.ConfigMapNodeConfigSource', '', {
  namespace: string(1, '', { required: true }),
  name: string(2, '', { required: true }),
  uid: string(3, ''),
  resourceVersion: string(4, ''),
  kubeletConfigKey: string(5, '', { required: true }),
})
export interface ConfigMapNodeConfigSource extends Infer<typeof configMapNodeConfigSource> {}
