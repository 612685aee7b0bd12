import { type FieldError, required } from '../../schema/field-error.ts'
import { LabelSelector } from '../../values/labels.ts'
import { scaleOfReplicas } from '../autoscaling-v1/scale.ts'
import { age, ageColumn, column, nameColumn } from '../columns.ts'
import { notNegative, validateReplicaStatus } from '../counts.ts'
import { kind } from '../kind.ts'
import { status } from '../subresource.ts'
import { setPodSpecDefaults } from './pod-defaults.ts'
import {
  containerCells,
  containerColumns,
  podNameWarnings,
  selectorCell,
  selectorColumn,
  templateWarnings,
  validateLastingTemplate,
} from './pod-template-rules.ts'
import { type ReplicationController, replicationControllerSchema } from './replication-controller-schema.ts'

type Controller = ReplicationController

export const replicationControllers = kind<Controller>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  singular: 'replicationcontroller',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  schema: replicationControllerSchema,
  subresources: [
    scaleOfReplicas(({ spec: { selector } }) =>
      selector === undefined ? '' : LabelSelector.fromLabels(selector).toString(),
    ),
    status({ validateUpdate: ({ status }) => validateReplicaStatus(status) }),
  ],
  defaultPropagationPolicy: 'Orphan',
  setDefaults,
  validate,
  warnings: (controller, old) => [
    ...(old === undefined ? podNameWarnings(controller) : []),
    ...(controller.spec.template === undefined
      ? []
      : templateWarnings(controller.spec.template, old?.spec.template, 'spec.template')),
  ],
  selectableFields: ({ status }) => ({ 'status.replicas': String(status.replicas) }),
  table: {
    columns: [
      nameColumn,
      column('Desired', 'How many pods are wanted.', 'integer'),
      column('Current', 'How many pods there are.', 'integer'),
      column('Ready', 'How many pods are ready.', 'integer'),
      ageColumn,
      ...containerColumns,
      selectorColumn,
    ],
    cells: (controller, nowMs) => {
      const { metadata, spec, status } = controller
      return [
        metadata.name ?? '',
        spec.replicas ?? 0,
        status.replicas,
        status.readyReplicas ?? 0,
        age(controller, nowMs),
        ...(spec.template === undefined ? ['', ''] : containerCells(spec.template)),
        selectorCell({ matchLabels: { ...spec.selector } }),
      ]
    },
  },
})

function setDefaults({ metadata, spec }: Controller): void {
  const labels = spec.template?.metadata.labels
  if (labels !== undefined) {
    spec.selector ??= { ...labels }
    metadata.labels ??= { ...labels }
  }
  if (spec.template !== undefined) setPodSpecDefaults(spec.template.spec)
}

function validate({ spec }: Controller): FieldError[] {
  const { selector = {}, template } = spec
  const errors = [...notNegative(spec, 'spec', ['minReadySeconds'])]
  if (Object.keys(selector).length === 0) errors.push(required('spec.selector'))
  errors.push(...notNegative(spec, 'spec', ['replicas']))
  if (template === undefined) return [...errors, required('spec.template')]
  return [
    ...errors,
    ...validateLastingTemplate({ matchLabels: selector }, template, 'spec.template', 'ReplicationController'),
  ]
}
