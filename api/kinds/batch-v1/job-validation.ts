// What a job must be like, also where it stands in a cron job.
import { type FieldError, invalid, notSupported, required } from '../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../values/names.ts'
import { validatePodTemplate, validateSelected } from '../core-v1/pod-template-rules.ts'
import { notNegative } from '../counts.ts'
import { selectorOf, validateLabelSelector } from '../meta-v1/label-selector-validation.ts'
import { immutable } from '../rules.ts'
import { validatePodFailurePolicy, validateSuccessPolicy } from './job-policies-validation.ts'
import type { Job, JobSpec } from './job-schema.ts'
import { podLabels } from './job-selector.ts'

const mostIndexed = 100_000
const mostWithManyCompletions = 10_000
const indexedOnly = 'requires indexed completion mode'

export function validateJob(job: Job): FieldError[] {
  const { metadata, spec } = job
  const errors = [...validateGeneratedSelector(job), ...validateJobSpec(spec, 'spec')]
  const { selector, template, completions = 0 } = spec
  if (selector === undefined) errors.push(required('spec.selector'))
  else errors.push(...validateLabelSelector(selector, 'spec.selector'))
  errors.push(...validateSelected(selector, template, 'spec.template'))
  if (spec.completionMode === 'Indexed' && completions > 0) {
    const last = `${metadata.name ?? ''}-${completions - 1}`
    if (dns1123LabelErrors(last).length > 0) {
      const detail = `will not able to create pod with invalid DNS label: ${last}`
      errors.push(invalid('metadata.name', metadata.name, detail))
    }
  }
  return errors
}

/** A selector of the server's own names the job, and the pods carry what it asks for. */
function validateGeneratedSelector(job: Job): FieldError[] {
  const { selector, template, manualSelector } = job.spec
  if (manualSelector === true || selector === undefined) return []
  const errors: FieldError[] = []
  const labels = template.metadata.labels
  const expected = podLabels(job)
  for (const [key, value] of Object.entries(expected)) {
    const field = `spec.template.metadata.labels[${key}]`
    if (labels?.[key] === undefined) errors.push(required(field, `must be '${value}'`))
    else if (labels[key] !== value) errors.push(invalid(field, labels, `must be '${value}'`))
  }
  if (selectorOf(selector)?.matches(expected) === false) {
    errors.push(invalid('spec.selector', selector, '`selector` not auto-generated'))
  }
  return errors
}

/** Without what only a job of its own has: its selector. */
export function validateJobSpec(spec: JobSpec, field: string): FieldError[] {
  const { template, managedBy, maxFailedIndexes, backoffLimitPerIndex } = spec
  const errors = notNegative(spec, field, [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ])
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
  if (managedBy !== undefined) errors.push(...validateDomainPath(managedBy, `${field}.managedBy`))
  errors.push(...validateCompletionMode(spec, field))
  if (spec.podFailurePolicy !== undefined) errors.push(...validatePodFailurePolicy(spec, `${field}.podFailurePolicy`))
  if (spec.successPolicy !== undefined) {
    if (spec.completionMode === 'Indexed') errors.push(...validateSuccessPolicy(spec, `${field}.successPolicy`))
    else errors.push(invalid(`${field}.successPolicy`, internalSuccessPolicy(spec.successPolicy), indexedOnly))
  }
  errors.push(...validateReplacement(spec, field))
  errors.push(...validatePodTemplate(template, `${field}.template`))
  return [...errors, ...validateRestarts(spec, `${field}.template.spec.restartPolicy`)]
}

/** Kubernetes shows what it holds in its own form. */
const internalSuccessPolicy = ({ rules }: NonNullable<JobSpec['successPolicy']>) => ({
  Rules: rules.map(({ succeededIndexes = null, succeededCount = null }) => ({
    SucceededIndexes: succeededIndexes,
    SucceededCount: succeededCount,
  })),
})

