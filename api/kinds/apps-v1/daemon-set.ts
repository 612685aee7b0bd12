import { type FieldError, invalid, notSupported, required } from '../../schema/field-error.ts'
import { age, ageColumn, column, nameColumn, none } from '../columns.ts'
import { setPodSpecDefaults } from '../core-v1/pod-defaults.ts'
import {
  containerCells,
  containerColumns,
  selectorCell,
  selectorColumn,
  templateWarnings,
  validateLastingTemplate,
  validatePodSelector,
} from '../core-v1/pod-template-rules.ts'
import { notDecremented, notNegative } from '../counts.ts'
import { kind } from '../kind.ts'
import { immutable, same } from '../rules.ts'
import { status } from '../subresource.ts'
import { type DaemonSet, type DaemonSetUpdateStrategy, daemonSetSchema } from './daemon-set-schema.ts'
import { isZero, validateAmount, validateShare } from './rolling-update.ts'

/** Counts the changes of the template; a field once, which programs of that time go on reading. */
const templateGeneration = 'deprecated.daemonset.template.generation'

export const daemonSets = kind<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  resource: 'daemonsets',
  singular: 'daemonset',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  schema: daemonSetSchema,
  subresources: [
    status({
      validateUpdate: ({ status }, { status: old }) => [
        ...notNegative(status, 'status', [
          'currentNumberScheduled',
          'numberMisscheduled',
          'desiredNumberScheduled',
          'numberReady',
          'observedGeneration',
          'updatedNumberScheduled',
          'numberAvailable',
          'numberUnavailable',
          'collisionCount',
        ]),
        ...notDecremented(status.collisionCount, old.collisionCount, 'status.collisionCount'),
      ],
    }),
  ],
  setDefaults,
  prepareForCreate: set => setTemplateGeneration(set, 1),
  prepareForUpdate(set, old) {
    const before = templateGenerationOf(old)
    setTemplateGeneration(set, same(set.spec.template, old.spec.template) ? before : before + 1)
  },
  validate,
  validateUpdate({ spec }, { spec: old }) {
    const errors: FieldError[] = []
    immutable(errors, 'spec.selector', spec.selector, old.selector)
    return errors
  },
  warnings: ({ spec }, old) => templateWarnings(spec.template, old?.spec.template, 'spec.template'),
  table: {
    columns: [
      nameColumn,
      column('Desired', 'How many nodes should have a pod.', 'integer'),
      column('Current', 'How many nodes have a pod and should.', 'integer'),
      column('Ready', 'How many nodes have a pod that is ready.', 'integer'),
      column('Up-to-date', 'How many nodes have a pod of the present template.', 'integer'),
      column('Available', 'How many nodes have a pod that is available.', 'integer'),
      column('Node Selector', 'Which nodes are meant, by their labels.'),
      ageColumn,
      ...containerColumns,
      selectorColumn,
    ],
    cells: (set, nowMs) => {
      const { metadata, spec, status } = set
      return [
        metadata.name ?? '',
        status.desiredNumberScheduled,
        status.currentNumberScheduled,
        status.numberReady,
        status.updatedNumberScheduled ?? 0,
        status.numberAvailable ?? 0,
        labelsText(spec.template.spec.nodeSelector),
        age(set, nowMs),
        ...containerCells(spec.template),
        selectorCell(spec.selector),
      ]
    },
  },
})

function labelsText(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? none : pairs.sort().join(',')
}

function templateGenerationOf({ metadata }: DaemonSet): number {
  const count = Number(metadata.annotations?.[templateGeneration] ?? 0)
  return Number.isSafeInteger(count) ? count : 0
}

function setTemplateGeneration(set: DaemonSet, generation: number): void {
  set.metadata.annotations = { ...set.metadata.annotations, [templateGeneration]: String(generation) }
}

function setDefaults(set: DaemonSet): void {
  const { metadata, spec } = set
  // Whoever writes the object writes this too, so its managers must see it.
  if (metadata.annotations?.[templateGeneration] === undefined) setTemplateGeneration(set, 0)
  const strategy = spec.updateStrategy
  strategy.type ??= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {}
    strategy.rollingUpdate.maxUnavailable ??= 1
    strategy.rollingUpdate.maxSurge ??= 0
  }
  spec.revisionHistoryLimit ??= 10
  setPodSpecDefaults(spec.template.spec)
}

function validate({ spec }: DaemonSet): FieldError[] {
  const { selector, template } = spec
  return [
    ...validatePodSelector(selector, 'spec.selector', { kind: 'daemonset', required: false }),
    ...validateLastingTemplate(selector, template, 'spec.template', 'DaemonSet'),
    ...notNegative(spec, 'spec', ['minReadySeconds']),
    ...validateStrategy(spec.updateStrategy),
    ...notNegative(spec, 'spec', ['revisionHistoryLimit']),
  ]
}

function validateStrategy({ type, rollingUpdate }: DaemonSetUpdateStrategy): FieldError[] {
  const field = 'spec.updateStrategy'
  const at = `${field}.rollingUpdate`
  if (type === 'OnDelete') return []
  const { maxUnavailable, maxSurge } = rollingUpdate ?? {}
  if (type !== 'RollingUpdate') {
    // Kubernetes shows what it holds in its own form.
    const shown = rollingUpdate === undefined ? null : { MaxUnavailable: maxUnavailable ?? 0, MaxSurge: maxSurge ?? 0 }
    return [notSupported(field, { Type: type, RollingUpdate: shown }, ['RollingUpdate', 'OnDelete'], 'given')]
  }
  if (rollingUpdate === undefined) return [required(at)]
  const errors = [
    ...validateAmount(maxUnavailable, `${at}.maxUnavailable`),
    ...validateShare(maxUnavailable, `${at}.maxUnavailable`),
    ...validateAmount(maxSurge, `${at}.maxSurge`),
    ...validateShare(maxSurge, `${at}.maxSurge`),
  ]
  const [missing, more] = [!isZero(maxUnavailable), !isZero(maxSurge)]
  if (missing && more) {
    errors.push(invalid(`${at}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  } else if (!(missing || more)) {
    errors.push(required(`${at}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
  }
  return errors
}
