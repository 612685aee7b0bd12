import { type FieldError, required } from '../../schema/field-error.ts'
import { type Infer, int64, object } from '../../schema/message.ts'
import { age, ageColumn, column, nameColumn, none } from '../columns.ts'
import { notNegative } from '../counts.ts'
import { kind } from '../kind.ts'
import { objectSchema } from '../object.ts'
import { immutable } from '../rules.ts'

const schema = objectSchema(
  'api.apps.v1.ControllerRevision',
  'A former state of something, kept to go back to; it never changes.',
  {
    data: object(2, 'The state.'),
    revision: int64(3, 'Its number; later ones are higher.', { required: true }),
  },
)
export interface ControllerRevision extends Infer<typeof schema> {}

export const controllerRevisions = kind<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  resource: 'controllerrevisions',
  singular: 'controllerrevision',
  namespaced: true,
  schema,
  validate: revision => [
    ...(revision.data === undefined ? [required('data', 'data is mandatory')] : []),
    ...notNegative(revision, '', ['revision']).map(error => ({ ...error, field: 'revision' })),
  ],
  validateUpdate(revision, old) {
    const errors: FieldError[] = []
    immutable(errors, 'data', revision.data, old.data)
    return errors
  },
  table: {
    columns: [
      nameColumn,
      column('Controller', 'What it is a state of.'),
      column('Revision', 'The number of the state.'),
      ageColumn,
    ],
    cells: (revision, nowMs) => [
      revision.metadata.name ?? '',
      ownerText(revision),
      revision.revision,
      age(revision, nowMs),
    ],
  },
})

function ownerText({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true)
  if (owner === undefined) return none
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : ''
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`
}
