import { type Infer, message, one, typeMeta } from '../../schema/message.ts'
import { objectMeta } from '../meta-v1/object-meta.ts'
import { objectReference } from './references.ts'

export const binding = message(
  'api.core.v1.Binding',
  "Ties a pod to a node; posted to the pod's binding subresource by a scheduler.",
  {
    ...typeMeta('v1', 'Binding'),
    metadata: one(1, 'Names the pod.', objectMeta, { byValue: true }),
    target: one(2, 'The node.', objectReference, { required: true, byValue: true }),
  },
)
export interface Binding extends Infer<typeof binding> {}
