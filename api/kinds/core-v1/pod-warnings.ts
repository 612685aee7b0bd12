// What of a pod's specification is allowed and yet most likely a mistake: the texts of `Warning` headers, as Kubernetes v1.36
// words them (pkg/api/pod/warnings.go).
import { dns1123LabelErrors } from '../../values/names.ts'
import { Quantity } from '../../values/quantity.ts'
import { each } from '../rules.ts'
import type { NodeSelectorTerm } from './affinity.ts'
import type { Container, ContainerPort } from './container.ts'
import type { Pod } from './pod-schema.ts'
import type { PodSpec } from './pod-spec.ts'
import { volumeWarnings } from './volume-warnings.ts'

/** Of a new pod. */
export function podWarnings(pod: Pod): string[] {
  const { name = '', annotations } = pod.metadata
  const errors = pod.spec.hostname === undefined && name !== '' ? dns1123LabelErrors(name) : []
  const asHostname =
    errors.length === 0
      ? []
      : [
          `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${errors.join(', ')}]`,
        ]
  return [...asHostname, ...podSpecWarnings(pod.spec, annotations, '')]
}

/** Of a pod template. @param field `spec.template` */
export function podTemplateWarnings(
  template: { readonly metadata?: Pod['metadata']; readonly spec?: PodSpec },
  field: string,
): string[] {
  if (template.spec === undefined) return []
  return podSpecWarnings(template.spec, template.metadata?.annotations, `${field}.`)
}

