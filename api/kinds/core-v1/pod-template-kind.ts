import { type Infer, one } from '../../schema/message.ts'
import { column, nameColumn, none } from '../columns.ts'
import { kind } from '../kind.ts'
import { objectSchema } from '../object.ts'
import { same } from '../rules.ts'
import { setPodSpecDefaults } from './pod-defaults.ts'
import { podTemplateSpec } from './pod-template.ts'
import { containerCells, templateWarnings, validatePodTemplate } from './pod-template-rules.ts'

const schema = objectSchema('api.core.v1.PodTemplate', 'What pods that somebody makes look like.', {
  template: one(2, 'What the pods look like.', podTemplateSpec, { byValue: true, unchecked: true }),
})
export interface PodTemplate extends Infer<typeof schema> {}

export const podTemplates = kind<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  resource: 'podtemplates',
  singular: 'podtemplate',
  namespaced: true,
  schema,
  // It has no status, and its generation is counted all the same.
  generation: ({ template }, old) => !same(template, old.template),
  returnDeletedObject: true,
  setDefaults: ({ template }) => setPodSpecDefaults(template.spec),
  validate: ({ template }) => validatePodTemplate(template, 'template'),
  warnings: ({ template }, old) => templateWarnings(template, old?.template, 'template'),
  table: {
    columns: [
      nameColumn,
      column('Containers', 'The names of the containers.'),
      column('Images', 'The images of the containers.'),
      column('Pod Labels', 'The labels of the pods.'),
    ],
    cells: ({ metadata, template }) => [
      metadata.name ?? '',
      ...containerCells(template),
      Object.entries(template.metadata.labels ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .sort()
        .join(',') || none,
    ],
  },
})
