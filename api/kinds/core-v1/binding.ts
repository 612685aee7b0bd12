import { type FieldError, notSupported, required } from '../../schema/field-error.ts'
import { type Infer, one } from '../../schema/message.ts'
import { kind } from '../kind.ts'
import { objectSchema } from '../object.ts'
import { objectReference } from './references.ts'

const schema = objectSchema(
  'api.core.v1.Binding',
  "Ties a pod to a node; posted to the pod's binding subresource by a scheduler.",
  { target: one(2, 'The node.', objectReference, { required: true, byValue: true }) },
)
export interface Binding extends Infer<typeof schema> {}

/** Bodies of pods/binding; nothing is stored under this name. */
export const bindings = kind<Binding>({
  group: '',
  version: 'v1',
  kind: 'Binding',
  resource: 'bindings',
  singular: 'binding',
  namespaced: true,
  verbs: ['create'],
  schema,
  validate,
})

/** A pod is bound to a node by its name. */
function validate({ target }: Binding): FieldError[] {
  const errors: FieldError[] = []
  if (target.kind !== undefined && target.kind !== 'Node') {
    errors.push(notSupported('target.kind', target.kind, ['Node', '<empty>']))
  }
  if (target.name === undefined) errors.push(required('target.name'))
  return errors
}
