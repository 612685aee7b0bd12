import { type FieldError, forbidden, invalid, required } from '../../schema/field-error.ts'
import {
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from '../../values/names.ts'
import { validateLabelSelector } from '../meta-v1/label-selector-validation.ts'
import { each, must, unique } from '../rules.ts'
import type {
  Affinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  Taint,
  Toleration,
  TopologySpreadConstraint,
} from './affinity.ts'

export function validateAffinity(affinity: Affinity | undefined, field: string): FieldError[] {
  if (affinity === undefined) return []
  const errors: FieldError[] = []
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
  const demanded = 'requiredDuringSchedulingIgnoredDuringExecution'
  const { nodeAffinity } = affinity
  const terms = nodeAffinity?.[demanded]?.nodeSelectorTerms
  for (const [path, term] of each(`${field}.nodeAffinity.${demanded}.nodeSelectorTerms`, terms)) {
    errors.push(...validateNodeTerm(term, path))
  }
  for (const [path, { preference }] of each(`${field}.nodeAffinity.${preferred}`, nodeAffinity?.[preferred])) {
    errors.push(...validateNodeTerm(preference, `${path}.preference`))
  }
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    for (const [path, term] of each(`${field}.${kind}.${demanded}`, affinity[kind]?.[demanded])) {
      errors.push(...validatePodTerm(term, path))
    }
    for (const [path, { podAffinityTerm }] of each(`${field}.${kind}.${preferred}`, affinity[kind]?.[preferred])) {
      errors.push(...validatePodTerm(podAffinityTerm, `${path}.podAffinityTerm`))
    }
  }
  return errors
}

function validateNodeTerm({ matchExpressions, matchFields }: NodeSelectorTerm, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [path, requirement] of each(`${field}.matchExpressions`, matchExpressions)) {
    errors.push(...validateRequirement(requirement, path))
    if (requirement.key !== '') must(errors, `${path}.key`, requirement.key, qualifiedNameErrors)
  }
  for (const [path, { key, operator, values = [] }] of each(`${field}.matchFields`, matchFields)) {
    if (operator !== 'In' && operator !== 'NotIn') {
      errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'))
    }
    if (values.length !== 1)
      errors.push(
        required(`${path}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"),
      )
    if (key !== 'metadata.name') errors.push(invalid(`${path}.key`, key, 'not a valid field selector key'))
    for (const [valuePath, value] of each(`${path}.values`, values))
      must(errors, valuePath, value, dns1123SubdomainErrors)
  }
  return errors
}

function validateRequirement({ operator, values = [] }: NodeSelectorRequirement, field: string): FieldError[] {
  const at = `${field}.values`
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0 ? [] : [required(at, "must be specified when `operator` is 'In' or 'NotIn'")]
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return []
      return [forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
    case 'Gt':
    case 'Lt':
      return values.length === 1 ? [] : [required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'")]
    default:
      return [] // That it is none has been told by the schema.
  }
}

function validatePodTerm(term: PodAffinityTerm, field: string): FieldError[] {
  const errors = [
    ...validateLabelSelector(term.labelSelector, `${field}.labelSelector`),
    ...validateLabelSelector(term.namespaceSelector, `${field}.namespaceSelector`),
  ]
  for (const [path, name] of each(`${field}.namespaces`, term.namespaces)) must(errors, path, name, dns1123LabelErrors)
  if (term.topologyKey !== '') must(errors, `${field}.topologyKey`, term.topologyKey, qualifiedNameErrors)
  for (const list of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    for (const [path, key] of each(`${field}.${list}`, term[list])) {
      must(errors, path, key, qualifiedNameErrors)
      if (term.labelSelector === undefined) {
        errors.push(forbidden(`${field}.${list}`, 'must not be specified when labelSelector is not set'))
      }
    }
  }
  for (const [path, key] of each(`${field}.matchLabelKeys`, term.matchLabelKeys)) {
    if (term.mismatchLabelKeys?.includes(key) === true) {
      errors.push(invalid(path, key, 'exists in both matchLabelKeys and mismatchLabelKeys'))
    }
  }
  return errors
}

export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  const once = unique(errors)
  for (const [path, constraint] of each(field, constraints)) {
    const { topologyKey, whenUnsatisfiable, minDomains, matchLabelKeys, labelSelector } = constraint
    if (topologyKey !== '') must(errors, `${path}.topologyKey`, topologyKey, qualifiedNameErrors)
    once(path, `${topologyKey}, ${whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`)
    errors.push(...validateLabelSelector(labelSelector, `${path}.labelSelector`))
    if (minDomains !== undefined && whenUnsatisfiable !== 'DoNotSchedule') {
      const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
      errors.push(invalid(`${path}.minDomains`, minDomains, detail))
    }
    for (const [keyPath, key] of each(`${path}.matchLabelKeys`, matchLabelKeys)) {
      must(errors, keyPath, key, qualifiedNameErrors)
      if (labelSelector === undefined) {
        errors.push(forbidden(keyPath, 'must not be specified when labelSelector is not set'))
      } else if (labelSelector.matchLabels?.[key] !== undefined) {
        errors.push(invalid(keyPath, key, 'exists in both matchLabelKeys and labelSelector'))
      }
    }
  }
  return errors
}

export function validateTolerations(tolerations: readonly Toleration[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [path, { key, operator = 'Equal', value, effect, tolerationSeconds }] of each(field, tolerations)) {
    if (key !== undefined) must(errors, `${path}.key`, key, qualifiedNameErrors)
    else if (operator !== 'Exists') {
      errors.push(
        invalid(
          `${path}.operator`,
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      )
    }
    if (operator === 'Exists' && value !== undefined) {
      errors.push(invalid(`${path}.operator`, operator, "value must be empty when `operator` is 'Exists'"))
    }
    if (operator === 'Equal') must(errors, `${path}.value`, value, labelValueErrors)
    if ((operator === 'Gt' || operator === 'Lt') && !/^-?\d+$/.test(value ?? '')) {
      errors.push(invalid(`${path}.value`, value, "value must be an integer when `operator` is 'Gt' or 'Lt'"))
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    }
  }
  return errors
}

export function validateTaints(taints: readonly Taint[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  const once = unique(errors)
  for (const [path, { key, value, effect }] of each(field, taints)) {
    if (key !== '') must(errors, `${path}.key`, key, qualifiedNameErrors)
    must(errors, `${path}.value`, value, labelValueErrors)
    once(path, `${key}:${effect}`, { key, effect })
  }
  return errors
}
