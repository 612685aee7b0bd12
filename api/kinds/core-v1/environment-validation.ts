import { type FieldError, invalid, notSupported, required } from '../../schema/field-error.ts'
import { configKeyErrors, dns1123SubdomainErrors, envVarNameErrors, qualifiedNameErrors } from '../../values/names.ts'
import { each, exactlyOne, must } from '../rules.ts'
import type { EnvFromSource, EnvVar, ObjectFieldSelector, ResourceFieldSelector } from './environment.ts'

const valueSources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef']

/** What a variable can tell of its own pod. */
const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
/** What a file can tell: these may change while the pod runs. */
const fileFields = ['metadata.name', 'metadata.namespace', 'metadata.labels', 'metadata.annotations', 'metadata.uid']
const resourceFields = ['cpu', 'memory', 'ephemeral-storage'].flatMap(name => [`limits.${name}`, `requests.${name}`])

export function validateEnv(env: readonly EnvVar[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [path, { name, value, valueFrom }] of each(field, env)) {
    if (name !== '') must(errors, `${path}.name`, name, envVarNameErrors)
    if (valueFrom === undefined) continue
    const at = `${path}.valueFrom`
    if (value !== undefined) {
      errors.push(invalid(at, '', 'may not be specified when `value` is not empty'))
      continue
    }
    const given = valueSources.filter(source => Object.hasOwn(valueFrom, source))
    if (given.length === 0)
      errors.push(invalid(at, '', `must specify one of: ${valueSources.map(s => `\`${s}\``).join(', ')}`))
    if (given.length > 1) errors.push(invalid(at, '', 'may not have more than one field specified at a time'))
    errors.push(...validateFieldRef(valueFrom.fieldRef, `${at}.fieldRef`, envFields))
    errors.push(...validateResourceFieldRef(valueFrom.resourceFieldRef, `${at}.resourceFieldRef`))
    for (const source of ['configMapKeyRef', 'secretKeyRef'] as const) {
      const reference = valueFrom[source]
      if (reference === undefined) continue
      must(errors, `${at}.${source}.name`, reference.name, dns1123SubdomainErrors)
      if (reference.name === undefined) errors.push(required(`${at}.${source}.name`))
      if (reference.key !== '') must(errors, `${at}.${source}.key`, reference.key, configKeyErrors)
    }
  }
  return errors
}

export function validateEnvFrom(sources: readonly EnvFromSource[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [path, source] of each(field, sources)) {
    if (source.prefix !== undefined) must(errors, `${path}.prefix`, source.prefix, envVarNameErrors)
    exactlyOne(errors, path, source, ['configMapRef', 'secretRef'], 'source of `configMapRef` or `secretRef`')
    for (const kind of ['configMapRef', 'secretRef'] as const) {
      const reference = source[kind]
      if (reference === undefined) continue
      if (reference.name === undefined) errors.push(required(`${path}.${kind}.name`))
      must(errors, `${path}.${kind}.name`, reference.name, dns1123SubdomainErrors)
    }
  }
  return errors
}

/** Of a file in a downward API volume. */
export function validateFileFieldRef(reference: ObjectFieldSelector | undefined, field: string): FieldError[] {
  return validateFieldRef(reference, field, fileFields)
}

function validateFieldRef(
  reference: ObjectFieldSelector | undefined,
  field: string,
  supported: readonly string[],
): FieldError[] {
  if (reference === undefined || reference.fieldPath === '') return []
  const errors: FieldError[] = []
  const { apiVersion, fieldPath } = reference
  if (apiVersion !== undefined && apiVersion !== 'v1') {
    errors.push(invalid(`${field}.apiVersion`, apiVersion, 'must be v1'))
  }
  const at = `${field}.fieldPath`
  const [, map, key] = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath) ?? []
  if (map === undefined || key === undefined) {
    if (!supported.includes(fieldPath)) errors.push(notSupported(at, fieldPath, supported))
    return errors
  }
  must(errors, at, map === 'labels' ? key : key.toLowerCase(), qualifiedNameErrors)
  return errors
}

export function validateResourceFieldRef(
  reference: ResourceFieldSelector | undefined,
  field: string,
  needsContainer = false,
): FieldError[] {
  if (reference === undefined || reference.resource === '') return []
  const errors: FieldError[] = []
  const { resource, containerName, divisor } = reference
  if (needsContainer && containerName === undefined) errors.push(required(`${field}.containerName`))
  const isHugePages = /^(limits|requests)\.hugepages-/.test(resource)
  if (!resourceFields.includes(resource) && !isHugePages) {
    errors.push(notSupported(`${field}.resource`, resource, resourceFields))
    return errors
  }
  const units = resource.endsWith('.cpu') ? ['0', '1m', '1'] : byteDivisors
  if (divisor !== undefined && !units.includes(divisor)) {
    const detail = `only divisor's values ${units.slice(1).join(', ')} are supported with the ${resource.split('.')[1] ?? ''} resource`
    errors.push(invalid(`${field}.divisor`, divisor, detail))
  }
  return errors
}

const byteDivisors = ['0', '1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']
