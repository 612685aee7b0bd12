import { type FieldError, forbidden, invalid, notSupported } from '../../schema/field-error.ts'
import { dns1123LabelErrors } from '../../values/names.ts'
import { scaleOfReplicas } from '../autoscaling-v1/scale.ts'
import { age, ageColumn, column, nameColumn } from '../columns.ts'
import { setPodSpecDefaults } from '../core-v1/pod-defaults.ts'
import type { PodTemplateSpec } from '../core-v1/pod-template.ts'
import {
  containerCells,
  containerColumns,
  templateWarnings,
  validatePodSelector,
  validatePodTemplate,
  validateRunsForEver,
  validateSelected,
} from '../core-v1/pod-template-rules.ts'
import { notAbove, notDecremented, notNegative } from '../counts.ts'
import { kind } from '../kind.ts'
import { selectorOf } from '../meta-v1/label-selector-validation.ts'
import { same } from '../rules.ts'
import { status } from '../subresource.ts'
import { validateAmount, validateShare } from './rolling-update.ts'
import { type StatefulSet, type StatefulSetUpdateStrategy, statefulSetSchema } from './stateful-set-schema.ts'

export const statefulSets = kind<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  resource: 'statefulsets',
  singular: 'statefulset',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  schema: statefulSetSchema,
  // Its pods are named after it, and what they are named is a label of theirs.
  nameErrors: name => (name.includes('.') ? ['must not contain dots'] : dns1123LabelErrors(name)),
  subresources: [
    scaleOfReplicas(({ spec }) => selectorOf(spec.selector)?.toString() ?? ''),
    status({
      validateUpdate: ({ status }, { status: old }) => [
        ...validateStatus(status),
        ...notDecremented(status.collisionCount, old.collisionCount, 'status.collisionCount'),
      ],
    }),
  ],
  setDefaults,
  prepareForCreate(set) {
    dropUnserved(set)
    setTold(set)
  },
  prepareForUpdate(set, old) {
    if (old.spec.updateStrategy.rollingUpdate?.maxUnavailable === undefined) dropUnserved(set)
    setTold(set)
  },
  validate,
  validateUpdate,
  warnings: ({ spec }, old) => templateWarnings(spec.template, old?.spec.template, 'spec.template'),
  table: {
    columns: [
      nameColumn,
      column('Ready', 'How many pods are ready, of how many wanted.'),
      ageColumn,
      ...containerColumns,
    ],
    cells: (set, nowMs) => [
      set.metadata.name ?? '',
      `${set.status.readyReplicas ?? 0}/${set.spec.replicas ?? 0}`,
      age(set, nowMs),
      ...containerCells(set.spec.template),
    ],
  },
})

function setDefaults(set: StatefulSet): void {
  const { spec } = set
  spec.podManagementPolicy ??= 'OrderedReady'
  const strategy = spec.updateStrategy
  strategy.type ??= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {}
    strategy.rollingUpdate.partition ??= 0
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ??= 'Retain'
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ??= 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  setPodSpecDefaults(spec.template.spec)
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.spec.volumeMode ??= 'Filesystem'
    claim.status.phase ??= 'Pending'
  }
  set.status.availableReplicas ??= 0
}

/** What is told even where it is none. */
function setTold({ spec, status }: StatefulSet): void {
  spec.serviceName ??= ''
  status.availableReplicas ??= 0
}

/** Several pods at once are a feature that is off by default (MaxUnavailableStatefulSet). */
function dropUnserved({ spec: { updateStrategy } }: StatefulSet): void {
  if (updateStrategy.rollingUpdate === undefined) return
  const { maxUnavailable: _, ...served } = updateStrategy.rollingUpdate
  updateStrategy.rollingUpdate = served
}

