// What decides that a job failed or succeeded.
import { type Infer, int32, list, message, one, string } from '../../schema/message.ts'

export const podFailurePolicyOnExitCodesRequirement = message(
  'api.batch.v1.PodFailurePolicyOnExitCodesRequirement',
  'A condition on how containers exited.',
  {
    containerName: string(1, 'The container; absent: any.', { explicit: true }),
    operator: string(2, 'In or NotIn the values.', { required: true }),
    values: list(3, 'Exit codes.', 'int32', { required: true, listType: 'set' }),
  },
)
export interface PodFailurePolicyOnExitCodesRequirement extends Infer<typeof podFailurePolicyOnExitCodesRequirement> {}

export const podFailurePolicyOnPodConditionsPattern = message(
  'api.batch.v1.PodFailurePolicyOnPodConditionsPattern',
  'A condition that a failed pod has.',
  {
    type: string(1, 'The aspect that this is about.', { required: true }),
    status: string(2, 'What it is; default True.', { explicit: true }),
  },
)
export interface PodFailurePolicyOnPodConditionsPattern extends Infer<typeof podFailurePolicyOnPodConditionsPattern> {}

export const podFailurePolicyRule = message(
  'api.batch.v1.PodFailurePolicyRule',
  'What a failed pod means for its job.',
  {
    action: string(1, 'FailJob, FailIndex, Ignore, or Count.', { required: true }),
    onExitCodes: one(2, 'Whether it applies, by exit codes.', podFailurePolicyOnExitCodesRequirement),
    onPodConditions: list(
      3,
      'Whether it applies, by conditions of the pod; one is enough.',
      podFailurePolicyOnPodConditionsPattern,
      { listType: 'atomic' },
    ),
  },
)
export interface PodFailurePolicyRule extends Infer<typeof podFailurePolicyRule> {}

export const podFailurePolicy = message('api.batch.v1.PodFailurePolicy', 'What failed pods mean for their job.', {
  rules: list(1, 'The first that applies counts.', podFailurePolicyRule, { required: true, listType: 'atomic' }),
})
export interface PodFailurePolicy extends Infer<typeof podFailurePolicy> {}

export const successPolicyRule = message('api.batch.v1.SuccessPolicyRule', 'When a job has succeeded.', {
  succeededIndexes: string(1, 'Indexes that must have succeeded: 1,3-5.', { explicit: true }),
  succeededCount: int32(2, 'How many indexes must have succeeded.', { explicit: true }),
})
export interface SuccessPolicyRule extends Infer<typeof successPolicyRule> {}

export const successPolicy = message('api.batch.v1.SuccessPolicy', 'When a job has succeeded before all of it has.', {
  rules: list(1, 'One that holds is enough.', successPolicyRule, { required: true, listType: 'atomic' }),
})
export interface SuccessPolicy extends Infer<typeof successPolicy> {}
