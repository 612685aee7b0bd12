// What kinds other than pods get when their author says nothing of it.
import type { Namespace } from './namespace.ts'
import type { Node } from './node.ts'
import type { Secret } from './secret.ts'
import type { Service } from './service.ts'

/** Selectors of namespaces can name one by the label every namespace has. */
const nameLabel = 'kubernetes.io/metadata.name'

export function setNamespaceDefaults(namespace: Namespace): void {
  namespace.status.phase ??= 'Active'
  const { metadata } = namespace
  if (metadata.name !== undefined) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name }
}

export function setNodeDefaults({ status }: Node): void {
  if (status.capacity !== undefined) status.allocatable ??= { ...status.capacity }
}

/** stringData is how people write data; it is not kept. */
export function setSecretDefaults(secret: Secret): void {
  secret.type ??= 'Opaque'
  const { stringData } = secret
  if (stringData === undefined) return
  const encoded = Object.entries(stringData).map(([key, text]) => [key, base64(text)] as const)
  secret.data = Object.fromEntries([...Object.entries(secret.data ?? {}), ...encoded])
  delete secret.stringData
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

export function setServiceDefaults({ spec, status }: Service): void {
  spec.type ??= 'ClusterIP'
  spec.sessionAffinity ??= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  else {
    const config = (spec.sessionAffinityConfig ??= {})
    const clientIP = (config.clientIP ??= {})
    clientIP.timeoutSeconds ??= 3 * 60 * 60
  }
  for (const port of spec.ports ?? []) {
    // A target port of zero or of no name is none: the port itself is meant.
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port
  }
  const isRouted = spec.type !== 'ExternalName'
  const isExternal = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
  if (isExternal || (isRouted && (spec.externalIPs ?? []).length > 0)) spec.externalTrafficPolicy ??= 'Cluster'
  if (isRouted) spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true
    for (const ingress of status.loadBalancer.ingress ?? []) if (ingress.ip !== undefined) ingress.ipMode ??= 'VIP'
  }
}
