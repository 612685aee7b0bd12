// What a pod gets when its author says nothing of it, as far as that depends on other fields.
import { Quantity } from '../../values/quantity.ts'
import type { Container } from './container.ts'
import type { EphemeralContainer } from './ephemeral-container.ts'
import type { Pod } from './pod-schema.ts'
import type { PodSpec } from './pod-spec.ts'
import type { HTTPGetAction, LifecycleHandler, Probe } from './probes.ts'
import type { ResourceRequirements } from './resources.ts'
import type { Volume } from './volumes.ts'

/** Readable by everybody, writable by the owner. */
const fileMode = 0o644

export function setPodDefaults({ spec }: Pod): void {
  setPodSpecDefaults(spec)
  spec.enableServiceLinks ??= true
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  for (const container of containers) setRequestsFromLimits(container.resources)
  if (spec.resources !== undefined) setPodRequests(spec, spec.resources)
  if (spec.hostNetwork === true) {
    // The container's port is a port of the host: there is no other network.
    for (const { ports = [] } of containers) for (const port of ports) port.hostPort ??= port.containerPort
  }
}

/** What pods and templates of pods get; what only a pod gets depends on what it will be made of. */
export function setPodSpecDefaults(spec: PodSpec): void {
  spec.restartPolicy ??= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  spec.dnsPolicy ??= 'ClusterFirst'
  // Two names of one field; clients of long ago read the old one.
  if (spec.serviceAccountName !== undefined) spec.serviceAccount = spec.serviceAccountName
  else if (spec.serviceAccount !== undefined) spec.serviceAccountName = spec.serviceAccount
  spec.securityContext ??= {}
  spec.schedulerName ??= 'default-scheduler'
  const { initContainers = [], containers, ephemeralContainers = [] } = spec
  for (const container of [...initContainers, ...containers, ...ephemeralContainers]) setContainerDefaults(container)
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume)
}

function setContainerDefaults(container: Container | EphemeralContainer): void {
  if (container.image !== undefined) container.imagePullPolicy ??= pullPolicyOf(container.image)
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe])
    setProbeDefaults(probe)
  for (const handler of [container.lifecycle?.postStart, container.lifecycle?.preStop]) setHandlerDefaults(handler)
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef !== undefined) valueFrom.fieldRef.apiVersion ??= 'v1'
    if (valueFrom?.resourceFieldRef !== undefined) valueFrom.resourceFieldRef.divisor ??= '0'
  }
}

/** A tag that moves is pulled each time: `latest`, or none at all. */
export function pullPolicyOf(image: string): 'Always' | 'IfNotPresent' {
  if (image.includes('@')) return 'IfNotPresent'
  const name = image.slice(image.lastIndexOf('/') + 1)
  const tag = name.includes(':') ? name.slice(name.indexOf(':') + 1) : 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

function setProbeDefaults(probe: Probe | undefined): void {
  if (probe === undefined) return
  probe.timeoutSeconds ??= 1
  probe.periodSeconds ??= 10
  probe.successThreshold ??= 1
  probe.failureThreshold ??= 3
  if (probe.grpc !== undefined) probe.grpc.service ??= ''
  setHttpGetDefaults(probe.httpGet)
}

function setHandlerDefaults(handler: LifecycleHandler | undefined): void {
  setHttpGetDefaults(handler?.httpGet)
}

function setHttpGetDefaults(action: HTTPGetAction | undefined): void {
  if (action === undefined) return
  action.path ??= '/'
  action.scheme ??= 'HTTP'
}

/** Whoever may use something and asks for no amount of it asks for all of it. */
function setRequestsFromLimits(resources: ResourceRequirements): void {
  if (resources.limits === undefined) return
  resources.requests = { ...resources.limits, ...resources.requests }
}

/** The pod's own requests: what its containers ask for together, or its own limits. */
function setPodRequests(spec: PodSpec, own: ResourceRequirements): void {
  const requests: Record<string, string> = { ...own.requests }
  const asked = new Map<string, Quantity>()
  for (const { resources } of spec.containers) {
    for (const [name, amount] of Object.entries(resources.requests ?? {})) {
      asked.set(name, (asked.get(name) ?? Quantity.zero).add(Quantity.parse(amount)))
    }
  }
  for (const { resources } of spec.initContainers ?? []) {
    for (const [name, amount] of Object.entries(resources.requests ?? {})) {
      const needed = Quantity.parse(amount)
      const sum = asked.get(name)
      if (sum === undefined || sum.compare(needed) < 0) asked.set(name, needed)
    }
  }
  for (const [name, limit] of Object.entries(own.limits ?? {})) requests[name] ??= asked.get(name)?.toString() ?? limit
  if (Object.keys(requests).length > 0) own.requests = requests
}

function setVolumeDefaults(volume: Volume): void {
  // A volume of no kind is an empty directory; a name is all a volume needs.
  if (Object.keys(volume).length === 1) volume.emptyDir = {}
  if (volume.hostPath !== undefined) volume.hostPath.type ??= ''
  if (volume.image?.reference !== undefined) volume.image.pullPolicy ??= pullPolicyOf(volume.image.reference)
  if (volume.ephemeral?.volumeClaimTemplate !== undefined) {
    volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem'
  }
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) {
    if (source !== undefined) source.defaultMode ??= fileMode
  }
  const projected = volume.projected?.sources ?? []
  for (const { serviceAccountToken } of projected) {
    if (serviceAccountToken !== undefined) serviceAccountToken.expirationSeconds ??= 3600
  }
  for (const { items = [] } of [volume.downwardAPI ?? {}, ...projected.map(source => source.downwardAPI ?? {})]) {
    for (const { fieldRef, resourceFieldRef } of items) {
      if (fieldRef !== undefined) fieldRef.apiVersion ??= 'v1'
      if (resourceFieldRef !== undefined) resourceFieldRef.divisor ??= '0'
    }
  }
}
