import { type FieldError, forbidden, invalid, notSupported } from '../../schema/field-error.ts'
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
import { notAbove, notDecremented, notNegative } from '../counts.ts'
import { kind } from '../kind.ts'
import { selectorOf } from '../meta-v1/label-selector-validation.ts'
import { immutable, same } from '../rules.ts'
import { status } from '../subresource.ts'
import { type Deployment, type DeploymentStrategy, deploymentSchema } from './deployment-schema.ts'
import { isZero, validateAmount, validateShare } from './rolling-update.ts'

export const deployments = kind<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  resource: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  schema: deploymentSchema,
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
  validate,
  validateUpdate({ spec }, { spec: old }) {
    const errors: FieldError[] = []
    immutable(errors, 'spec.selector', spec.selector, old.selector)
    return errors
  },
  // Annotations are copied to the revisions.
  generation: (deployment, old) =>
    !same(deployment.spec, old.spec) || !same(deployment.metadata.annotations, old.metadata.annotations),
  warnings: (deployment, old) => [
    ...(old === undefined ? podNameWarnings(deployment) : []),
    ...templateWarnings(deployment.spec.template, old?.spec.template, 'spec.template'),
  ],
  table: {
    columns: [
      nameColumn,
      column('Ready', 'How many pods are ready, of how many wanted.'),
      column('Up-to-date', 'How many pods are of the present template.'),
      column('Available', 'How many pods are available.'),
      ageColumn,
      ...containerColumns,
      selectorColumn,
    ],
    cells: (deployment, nowMs) => {
      const { metadata, spec, status } = deployment
      return [
        metadata.name ?? '',
        `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
        status.updatedReplicas ?? 0,
        status.availableReplicas ?? 0,
        age(deployment, nowMs),
        ...containerCells(spec.template),
        selectorCell(spec.selector),
      ]
    },
  },
})

function setDefaults({ spec }: Deployment): void {
  spec.replicas ??= 1
  const { strategy } = spec
  strategy.type ??= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {}
    strategy.rollingUpdate.maxUnavailable ??= '25%'
    strategy.rollingUpdate.maxSurge ??= '25%'
  }
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
  setPodSpecDefaults(spec.template.spec)
}

function validate({ spec }: Deployment): FieldError[] {
  const { selector, template, minReadySeconds = 0, progressDeadlineSeconds } = spec
  const errors = [
    ...notNegative(spec, 'spec', ['replicas']),
    ...validatePodSelector(selector, 'spec.selector', { kind: 'deployment' }),
  ]
  if (selectorOf(selector) === undefined) errors.push(invalid('spec.selector', selector, 'invalid label selector'))
  else errors.push(...validateLastingTemplate(selector, template, 'spec.template', 'ReplicaSet'))
  errors.push(
    ...validateStrategy(spec.strategy),
    ...notNegative(spec, 'spec', ['minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds']),
  )
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds) {
    const detail = 'must be greater than minReadySeconds'
    errors.push(invalid('spec.progressDeadlineSeconds', progressDeadlineSeconds, detail))
  }
  return errors
}

function validateStrategy(strategy: DeploymentStrategy): FieldError[] {
  const field = 'spec.strategy'
  const { type, rollingUpdate } = strategy
  if (type === 'Recreate') {
    const detail = "may not be specified when strategy `type` is 'Recreate'"
    return rollingUpdate === undefined ? [] : [forbidden(`${field}.rollingUpdate`, detail)]
  }
  if (type !== 'RollingUpdate') {
    // Kubernetes shows what it holds in its own form.
    const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {}
    const shown = rollingUpdate === undefined ? null : { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge }
    return [notSupported(field, { Type: type, RollingUpdate: shown }, ['Recreate', 'RollingUpdate'])]
  }
  const { maxUnavailable, maxSurge } = rollingUpdate ?? {}
  const at = `${field}.rollingUpdate`
  const errors = [
    ...validateAmount(maxUnavailable, `${at}.maxUnavailable`),
    ...validateAmount(maxSurge, `${at}.maxSurge`),
  ]
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(invalid(`${at}.maxUnavailable`, maxUnavailable ?? 0, 'may not be 0 when `maxSurge` is 0'))
  }
  errors.push(...validateShare(maxUnavailable, `${at}.maxUnavailable`))
  return errors
}

function validateStatus(status: Deployment['status']): FieldError[] {
  const parts = ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const
  return [
    ...notNegative(status, 'status', [
      'observedGeneration',
      'replicas',
      ...parts,
      'unavailableReplicas',
      'collisionCount',
      'terminatingReplicas',
    ]),
    ...notAbove(status, 'status', parts, { of: 'status.replicas', most: status.replicas }),
    ...notAbove(status, 'status', ['availableReplicas'], { of: 'readyReplicas', most: status.readyReplicas }),
  ]
}
