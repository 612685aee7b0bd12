import { type Infer, list, message, one, string, time, typeMeta } from '../../schema/message.ts'
import { objectMeta } from '../meta-v1/object-meta.ts'

export const namespaceSpec = message('api.core.v1.NamespaceSpec', 'What is wanted of a namespace.', {
  finalizers: list(
    1,
    'Who has work to do before it is removed; kubernetes stands for deleting what it holds.',
    'string',
    { listType: 'atomic' },
  ),
})

export const namespaceCondition = message('api.core.v1.NamespaceCondition', 'What holds of a namespace.', {
  type: string(1, 'What it is about.', { required: true }),
  status: string(2, 'Whether it holds: True, False, or Unknown.', {
    required: true,
    enum: ['True', 'False', 'Unknown'],
  }),
  lastTransitionTime: time(4, 'When the status changed last.'),
  reason: string(5, 'Why, in one CamelCase word for programs.'),
  message: string(6, 'Why, in words for people.'),
})
export interface NamespaceCondition extends Infer<typeof namespaceCondition> {}

export const namespaceStatus = message('api.core.v1.NamespaceStatus', 'What is known of a namespace.', {
  phase: string(1, 'Active, or Terminating while what it holds is deleted.', { enum: ['Active', 'Terminating'] }),
  conditions: list(2, 'What keeps it from being removed.', namespaceCondition, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
})

export const namespace = message(
  'api.core.v1.Namespace',
  'A room for names: objects of one namespace are apart from those of others.',
  {
    ...typeMeta('v1', 'Namespace'),
    metadata: one(1, 'What the object says of itself.', objectMeta, { byValue: true }),
    spec: one(2, 'What is wanted of it.', namespaceSpec, { byValue: true }),
    status: one(3, 'What is known of it.', namespaceStatus, { byValue: true }),
  },
)
export interface Namespace extends Infer<typeof namespace> {}
