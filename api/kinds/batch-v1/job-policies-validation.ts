// What the rules must be like by which a job fails or succeeds.
import { duplicate, type FieldError, invalid, notSupported, required, tooMany } from '../../schema/field-error.ts'
import { qualifiedNameErrors } from '../../values/names.ts'
import { notNegative } from '../counts.ts'
import { each, must } from '../rules.ts'
import { validateIndexes } from './indexes.ts'
import type {
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from './job-policies.ts'
import type { JobSpec } from './job-schema.ts'

const mostRules = 20
const mostExitCodes = 255
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const operators = ['In', 'NotIn']

const valid = (values: readonly string[]) => `valid values: [${values.map(value => JSON.stringify(value)).join(' ')}]`

export function validatePodFailurePolicy(spec: JobSpec, field: string): FieldError[] {
  const { rules = [] } = spec.podFailurePolicy ?? {}
  const errors: FieldError[] = []
  if (rules.length > mostRules) errors.push(tooMany(`${field}.rules`, rules.length, mostRules))
  for (const [path, rule] of each(`${field}.rules`, rules)) errors.push(...validateRule(rule, spec, path))
  return errors
}

function validateRule(
  { action, onExitCodes, onPodConditions = [] }: PodFailurePolicyRule,
  spec: JobSpec,
  field: string,
) {
  const errors: FieldError[] = []
  if (action === '') errors.push(required(`${field}.action`, valid(actions)))
  else if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(`${field}.action`, action, 'requires the backoffLimitPerIndex to be set'))
  } else if (!actions.includes(action)) errors.push(notSupported(`${field}.action`, action, actions))
  if (onExitCodes !== undefined) errors.push(...validateExitCodes(onExitCodes, spec, `${field}.onExitCodes`))
  if (onPodConditions.length > 0) errors.push(...validateConditions(onPodConditions, `${field}.onPodConditions`))
  const given = Number(onExitCodes !== undefined) + Number(onPodConditions.length > 0)
  if (given !== 1) {
    const both = 'specifying both OnExitCodes and OnPodConditions is not supported'
    const neither = 'specifying one of OnExitCodes and OnPodConditions is required'
    const message = `Invalid value: ${given === 2 ? both : neither}`
    errors.push({ reason: 'FieldValueInvalid', field, message })
  }
  return errors
}

function validateExitCodes(
  { operator, containerName, values }: PodFailurePolicyOnExitCodesRequirement,
  { template }: JobSpec,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (operator === '') errors.push(required(`${field}.operator`, valid(operators)))
  else if (!operators.includes(operator)) errors.push(notSupported(`${field}.operator`, operator, operators))
  const containers = [...(template.spec.initContainers ?? []), ...template.spec.containers]
  if (containerName !== undefined && !containers.some(({ name }) => name === containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template'
    errors.push(invalid(`${field}.containerName`, containerName, detail))
  }
  if (values.length === 0) errors.push(invalid(`${field}.values`, undefined, 'at least one value is required'))
  else if (values.length > mostExitCodes) errors.push(tooMany(`${field}.values`, values.length, mostExitCodes))
  const seen = new Set<number>()
  for (const [path, value] of each(`${field}.values`, values)) {
    if (seen.has(value)) errors.push(duplicate(path, value))
    else if (value === 0 && operator === 'In') errors.push(invalid(path, value, 'must not be 0 for the In operator'))
    seen.add(value)
  }
  if (values.some((value, index) => value < (values[index - 1] ?? value))) {
    errors.push(invalid(`${field}.values`, values, 'must be ordered'))
  }
  return errors
}

function validateConditions(
  conditions: readonly PodFailurePolicyOnPodConditionsPattern[],
  field: string,
): FieldError[] {
  const statuses = ['False', 'True', 'Unknown']
  const errors: FieldError[] = []
  if (conditions.length > mostRules) errors.push(tooMany(field, conditions.length, mostRules))
  for (const [path, { type, status = '' }] of each(field, conditions)) {
    must(errors, `${path}.type`, type, qualifiedNameErrors)
    if (status === '') errors.push(required(`${path}.status`, valid(statuses)))
    else if (!statuses.includes(status)) errors.push(notSupported(`${path}.status`, status, statuses))
  }
  return errors
}

export function validateSuccessPolicy({ successPolicy, completions }: JobSpec, field: string): FieldError[] {
  const { rules = [] } = successPolicy ?? {}
  const errors: FieldError[] = []
  if (rules.length === 0) {
    errors.push(required(`${field}.rules`, 'at least one rules must be specified when the successPolicy is specified'))
  }
  if (rules.length > mostRules) errors.push(tooMany(`${field}.rules`, rules.length, mostRules))
  for (const [path, rule] of each(`${field}.rules`, rules)) {
    const { succeededCount: count, succeededIndexes: indexes } = rule
    if (count === undefined && indexes === undefined) {
      errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'))
    }
    const checked = indexes === undefined ? undefined : validateIndexes(indexes, completions ?? 0)
    if (checked?.error !== undefined) {
      errors.push(invalid(`${path}.succeededIndexes`, indexes, `error parsing succeededIndexes: ${checked.error}`))
    }
    if (count === undefined) continue
    errors.push(...notNegative(rule, path, ['succeededCount']))
    const tooHigh = (most: number, what: string) =>
      errors.push(
        invalid(`${path}.succeededCount`, count, `must be less than or equal to ${most} (the number of ${what})`),
      )
    if (completions !== undefined && count > completions) tooHigh(completions, 'specified completions')
    if (checked !== undefined && count > checked.total) {
      tooHigh(checked.total, 'indexes in the specified succeededIndexes field')
    }
  }
  return errors
}