function validateDomainPath(text: string, field: string): FieldError[] {
  const slash = text.indexOf('/')
  if (slash > 0 && slash < text.length - 1) {
    return dns1123SubdomainErrors(text.slice(0, slash)).map(detail => invalid(field, text.slice(0, slash), detail))
  }
  return [invalid(field, text, 'must be a domain-prefixed path (such as "acme.io/foo")')]
}

function validateCompletionMode(spec: JobSpec, field: string): FieldError[] {
  const { completionMode, completions, parallelism = 0, backoffLimitPerIndex, maxFailedIndexes } = spec
  const errors: FieldError[] = []
  if (completionMode !== 'NonIndexed' && completionMode !== 'Indexed') {
    errors.push(notSupported(`${field}.completionMode`, completionMode, ['NonIndexed', 'Indexed'], 'given'))
  }
  if (completionMode === 'NonIndexed') {
    for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      if (spec[name] !== undefined) errors.push(invalid(`${field}.${name}`, spec[name], indexedOnly))
    }
  }
  if (completionMode !== 'Indexed') return errors
  if (completions === undefined) errors.push(required(`${field}.completions`, 'when completion mode is Indexed'))
  if (parallelism > mostIndexed) {
    const detail = `must be less than or equal to ${mostIndexed} when completion mode is Indexed`
    errors.push(invalid(`${field}.parallelism`, parallelism, detail))
  }
  if (backoffLimitPerIndex === undefined) return errors
  const many = `when completions are above ${mostIndexed} and used with backoff limit per index`
  const at = `${field}.maxFailedIndexes`
  if (maxFailedIndexes !== undefined) {
    if (completions !== undefined && maxFailedIndexes > completions) {
      errors.push(invalid(at, maxFailedIndexes, 'must be less than or equal to completions'))
    }
    if (maxFailedIndexes > mostIndexed) {
      errors.push(invalid(at, maxFailedIndexes, `must be less than or equal to ${mostIndexed}`))
    }
  }
  if ((completions ?? 0) <= mostIndexed) return errors
  if (maxFailedIndexes === undefined)
    errors.push(required(at, `must be specified when completions is above ${mostIndexed}`))
  if (parallelism > mostWithManyCompletions) {
    const detail = `must be less than or equal to ${mostWithManyCompletions} ${many}`
    errors.push(invalid(`${field}.parallelism`, parallelism, detail))
  }
  if ((maxFailedIndexes ?? 0) > mostWithManyCompletions) {
    errors.push(invalid(at, maxFailedIndexes, `must be less than or equal to ${mostWithManyCompletions} ${many}`))
  }
  return errors
}

function validateReplacement({ podReplacementPolicy: policy, podFailurePolicy }: JobSpec, field: string): FieldError[] {
  if (policy === undefined) return []
  const supported = podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed']
  return supported.includes(policy) ? [] : [notSupported(`${field}.podReplacementPolicy`, policy, supported)]
}

function validateRestarts({ template, podFailurePolicy }: JobSpec, field: string): FieldError[] {
  const policy = template.spec.restartPolicy ?? 'Always'
  if (policy === 'Always') return [required(field, 'valid values: "OnFailure", "Never"')]
  const detail = 'only "Never" is supported when podFailurePolicy is specified'
  return podFailurePolicy !== undefined && policy !== 'Never' ? [invalid(field, policy, detail)] : []
}

export function validateJobUpdate({ spec }: Job, { spec: old }: Job): FieldError[] {
  const errors: FieldError[] = []
  // An indexed job grows and shrinks, as long as all of it may run at a time.
  const elastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism
  if (!elastic) immutable(errors, 'spec.completions', spec.completions, old.completions)
  const fixed = [
    'selector',
    'template',
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
  ] as const
  for (const name of [...fixed, 'successPolicy'] as const) immutable(errors, `spec.${name}`, spec[name], old[name])
  return errors
}
