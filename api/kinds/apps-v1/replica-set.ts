import type { FieldError } from '../../schema/field-error.ts'
import { invalid } from '../../schema/field-error.ts'
import { scaleOfReplicas } from '../autoscaling-v1/scale.ts'
import { age, ageColumn, column, nameColumn } from '../columns.ts'
import { setPodSpecDefaults } from '../core-v1/pod-defaults.ts'
import {
  containerCells,
  containerColumns,
  podNameWarnings,
  selectorCell,
  selectorColumn,
  templateWarnings,
  validateLastingTemplate,
  validatePodSelector,
} from '../core-v1/pod-template-rules.ts'
import { notNegative, validateReplicaStatus } from '../counts.ts'
import { kind } from '../kind.ts'
import { selectorOf } from '../meta-v1/label-selector-validation.ts'
import { immutable } from '../rules.ts'
import { status } from '../subresource.ts'
import { type ReplicaSet, replicaSetSchema } from './replica-set-schema.ts'

export const replicaSets = kind<ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  resource: 'replicasets',
  singular: 'replicaset',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  schema: replicaSetSchema,
  subresources: [
    scaleOfReplicas(({ spec }) => selectorOf(spec.selector)?.toString() ?? ''),
    status({ validateUpdate: ({ status }) => validateReplicaStatus(status) }),
  ],
  setDefaults({ spec }) {
    spec.replicas ??= 1
    setPodSpecDefaults(spec.template.spec)
  },
  validate({ spec: { replicas, minReadySeconds, selector, template } }) {
    const errors = [
      ...notNegative({ replicas, minReadySeconds }, 'spec', ['replicas', 'minReadySeconds']),
      ...validatePodSelector(selector, 'spec.selector', { kind: 'deployment' }),
    ]
    if (selectorOf(selector) === undefined)
      return [...errors, invalid('spec.selector', selector, 'invalid label selector')]
    return [...errors, ...validateLastingTemplate(selector, template, 'spec.template', 'ReplicaSet')]
  },
  validateUpdate({ spec }, { spec: old }) {
    const errors: FieldError[] = []
    immutable(errors, 'spec.selector', spec.selector, old.selector)
    return errors
  },
  warnings: (set, old) => [
    ...(old === undefined ? podNameWarnings(set) : []),
    ...templateWarnings(set.spec.template, old?.spec.template, 'spec.template'),
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
    cells: (set, nowMs) => [
      set.metadata.name ?? '',
      set.spec.replicas ?? 0,
      set.status.replicas,
      set.status.readyReplicas ?? 0,
      age(set, nowMs),
      ...containerCells(set.spec.template),
      selectorCell(set.spec.selector),
    ],
  },
})
