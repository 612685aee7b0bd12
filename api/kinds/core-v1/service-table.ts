import type { Columns } from '../columns.ts'
import { age, ageColumn, column, nameColumn, orNone, wide } from '../columns.ts'
import type { Service, ServicePort } from './service-schema.ts'

export const serviceTable: Columns<Service> = {
  columns: [
    nameColumn,
    column('Type', 'How the service is exposed.'),
    column('Cluster-IP', 'The address at which pods reach the service.'),
    column('External-IP', 'Addresses at which it is reached from outside the cluster.'),
    column('Port(s)', 'Its ports, with the port of the nodes where there is one.'),
    ageColumn,
    wide('Selector', 'The labels of the pods behind it.'),
  ],
  cells(service, nowMs) {
    const { spec } = service
    return [
      service.metadata.name ?? '',
      spec.type ?? '',
      orNone(spec.clusterIPs?.[0] ?? spec.clusterIP),
      externalAddresses(service),
      orNone(spec.ports?.map(portText).join(',')),
      age(service, nowMs),
      orNone(labelsText(spec.selector ?? {})),
    ]
  },
}

function externalAddresses({ spec, status }: Service): string {
  if (spec.type === 'ExternalName') return orNone(spec.externalName)
  if (spec.type !== 'LoadBalancer') return orNone(spec.externalIPs?.join(','))
  const given = (status.loadBalancer.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '')
  return [...given, ...(spec.externalIPs ?? [])].filter(text => text !== '').join(',') || '<pending>'
}

function portText({ port, nodePort, protocol }: ServicePort): string {
  return `${port}${nodePort === undefined ? '' : `:${nodePort}`}/${protocol ?? 'TCP'}`
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',')
}
