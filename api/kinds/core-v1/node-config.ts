// Where nodes once got their configuration from; kept because the fields are.
import { type Infer, message, one, string } from '../../schema/message.ts'

export const configMapNodeConfigSource = message(
  'api.core.v1.ConfigMapNodeConfigSource',
  "A ConfigMap with a node's configuration; no longer used.",
  {
    namespace: string(1, "The ConfigMap's namespace.", { required: true }),
    name: string(2, "The ConfigMap's name.", { required: true }),
    uid: string(3, "The ConfigMap's uid."),
    resourceVersion: string(4, "The ConfigMap's version."),
    kubeletConfigKey: string(5, 'The entry that holds the configuration.', { required: true }),
  },
)

export const nodeConfigSource = message(
  'api.core.v1.NodeConfigSource',
  "Where a node's configuration came from; no longer used.",
  {
    configMap: one(2, 'A ConfigMap.', configMapNodeConfigSource),
  },
)
export interface NodeConfigSource extends Infer<typeof nodeConfigSource> {}
