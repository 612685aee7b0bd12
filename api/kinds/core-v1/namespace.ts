import { type FieldError, invalid } from '../../schema/field-error.ts'
import { type Infer, list, message, one, string, time } from '../../schema/message.ts'
import { dns1123LabelErrors, qualifiedNameErrors } from '../../values/names.ts'
import { age, ageColumn, column, nameColumn } from '../columns.ts'
import { kind } from '../kind.ts'
import { finalizerErrors } from '../meta-v1/object-meta-validation.ts'
import { objectSchema } from '../object.ts'
import { must } from '../rules.ts'
import { status, type View } from '../subresource.ts'

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

const schema = objectSchema(
  'api.core.v1.Namespace',
  'A room for names: objects of one namespace are apart from those of others.',
  {
    spec: one(2, 'What is wanted of it.', namespaceSpec, { byValue: true }),
    status: one(3, 'What is known of it.', namespaceStatus, { byValue: true }),
  },
)
export interface Namespace extends Infer<typeof schema> {}

/** Says that what a namespace holds is still to be deleted. */
const contentFinalizer = 'kubernetes'

/** Selectors of namespaces can name one by the label every namespace has. */
const nameLabel = 'kubernetes.io/metadata.name'

/** The only way to take finalizers off: who emptied the namespace says so here. */
const finalize: View<Namespace, Namespace> = {
  is: 'view',
  name: 'finalize',
  verbs: ['update'],
  apply: (namespace, { metadata, spec }) => ({
    ...namespace,
    metadata,
    spec: { finalizers: spec.finalizers ?? [] },
  }),
  validateUpdate: validate,
}

export const namespaces = kind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  resource: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  nameErrors: dns1123LabelErrors,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  schema,
  subresources: [finalize, status({ validateUpdate: validateStatus })],
  generation: false,
  returnDeletedObject: true,
  setDefaults,
  prepareForCreate(namespace) {
    namespace.status = { phase: 'Active' }
    const { finalizers = [] } = namespace.spec
    namespace.spec = {
      finalizers: finalizers.includes(contentFinalizer) ? finalizers : [...finalizers, contentFinalizer],
    }
  },
  prepareForUpdate(namespace, old) {
    namespace.spec = old.spec
  },
  validate,
  selectableFields: ({ metadata, status }) => ({ name: metadata.name ?? '', 'status.phase': status.phase ?? '' }),
  table: {
    columns: [nameColumn, column('Status', 'Active, or Terminating while what it holds is deleted.'), ageColumn],
    cells: (namespace, nowMs) => [namespace.metadata.name ?? '', namespace.status.phase ?? '', age(namespace, nowMs)],
  },
})

function setDefaults(namespace: Namespace): void {
  namespace.status.phase ??= 'Active'
  const { metadata } = namespace
  if (metadata.name !== undefined) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name }
}

function validate({ spec }: Namespace): FieldError[] {
  const errors: FieldError[] = []
  // As Kubernetes does, without saying which.
  for (const finalizer of spec.finalizers ?? [])
    must(errors, 'spec.finalizers', finalizer, name => [...qualifiedNameErrors(name), ...finalizerErrors(name)])
  return errors
}

/** Kubernetes' spelling of the field. */
function validateStatus({ metadata, status }: Namespace): FieldError[] {
  const { phase } = status
  const isDeleted = metadata.deletionTimestamp !== undefined
  if (isDeleted === (phase === 'Terminating')) return []
  const detail = isDeleted
    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
    : "may only be 'Active' if `deletionTimestamp` is empty"
  return [invalid('status.Phase', phase ?? '', detail)]
}
