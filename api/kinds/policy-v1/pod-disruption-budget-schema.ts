// The declaration of PodDisruptionBudgets.
import { type Infer, int32, int64, intOrString, list, map, message, one, string } from '../../schema/message.ts'
import { condition } from '../meta-v1/condition.ts'
import { labelSelector } from '../meta-v1/label-selector.ts'
import { objectSchema } from '../object.ts'

export const podDisruptionBudgetSpec = message('api.policy.v1.PodDisruptionBudgetSpec', 'How many pods must stay.', {
  minAvailable: intOrString(1, 'How many pods must stay: a number, or a share such as 50%.', { explicit: true }),
  selector: one(2, 'Which pods belong to it, by their labels; they must be those of the template.', labelSelector, {
    patch: 'replace',
  }),
  maxUnavailable: intOrString(3, 'How many pods may be missing: a number, or a share such as 50%.', { explicit: true }),
  unhealthyPodEvictionPolicy: string(
    4,
    'When pods that are not ready may be evicted: IfHealthyBudget (default), or AlwaysAllow.',
    { explicit: true },
  ),
})
export interface PodDisruptionBudgetSpec extends Infer<typeof podDisruptionBudgetSpec> {}

export const podDisruptionBudgetStatus = message(
  'api.policy.v1.PodDisruptionBudgetStatus',
  'What is known of a budget.',
  {
    observedGeneration: int64(1, 'The generation that this was found for.'),
    disruptedPods: map(2, 'Pods whose eviction was allowed and that are not gone yet, with the time.', 'time'),
    disruptionsAllowed: int32(3, 'How many pods may be evicted now.', { explicit: true }),
    currentHealthy: int32(4, 'How many pods are ready.', { explicit: true }),
    desiredHealthy: int32(5, 'How many pods must be ready.', { explicit: true }),
    expectedPods: int32(6, 'How many pods are counted.', { explicit: true }),
    conditions: list(7, 'Aspects of its present state.', condition, {
      listType: 'map',
      keys: ['type'],
      patch: 'merge',
      mergeKey: 'type',
    }),
  },
)
export interface PodDisruptionBudgetStatus extends Infer<typeof podDisruptionBudgetStatus> {}

export const podDisruptionBudgetSchema = objectSchema(
  'api.policy.v1.PodDisruptionBudget',
  'Bounds how many pods may be evicted at a time.',
  {
    spec: one(2, 'What is wanted.', podDisruptionBudgetSpec, { byValue: true }),
    status: one(3, 'What is known of it.', podDisruptionBudgetStatus, { byValue: true }),
  },
)
export interface PodDisruptionBudget extends Infer<typeof podDisruptionBudgetSchema> {}