function validate({ spec }: StatefulSet): FieldError[] {
  const { podManagementPolicy, selector, template } = spec
  const errors: FieldError[] = []
  if (podManagementPolicy !== 'OrderedReady' && podManagementPolicy !== 'Parallel') {
    errors.push(invalid('spec.podManagementPolicy', podManagementPolicy, "must be 'OrderedReady' or 'Parallel'"))
  }
  errors.push(
    ...validateStrategy(spec.updateStrategy),
    ...validateRetention(spec.persistentVolumeClaimRetentionPolicy ?? {}),
    ...notNegative(spec, 'spec', ['replicas', 'minReadySeconds']),
    ...notNegative(spec.ordinals ?? {}, 'spec.ordinals', ['start']),
    ...notNegative(spec, 'spec', ['revisionHistoryLimit']),
    ...validatePodSelector(selector, 'spec.selector', { kind: 'statefulset' }),
  )
  if (selectorOf(selector) === undefined) errors.push(invalid('spec.selector', selector, ''))
  else {
    errors.push(
      ...validateSelected(selector, template, 'spec.template'),
      ...validatePodTemplate(withClaims(spec), 'spec.template'),
    )
  }
  return [...errors, ...validateRunsForEver(template, 'spec.template', 'StatefulSet')]
}

/** The template as its pods will be: each claim is a volume, instead of one of that name. */
function withClaims({ template, volumeClaimTemplates = [] }: StatefulSet['spec']): PodTemplateSpec {
  if (volumeClaimTemplates.length === 0) return template
  const names = new Set(volumeClaimTemplates.map(({ metadata }) => metadata.name ?? ''))
  const claimed = [...names].map(name => ({ name, persistentVolumeClaim: { claimName: name } }))
  const others = (template.spec.volumes ?? []).filter(({ name }) => !names.has(name))
  return { ...template, spec: { ...template.spec, volumes: [...claimed, ...others] } }
}

function validateStrategy({ type, rollingUpdate }: StatefulSetUpdateStrategy): FieldError[] {
  const field = 'spec.updateStrategy'
  const at = `${field}.rollingUpdate`
  if (type === 'RollingUpdate') {
    if (rollingUpdate === undefined) return []
    return [
      ...notNegative(rollingUpdate, at, ['partition']),
      ...validateAmount(rollingUpdate.maxUnavailable, `${at}.maxUnavailable`),
      ...(rollingUpdate.maxUnavailable === 0 ? [invalid(`${at}.maxUnavailable`, 0, 'cannot be 0')] : []),
      ...validateShare(rollingUpdate.maxUnavailable, `${at}.maxUnavailable`),
    ]
  }
  // Kubernetes shows what it holds in its own form.
  const { partition = 0, maxUnavailable = null } = rollingUpdate ?? {}
  const shown = rollingUpdate === undefined ? null : { Partition: partition, MaxUnavailable: maxUnavailable }
  if (type === 'OnDelete') {
    return shown === null ? [] : [invalid(at, shown, "only allowed for updateStrategy 'RollingUpdate'")]
  }
  return [invalid(field, { Type: type, RollingUpdate: shown }, "must be 'RollingUpdate' or 'OnDelete'")]
}

function validateRetention(policy: { whenDeleted?: string; whenScaled?: string }): FieldError[] {
  return (['whenDeleted', 'whenScaled'] as const).flatMap(name => {
    const value = policy[name]
    const field = `spec.persistentVolumeClaimRetentionPolicy.${name}`
    return value === 'Retain' || value === 'Delete' ? [] : [notSupported(field, value, ['Retain', 'Delete'], 'given')]
  })
}

/** What may change while pods of it run. */
const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

function validateUpdate({ spec }: StatefulSet, { spec: old }: StatefulSet): FieldError[] {
  const fixed = (of: object) => Object.fromEntries(Object.entries(of).filter(([name]) => !mutable.includes(name)))
  if (same(fixed(spec), fixed(old))) return []
  const names = `${mutable
    .slice(0, -1)
    .map(name => `'${name}'`)
    .join(', ')} and 'minReadySeconds'`
  return [forbidden('spec', `updates to statefulset spec for fields other than ${names} are forbidden`)]
}

function validateStatus(status: StatefulSet['status']): FieldError[] {
  const parts = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const
  return [
    ...notNegative(status, 'status', ['replicas', ...parts, 'observedGeneration', 'collisionCount']),
    ...notAbove(status, 'status', parts, { of: 'status.replicas', most: status.replicas }),
    ...notAbove(status, 'status', ['availableReplicas'], { of: 'status.readyReplicas', most: status.readyReplicas }),
  ]
}
