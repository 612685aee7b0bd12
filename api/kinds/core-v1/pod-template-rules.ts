// What kinds that make pods from a template have in common: what a template must be like, how it fits the selector, and
// what a table shows of it.
import { type FieldError, forbidden, invalid, notSupported, required } from '../../schema/field-error.ts'
import { validateStructure } from '../../schema/structure.ts'
import { dns1123LabelErrors } from '../../values/names.ts'
import { none, wide } from '../columns.ts'
import type { LabelSelector } from '../meta-v1/label-selector.ts'
import { selectorOf, validateLabelSelector } from '../meta-v1/label-selector-validation.ts'
import { validateAnnotations, validateLabels } from '../meta-v1/object-meta-validation.ts'
import type { KubernetesObject } from '../object.ts'
import { same } from '../rules.ts'
import { podSpec } from './pod-spec.ts'
import type { PodTemplateSpec } from './pod-template.ts'
import { validatePodSpec } from './pod-validation.ts'
import { podTemplateWarnings } from './pod-warnings.ts'

/** What is wrong with a template. @param field `spec.template`; labels are told of without `metadata`, as Kubernetes does */
export function validatePodTemplate({ metadata, spec }: PodTemplateSpec, field: string): FieldError[] {
  const errors = [
    ...validateLabels(metadata.labels, `${field}.labels`),
    ...validateAnnotations(metadata.annotations, `${field}.annotations`),
    ...validateStructure(podSpec, spec, `${field}.spec`),
    ...validatePodSpec(spec, `${field}.spec`),
  ]
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'))
  }
  return errors
}

interface SelectorRules {
  /** In the text about one that selects everything: `empty selector is invalid for deployment`. */
  readonly kind: string
  /** Whether its absence is told of by itself, besides that it selects nothing; default true. */
  readonly required?: boolean
}

/** What is wrong with the selector of a kind that makes pods. */
export function validatePodSelector(
  selector: LabelSelector | undefined,
  field: string,
  { kind, required: isRequired = true }: SelectorRules,
): FieldError[] {
  if (selector === undefined) return isRequired ? [required(field)] : []
  const errors = validateLabelSelector(selector, field)
  if (isEmpty(selector)) errors.push(invalid(field, selector, `empty selector is invalid for ${kind}`))
  return errors
}

const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector) =>
  Object.keys(matchLabels).length + matchExpressions.length === 0

/** A template's pods must be among those that are selected, or it would be filled for ever. */
export function validateSelected(
  selector: LabelSelector | undefined,
  { metadata }: PodTemplateSpec,
  field: string,
): FieldError[] {
  const selected = selectorOf(selector)
  if (selected === undefined || selected.isEverything() || selected.matches(metadata.labels)) return []
  return [invalid(`${field}.metadata.labels`, metadata.labels, '`selector` does not match template `labels`')]
}

/** What is wrong with a template whose pods are replaced when they end. @param kind in Kubernetes' text about deadlines */
export function validateLastingTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec,
  field: string,
  kind: string,
): FieldError[] {
  return [
    ...validateSelected(selector, template, field),
    ...validatePodTemplate(template, field),
    ...validateRunsForEver(template, field, kind),
  ]
}

/** Of pods that are replaced when they end. */
export function validateRunsForEver({ spec }: PodTemplateSpec, field: string, kind: string): FieldError[] {
  const errors: FieldError[] = []
  if (spec.restartPolicy !== 'Always') {
    errors.push(notSupported(`${field}.spec.restartPolicy`, spec.restartPolicy, ['Always']))
  }
  if (spec.activeDeadlineSeconds !== undefined) {
    const detail = `activeDeadlineSeconds in ${kind} is not Supported`
    errors.push(forbidden(`${field}.spec.activeDeadlineSeconds`, detail))
  }
  return errors
}

/** Pods are named after what makes them. */
export function podNameWarnings({ metadata: { name = '' } }: KubernetesObject): string[] {
  const errors = name === '' ? [] : dns1123LabelErrors(name)
  if (errors.length === 0) return []
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${errors.join(', ')}]`,
  ]
}

/** Of a new template, or one that was changed. */
export function templateWarnings(template: PodTemplateSpec, old: PodTemplateSpec | undefined, field: string): string[] {
  return old !== undefined && same(template, old) ? [] : podTemplateWarnings(template, field)
}

/** Columns of wide output about the containers of a template. */
export const containerColumns = [
  wide('Containers', 'The names of the containers.'),
  wide('Images', 'The images of the containers.'),
] as const

export function containerCells({ spec: { containers } }: PodTemplateSpec): string[] {
  return [containers.map(({ name }) => name).join(','), containers.map(({ image = '' }) => image).join(',')]
}

export const selectorColumn = wide('Selector', 'Which pods are meant, by their labels.')

/** How tables show a selector. */
export function selectorCell(selector: LabelSelector | undefined): string {
  if (selector === undefined) return none
  const text = selectorOf(selector)
  return text === undefined ? '<error>' : text.isEverything() ? none : text.toString()
}
