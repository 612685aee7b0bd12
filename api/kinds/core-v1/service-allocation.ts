// What a Service is given by the cluster: which of it is wanted, and what of it an update keeps.
import type { ServiceSpec } from './service-schema.ts'

export const needsAddress = ({ type, clusterIP }: ServiceSpec): boolean =>
  type !== 'ExternalName' && clusterIP !== 'None'

export const needsPorts = ({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean =>
  type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false)

/** One address family: IPv4. */
export function withFamilies(spec: ServiceSpec): ServiceSpec {
  if (spec.type === 'ExternalName') {
    const { clusterIP: _, clusterIPs: __, ipFamilies: ___, ipFamilyPolicy: ____, ...rest } = spec
    return rest
  }
  const clusterIP = spec.clusterIP ?? spec.clusterIPs?.[0]
  return {
    ...spec,
    ...(clusterIP !== undefined && { clusterIP, clusterIPs: [clusterIP] }),
    ipFamilies: spec.ipFamilies ?? ['IPv4'],
    ipFamilyPolicy: spec.ipFamilyPolicy ?? 'SingleStack',
  }
}

/** Who sends a Service without what was allocated for it means to keep that. */
export function keepAllocated(spec: ServiceSpec, current: ServiceSpec): ServiceSpec {
  const kept = { ...spec }
  if (kept.type !== 'ExternalName' && current.type !== 'ExternalName' && (kept.clusterIP ?? '') === '') {
    if (current.clusterIP !== undefined) kept.clusterIP = current.clusterIP
    if (current.clusterIPs !== undefined) kept.clusterIPs = current.clusterIPs
  }
  if (!needsPorts(kept) || !needsPorts(current)) return kept
  const given = new Set((kept.ports ?? []).map(({ nodePort = 0 }) => nodePort))
  kept.ports = (kept.ports ?? []).map(port => {
    if ((port.nodePort ?? 0) !== 0) return port
    const same = current.ports?.find(other => other.port === port.port && other.protocol === port.protocol)
    const { nodePort = 0 } = same ?? {}
    return nodePort === 0 || given.has(nodePort) ? port : { ...port, nodePort }
  })
  if (kept.type === 'LoadBalancer' && current.healthCheckNodePort !== undefined) {
    kept.healthCheckNodePort ??= current.healthCheckNodePort
  }
  return kept
}
