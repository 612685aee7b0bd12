import { type FieldError, invalid, notSupported } from '../../schema/field-error.ts'
import { pathSegmentErrors } from '../../values/names.ts'
import { validateAmount, validateShare } from '../apps-v1/rolling-update.ts'
import { age, ageColumn, column, nameColumn } from '../columns.ts'
import { notNegative } from '../counts.ts'
import { kind } from '../kind.ts'
import { validateLabelSelector } from '../meta-v1/label-selector-validation.ts'
import { status } from '../subresource.ts'
import { type PodDisruptionBudget, podDisruptionBudgetSchema } from './pod-disruption-budget-schema.ts'

const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const

export const podDisruptionBudgets = kind<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  resource: 'poddisruptionbudgets',
  singular: 'poddisruptionbudget',
  shortNames: ['pdb'],
  namespaced: true,
  schema: podDisruptionBudgetSchema,
  // Kubernetes asks no more of them than of any name.
  nameErrors: pathSegmentErrors,
  subresources: [status({ validateUpdate: ({ status }) => notNegative(status, 'status', counts) })],
  setDefaults: setTold,
  prepareForCreate: setTold,
  validate,
  table: {
    columns: [
      nameColumn,
      column('Min Available', 'How many pods must stay.'),
      column('Max Unavailable', 'How many pods may be missing.'),
      column('Allowed Disruptions', 'How many pods may be evicted now.', 'integer'),
      ageColumn,
    ],
    cells: (budget, nowMs) => [
      budget.metadata.name ?? '',
      String(budget.spec.minAvailable ?? 'N/A'),
      String(budget.spec.maxUnavailable ?? 'N/A'),
      budget.status.disruptionsAllowed ?? 0,
      age(budget, nowMs),
    ],
  },
})

/** Counts are told even where they are none. */
function setTold({ status }: PodDisruptionBudget): void {
  for (const name of counts) status[name] ??= 0
}

function validate({ spec }: PodDisruptionBudget): FieldError[] {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec
  const errors: FieldError[] = []
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.push(invalid('spec', internalForm(spec), 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const name of ['minAvailable', 'maxUnavailable'] as const) {
    errors.push(...validateAmount(spec[name], `spec.${name}`), ...validateShare(spec[name], `spec.${name}`))
  }
  errors.push(...validateLabelSelector(spec.selector, 'spec.selector'))
  if (policy !== undefined && policy !== 'IfHealthyBudget' && policy !== 'AlwaysAllow') {
    errors.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, ['IfHealthyBudget', 'AlwaysAllow']))
  }
  return errors
}

/** Kubernetes shows what it holds in its own form. */
function internalForm({
  minAvailable,
  selector,
  maxUnavailable,
  unhealthyPodEvictionPolicy,
}: PodDisruptionBudget['spec']) {
  return {
    MinAvailable: minAvailable ?? null,
    Selector: selector ?? null,
    MaxUnavailable: maxUnavailable ?? null,
    UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
  }
}
