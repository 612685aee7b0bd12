import { dns1035LabelErrors } from '../../values/names.ts'
import { kind } from '../kind.ts'
import { status } from '../subresource.ts'
import { keepAllocated, withFamilies } from './service-allocation.ts'
import { type Service, serviceSchema } from './service-schema.ts'
import { serviceTable } from './service-table.ts'
import { validateService, validateServiceUpdate } from './service-validation.ts'

export type { Service, ServicePort, ServiceSpec } from './service-schema.ts'

export const services = kind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  resource: 'services',
  singular: 'service',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  nameErrors: dns1035LabelErrors,
  schema: serviceSchema,
  subresources: [status()],
  generation: false,
  returnDeletedObject: true,
  setDefaults,
  prepareForCreate(service) {
    service.spec = withFamilies(service.spec)
  },
  prepareForUpdate(service, old) {
    service.spec = withFamilies(keepAllocated(service.spec, old.spec))
  },
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  selectableFields: ({ spec }) => ({ 'spec.clusterIP': spec.clusterIP ?? '', 'spec.type': spec.type ?? '' }),
  table: serviceTable,
})

function setDefaults({ spec, status }: Service): void {
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
