import {
  boolean,
  type Infer,
  int32,
  intOrString,
  list,
  type Message,
  map,
  message,
  one,
  string,
  typeMeta,
} from '../../schema/message.ts'
import { type Condition, condition } from '../meta-v1/condition.ts'
import { type ObjectMeta, objectMeta } from '../meta-v1/object-meta.ts'

export const service = message('api.core.v1.Service', '', {
  ...typeMeta('v1', 'Service'),
  metadata: one(1, '', (): Message<ObjectMeta> => objectMeta, { byValue: true }),
  spec: one(2, '', (): Message<ServiceSpec> => serviceSpec, { byValue: true }),
  status: one(3, '', (): Message<ServiceStatus> => serviceStatus, { byValue: true }),
})
export interface Service extends Infer<typeof service> {}

export const serviceSpec = message('api.core.v1.ServiceSpec', '', {
  ports: list(1, '', (): Message<ServicePort> => servicePort, {
    listType: 'map',
    keys: ['port', 'protocol'],
    patch: 'merge',
    mergeKey: 'port',
  }),
  selector: map(2, '', 'string', { mapType: 'atomic' }),
  clusterIP: string(3, ''),
  type: string(4, '', { enum: ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'] }),
  externalIPs: list(5, '', 'string', { listType: 'atomic' }),
  sessionAffinity: string(7, '', { enum: ['ClientIP', 'None'] }),
  loadBalancerIP: string(8, ''),
  loadBalancerSourceRanges: list(9, '', 'string', { listType: 'atomic' }),
  externalName: string(10, ''),
  externalTrafficPolicy: string(11, '', { enum: ['Cluster', 'Local'] }),
  healthCheckNodePort: int32(12, ''),
  publishNotReadyAddresses: boolean(13, ''),
  sessionAffinityConfig: one(14, '', (): Message<SessionAffinityConfig> => sessionAffinityConfig),
  ipFamilyPolicy: string(17, '', { explicit: true, enum: ['PreferDualStack', 'RequireDualStack', 'SingleStack'] }),
  clusterIPs: list(18, '', 'string', { listType: 'atomic' }),
  ipFamilies: list(19, '', 'string', { listType: 'atomic' }),
  allocateLoadBalancerNodePorts: boolean(20, '', { explicit: true }),
  loadBalancerClass: string(21, '', { explicit: true }),
  internalTrafficPolicy: string(22, '', { explicit: true, enum: ['Cluster', 'Local'] }),
  trafficDistribution: string(23, '', { explicit: true, enum: ['PreferClose', 'PreferSameNode', 'PreferSameZone'] }),
})
export interface ServiceSpec extends Infer<typeof serviceSpec> {}

export const servicePort = message('api.core.v1.ServicePort', '', {
  name: string(1, ''),
  protocol: string(2, '', { default: 'TCP', enum: ['TCP', 'UDP', 'SCTP'] }),
  port: int32(3, '', { required: true, min: 1, max: 65535 }),
  targetPort: intOrString(4, ''),
  nodePort: int32(5, '', { min: 1, max: 65535 }),
  appProtocol: string(6, '', { explicit: true }),
})
export interface ServicePort extends Infer<typeof servicePort> {}

export const sessionAffinityConfig = message('api.core.v1.SessionAffinityConfig', '', {
  clientIP: one(1, '', (): Message<ClientIPConfig> => clientIPConfig),
})
export interface SessionAffinityConfig extends Infer<typeof sessionAffinityConfig> {}

export const clientIPConfig = message('api.core.v1.ClientIPConfig', '', {
  timeoutSeconds: int32(1, '', { explicit: true, min: 1, max: 86400 }),
})
export interface ClientIPConfig extends Infer<typeof clientIPConfig> {}

export const serviceStatus = message('api.core.v1.ServiceStatus', '', {
  loadBalancer: one(1, '', (): Message<LoadBalancerStatus> => loadBalancerStatus, { byValue: true }),
  conditions: list(2, '', (): Message<Condition> => condition, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
})
export interface ServiceStatus extends Infer<typeof serviceStatus> {}

export const loadBalancerStatus = message('api.core.v1.LoadBalancerStatus', '', {
  ingress: list(1, '', (): Message<LoadBalancerIngress> => loadBalancerIngress, { listType: 'atomic' }),
})
export interface LoadBalancerStatus extends Infer<typeof loadBalancerStatus> {}

export const loadBalancerIngress = message('api.core.v1.LoadBalancerIngress', '', {
  ip: string(1, ''),
  hostname: string(2, ''),
  ipMode: string(3, '', { explicit: true, enum: ['Proxy', 'VIP'] }),
  ports: list(4, '', (): Message<PortStatus> => portStatus, { listType: 'atomic' }),
})
export interface LoadBalancerIngress extends Infer<typeof loadBalancerIngress> {}

export const portStatus = message('api.core.v1.PortStatus', '', {
  port: int32(1, '', { required: true }),
  protocol: string(2, '', { required: true, enum: ['TCP', 'UDP', 'SCTP'] }),
  error: string(3, '', { explicit: true }),
})
export interface PortStatus extends Infer<typeof portStatus> {}