/** @param prefix of every field: '', `spec.template.` */
function podSpecWarnings(spec: PodSpec, annotations: Readonly<Record<string, string>> = {}, prefix: string): string[] {
  const field = `${prefix}spec`
  const containers = everyContainer(spec, field)
  return [
    ...nodeLabelWarnings(spec, field),
    ...spreadWarnings(spec, field),
    ...annotationWarnings(annotations, prefix),
    ...volumeWarnings(spec.volumes, `${field}.volumes`),
    ...repeated(spec.hostAliases, `${field}.hostAliases`, 'ip'),
    ...repeated(spec.imagePullSecrets, `${field}.imagePullSecrets`, 'name'),
    ...emptyPullSecrets(spec, field),
    ...fractionalBytes(spec.overhead, `${field}.overhead`),
    ...seccompAnnotation(spec, annotations, prefix, 'seccomp.security.alpha.kubernetes.io/pod'),
    ...containers.flatMap(([path, container]) => containerWarnings(container, path, annotations, prefix)),
    ...portWarnings(containers),
    ...(spec.terminationGracePeriodSeconds !== undefined && spec.terminationGracePeriodSeconds < 0
      ? [`${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...affinityWarnings(spec, `${field}.affinity`),
  ]
}

type Located<T> = readonly [path: string, element: T]

/** In the order in which Kubernetes visits them. */
function everyContainer(spec: PodSpec, field: string): Located<Container>[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap(name => [
    ...each<Container>(`${field}.${name}`, spec[name]),
  ])
}

const insteadOf = (since: string, label: string) => `deprecated since ${since}; use "${label}" instead`
const deprecatedNodeLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': insteadOf('v1.14', 'kubernetes.io/arch'),
  'beta.kubernetes.io/os': insteadOf('v1.14', 'kubernetes.io/os'),
  'failure-domain.beta.kubernetes.io/region': insteadOf('v1.17', 'topology.kubernetes.io/region'),
  'failure-domain.beta.kubernetes.io/zone': insteadOf('v1.17', 'topology.kubernetes.io/zone'),
  'beta.kubernetes.io/instance-type': insteadOf('v1.17', 'node.kubernetes.io/instance-type'),
}

function nodeLabelWarnings({ nodeSelector = {}, affinity }: PodSpec, field: string): string[] {
  const selected = Object.keys(nodeSelector).flatMap(label => {
    const message = deprecatedNodeLabels[label]
    return message === undefined ? [] : [`${field}.nodeSelector[${label}]: ${message}`]
  })
  const { requiredDuringSchedulingIgnoredDuringExecution: required, preferredDuringSchedulingIgnoredDuringExecution } =
    affinity?.nodeAffinity ?? {}
  const path = `${field}.affinity.nodeAffinity`
  const terms = `${path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`
  return [
    ...selected,
    ...[...each(terms, required?.nodeSelectorTerms)].flatMap(([at, term]) => termWarnings(term, at)),
    ...[
      ...each(
        `${path}.preferredDuringSchedulingIgnoredDuringExecution`,
        preferredDuringSchedulingIgnoredDuringExecution,
      ),
    ].flatMap(([at, { preference }]) => termWarnings(preference, `${at}.preference`)),
  ]
}

function termWarnings(term: NodeSelectorTerm | undefined, field: string): string[] {
  return [...each(`${field}.matchExpressions`, term?.matchExpressions)].flatMap(([path, { key }]) => {
    const message = deprecatedNodeLabels[key]
    return message === undefined ? [] : [`${path}.key: ${key} is ${message}`]
  })
}

const matchesNothing = 'a null labelSelector results in matching no pod'

function spreadWarnings({ topologySpreadConstraints }: PodSpec, field: string): string[] {
  return [...each(`${field}.topologySpreadConstraints`, topologySpreadConstraints)].flatMap(
    ([path, { topologyKey, labelSelector }]) => {
      const message = deprecatedNodeLabels[topologyKey]
      return [
        ...(message === undefined ? [] : [`${path}.topologyKey: ${topologyKey} is ${message}`]),
        ...(labelSelector === undefined ? [`${path}.labelSelector: ${matchesNothing}`] : []),
      ]
    },
  )
}

function affinityWarnings({ affinity }: PodSpec, field: string): string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap(name => {
    const { requiredDuringSchedulingIgnoredDuringExecution, preferredDuringSchedulingIgnoredDuringExecution } =
      affinity?.[name] ?? {}
    const required = each(
      `${field}.${name}.requiredDuringSchedulingIgnoredDuringExecution`,
      requiredDuringSchedulingIgnoredDuringExecution,
    )
    const preferred = each(
      `${field}.${name}.preferredDuringSchedulingIgnoredDuringExecution`,
      preferredDuringSchedulingIgnoredDuringExecution,
    )
    return [
      ...[...required].filter(([, { labelSelector }]) => labelSelector === undefined).map(([path]) => path),
      ...[...preferred]
        .filter(([, { podAffinityTerm }]) => podAffinityTerm.labelSelector === undefined)
        .map(([path]) => `${path}.podAffinityTerm`),
    ].map(path => `${path}.labelSelector: ${matchesNothing}`)
  })
}

const deprecatedAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
}

function annotationWarnings(annotations: Readonly<Record<string, string>>, prefix: string): string[] {
  return Object.entries(deprecatedAnnotations)
    .filter(([key]) => Object.hasOwn(annotations, key))
    .map(([key, message]) => `${prefix}metadata.annotations[${key}]: ${message}`)
}

function seccompAnnotation(
  { securityContext }: Pick<Container | PodSpec, 'securityContext'>,
  annotations: Readonly<Record<string, string>>,
  prefix: string,
  key: string,
): string[] {
  if (securityContext?.seccompProfile !== undefined || !Object.hasOwn(annotations, key)) return []
  return [`${prefix}metadata.annotations[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`]
}

/** Elements that name something again; kubectl apply may drop them. */
function repeated<Name extends string>(
  list: readonly { readonly [N in Name]?: string }[] | undefined,
  field: string,
  name: Name,
): string[] {
  const seen = new Set<string>()
  return [...each(field, list)].flatMap(([path, element]) => {
    const value = element[name] ?? ''
    if (seen.has(value)) return [`${path}.${name}: duplicate ${name} ${JSON.stringify(value)}`]
    seen.add(value)
    return []
  })
}

function emptyPullSecrets({ imagePullSecrets }: PodSpec, field: string): string[] {
  return [...each(`${field}.imagePullSecrets`, imagePullSecrets)]
    .filter(([, { name = '' }]) => name === '')
    .map(([path]) => `${path}.name: invalid empty name ""`)
}

/** `64m` of memory is 64 thousandths of a byte; 64M was meant. */
function fractionalBytes(list: Readonly<Record<string, string>> = {}, field: string): string[] {
  return ['memory', 'ephemeral-storage'].flatMap(resource => {
    const text = list[resource]
    if (text === undefined || Quantity.tryParse(text)?.isWhole() !== false) return []
    return [`${field}[${resource}]: fractional byte value ${JSON.stringify(text)} is invalid, must be an integer`]
  })
}

function containerWarnings(
  container: Container,
  field: string,
  annotations: Readonly<Record<string, string>>,
  prefix: string,
): string[] {
  const { limits, requests } = container.resources
  const key = `container.seccomp.security.alpha.kubernetes.io/${container.name}`
  return [
    ...seccompAnnotation(container, annotations, prefix, key),
    ...fractionalBytes(limits, `${field}.resources.limits`),
    ...fractionalBytes(requests, `${field}.resources.requests`),
    ...hiddenVariables(container, field),
  ]
}

/** Variables that replace one of the same name without building on it. */
function hiddenVariables({ env }: Container, field: string): string[] {
  const seen = new Set<string>()
  return [...each(`${field}.env`, env)].flatMap(([path, { name, value = '', valueFrom }]) => {
    const reference = `$(${name})`
    const builds = valueFrom === undefined && value.includes(reference) && value !== reference
    if (seen.has(name) && !builds) {
      return [`${path}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`]
    }
    seen.add(name)
    return []
  })
}

function portWarnings(containers: readonly Located<Container>[]): string[] {
  const warnings: string[] = []
  const byPort = new Map<string, Located<ContainerPort>[]>()
  const byName = new Map<string, string>()
  for (const [field, { ports }] of containers) {
    for (const [path, port] of each(`${field}.ports`, ports)) {
      const { containerPort, protocol, hostIP = '', hostPort = 0, name = '' } = port
      if (hostIP !== '' && hostPort === 0) {
        const shown = `{Name:${name} HostPort:0 ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`
        warnings.push(`${path}: hostIP set without hostPort: ${shown}`)
      }
      const key = `${containerPort}/${protocol}`
      const others = byPort.get(key) ?? []
      for (const [other, existing] of others) {
        const clash = portClash(port, existing)
        if (clash !== undefined) warnings.push(`${path}: ${clash} port definition with ${other}`)
      }
      byPort.set(key, [...others, [path, port]])
      const first = byName.get(name)
      if (name !== '' && first === undefined) byName.set(name, path)
      // Within one container a second name is an error, not a warning.
      else if (first !== undefined && !first.startsWith(`${field}.`)) {
        const use = `services and probes that select ports by name will use ${first}`
        warnings.push(`${path}: duplicate port name ${JSON.stringify(name)} with ${first}, ${use}`)
      }
    }
  }
  return warnings
}

function portClash(port: ContainerPort, other: ContainerPort): string | undefined {
  const [hostPort, otherPort] = [port.hostPort ?? 0, other.hostPort ?? 0]
  const [hostIP, otherIP] = [port.hostIP ?? '', other.hostIP ?? '']
  if (hostPort === otherPort && hostIP === otherIP) return 'duplicate'
  if (hostPort === 0 || otherPort === 0) return 'overlapping'
  return hostPort === otherPort && (hostIP === '') !== (otherIP === '') ? 'dangerously ambiguous' : undefined
}
