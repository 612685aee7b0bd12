// What a pod must be like beyond the declaration of its fields.
import { type FieldError, forbidden, invalid, required, tooMany } from '../../schema/field-error.ts'
import { ipErrors } from '../../values/ip.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors, qualifiedNameErrors } from '../../values/names.ts'
import { validateLabels } from '../meta-v1/object-meta-validation.ts'
import { each, must, unique } from '../rules.ts'
import { validateAffinity, validateTolerations, validateTopologySpread } from './affinity-validation.ts'
import { validateContainers } from './container-validation.ts'
import type { Pod } from './pod-schema.ts'
import type { PodSpec } from './pod-spec.ts'
import { validateList, validateResources } from './resources-validation.ts'
import { validatePodSecurityContext } from './security-validation.ts'
import { validateVolumes } from './volume-validation.ts'

/** Of glibc's resolver. */
const mostNameservers = 3
const mostSearches = 32
const mostSearchCharacters = 2048

/** What is wrong with a new pod. */
export function validatePod(pod: Pod): FieldError[] {
  const errors = validatePodSpec(pod.spec, 'spec')
  if ((pod.spec.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'))
  }
  if ((pod.spec.schedulingGates ?? []).length > 0 && pod.spec.nodeName !== undefined) {
    errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  }
  return errors
}

/** Of a pod, or of a template of pods. */
export function validatePodSpec(spec: PodSpec, field: string): FieldError[] {
  const errors = [
    ...validateVolumes(spec.volumes, `${field}.volumes`),
    ...validateContainers(spec, field),
    ...validateHost(spec, field),
    ...validateDns(spec, field),
    ...validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...validatePodSecurityContext(spec.securityContext, spec, `${field}.securityContext`),
    ...validateAffinity(spec.affinity, `${field}.affinity`),
    ...validateTolerations(spec.tolerations, `${field}.tolerations`),
    ...validateTopologySpread(spec.topologySpreadConstraints, `${field}.topologySpreadConstraints`),
    ...validateList(spec.overhead, `${field}.overhead`),
    ...validateResources(spec.resources, `${field}.resources`),
  ]
  must(errors, `${field}.nodeName`, spec.nodeName, dns1123SubdomainErrors)
  must(errors, `${field}.serviceAccountName`, spec.serviceAccountName, dns1123SubdomainErrors)
  must(errors, `${field}.schedulerName`, spec.schedulerName, qualifiedNameErrors)
  must(errors, `${field}.priorityClassName`, spec.priorityClassName, dns1123SubdomainErrors)
  must(errors, `${field}.runtimeClassName`, spec.runtimeClassName, dns1123SubdomainErrors)
  must(errors, `${field}.hostname`, spec.hostname, dns1123LabelErrors)
  must(errors, `${field}.subdomain`, spec.subdomain, dns1123LabelErrors)

  for (const [path, { name }] of each(`${field}.imagePullSecrets`, spec.imagePullSecrets)) {
    if (name === undefined) errors.push(required(`${path}.name`))
  }
  for (const [path, { conditionType }] of each(`${field}.readinessGates`, spec.readinessGates)) {
    if (conditionType !== '') must(errors, `${path}.conditionType`, conditionType, qualifiedNameErrors)
  }
  const gateOnce = unique(errors)
  for (const [path, { name }] of each(`${field}.schedulingGates`, spec.schedulingGates)) {
    if (name !== '') must(errors, `${path}.name`, name, qualifiedNameErrors)
    gateOnce(`${path}.name`, name)
  }
  errors.push(...validateClaims(spec, field))
  return errors
}

/** What a pod shares with its host. */
function validateHost(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled'
    errors.push(invalid(`${field}.shareProcessNamespace`, true, detail))
  }
  if (spec.hostUsers === false) {
    for (const name of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
      if (spec[name] === true) errors.push(forbidden(`${field}.${name}`, 'when `hostUsers` is false'))
    }
  }
  if (spec.hostnameOverride !== undefined) {
    must(errors, `${field}.hostnameOverride`, spec.hostnameOverride, dns1123SubdomainErrors)
    if (spec.hostnameOverride.length > 64) {
      errors.push(invalid(`${field}.hostnameOverride`, spec.hostnameOverride, 'must be no more than 64 characters'))
    }
    if (spec.hostNetwork === true) {
      errors.push(forbidden(`${field}.hostnameOverride`, 'may not be specified when hostNetwork is true'))
    }
    if (spec.setHostnameAsFQDN === true) {
      errors.push(forbidden(`${field}.hostnameOverride`, 'may not be specified when setHostnameAsFQDN is true'))
    }
  }
  for (const [path, { ip, hostnames }] of each(`${field}.hostAliases`, spec.hostAliases)) {
    if (ip !== '') must(errors, `${path}.ip`, ip, ipErrors)
    for (const [namePath, name] of each(`${path}.hostnames`, hostnames)) {
      must(errors, namePath, name, dns1123SubdomainErrors)
    }
  }
  return errors
}

function validateDns({ dnsPolicy, dnsConfig = {} }: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = []
  const { nameservers = [], searches = [], options } = dnsConfig
  const at = `${field}.dnsConfig`
  if (dnsPolicy === 'None' && nameservers.length === 0) {
    const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
    errors.push(required(`${at}.nameservers`, detail))
  }
  if (nameservers.length > mostNameservers) {
    errors.push(tooMany(`${at}.nameservers`, nameservers.length, mostNameservers))
  }
  for (const [path, address] of each(`${at}.nameservers`, nameservers)) must(errors, path, address, ipErrors)
  if (searches.length > mostSearches) errors.push(tooMany(`${at}.searches`, searches.length, mostSearches))
  if (searches.join(' ').length > mostSearchCharacters) {
    const detail = `must not have more than ${mostSearchCharacters} characters (including spaces) in the search list`
    errors.push(invalid(`${at}.searches`, searches, detail))
  }
  for (const [path, domain] of each(`${at}.searches`, searches)) {
    // A single dot, and a dot at the end, keep the resolver from searching further.
    if (domain !== '.') must(errors, path, domain.replace(/\.$/, ''), dns1123SubdomainErrors)
  }
  for (const [path, { name }] of each(`${at}.options`, options)) {
    if (name === undefined) errors.push(required(`${path}.name`, 'must not be empty'))
  }
  return errors
}

function validateClaims({ resourceClaims }: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = []
  const once = unique(errors)
  for (const [path, claim] of each(`${field}.resourceClaims`, resourceClaims)) {
    if (claim.name !== '') must(errors, `${path}.name`, claim.name, dns1123LabelErrors)
    once(`${path}.name`, claim.name)
    const { resourceClaimName: claimName, resourceClaimTemplateName: template } = claim
    if ((claimName === undefined) === (template === undefined)) {
      const one = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
      const both = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
      errors.push(invalid(path, claim.name, claimName === undefined ? one : both))
    }
    must(errors, `${path}.resourceClaimName`, claimName, dns1123SubdomainErrors)
    must(errors, `${path}.resourceClaimTemplateName`, template, dns1123SubdomainErrors)
  }
  return errors
}
