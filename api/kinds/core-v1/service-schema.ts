// The declaration of a Service.
import { boolean, type Infer, int32, intOrString, list, map, message, one, string } from '../../schema/message.ts'
import { condition } from '../meta-v1/condition.ts'
import { objectSchema } from '../object.ts'

export const servicePort = message('api.core.v1.ServicePort', 'A port of a service.', {
  name: string(1, "The port's name; needed when there are several."),
  protocol: string(2, 'TCP, UDP, or SCTP.', { default: 'TCP', enum: ['TCP', 'UDP', 'SCTP'] }),
  port: int32(3, 'The port clients use.', { required: true, min: 1, max: 65535 }),
  targetPort: intOrString(4, "The pods' port, by number or by name; default the same number."),
  nodePort: int32(5, 'The port of every node that leads to it; given out when needed.', { min: 1, max: 65535 }),
  appProtocol: string(6, 'What is spoken: http, https, kubernetes.io/h2c.', { explicit: true }),
})
export interface ServicePort extends Infer<typeof servicePort> {}

export const clientIPConfig = message('api.core.v1.ClientIPConfig', 'How clients stay with a pod by their address.', {
  timeoutSeconds: int32(1, 'Seconds after which a client may be sent elsewhere; default 10800.', {
    explicit: true,
    min: 1,
    max: 86400,
  }),
})

export const sessionAffinityConfig = message('api.core.v1.SessionAffinityConfig', 'How session affinity works.', {
  clientIP: one(1, 'For ClientIP.', clientIPConfig),
})

export const serviceSpec = message('api.core.v1.ServiceSpec', 'Which pods a service leads to, and how it is reached.', {
  ports: list(1, 'Its ports.', servicePort, {
    listType: 'map',
    keys: ['port', 'protocol'],
    patch: 'merge',
    mergeKey: 'port',
  }),
  selector: map(2, 'Labels of the pods behind it; without any, somebody else keeps its endpoints.', 'string', {
    mapType: 'atomic',
  }),
  clusterIP: string(3, 'Its address in the cluster; empty gets one, None has no address of its own.'),
  type: string(4, 'How it is exposed: ClusterIP (default), NodePort, LoadBalancer, or ExternalName.', {
    enum: ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'],
  }),
  externalIPs: list(5, 'Further addresses whose traffic nodes accept for it.', 'string', { listType: 'atomic' }),
  sessionAffinity: string(7, 'Whether a client stays with one pod: ClientIP, or None (default).', {
    enum: ['ClientIP', 'None'],
  }),
  loadBalancerIP: string(8, 'The address a load balancer should have; deprecated.'),
  loadBalancerSourceRanges: list(9, 'Networks from which the load balancer may be used.', 'string', {
    listType: 'atomic',
  }),
  externalName: string(10, 'The name it is an alias of, for ExternalName.'),
  externalTrafficPolicy: string(
    11,
    'Where traffic from outside goes: Cluster (any pod), or Local (pods of the node it came to).',
    { enum: ['Cluster', 'Local'] },
  ),
  healthCheckNodePort: int32(12, 'The port at which nodes tell load balancers whether they have a pod for it.'),
  publishNotReadyAddresses: boolean(13, 'Whether pods that are not ready count too.'),
  sessionAffinityConfig: one(14, 'How sessionAffinity works.', sessionAffinityConfig),
  ipFamilyPolicy: string(
    17,
    'Whether it has addresses of one or both families: SingleStack, PreferDualStack, RequireDualStack.',
    { explicit: true, enum: ['PreferDualStack', 'RequireDualStack', 'SingleStack'] },
  ),
  clusterIPs: list(18, 'Its addresses in the cluster; the first is clusterIP.', 'string', { listType: 'atomic' }),
  ipFamilies: list(19, 'The families of its addresses: IPv4, IPv6.', 'string', { listType: 'atomic' }),
  allocateLoadBalancerNodePorts: boolean(20, "Whether a load balancer's ports get ports of the nodes; default true.", {
    explicit: true,
  }),
  loadBalancerClass: string(21, "The load balancer implementation that is meant; default the cluster's.", {
    explicit: true,
  }),
  internalTrafficPolicy: string(
    22,
    'Where traffic from pods goes: Cluster (any pod), or Local (pods of the same node).',
    { explicit: true, enum: ['Cluster', 'Local'] },
  ),
  trafficDistribution: string(
    23,
    'Which pods are preferred: PreferSameZone, PreferSameNode; PreferClose is the older word for the first.',
    { explicit: true, enum: ['PreferClose', 'PreferSameNode', 'PreferSameZone'] },
  ),
})
export interface ServiceSpec extends Infer<typeof serviceSpec> {}

export const portStatus = message('api.core.v1.PortStatus', 'How a port of a load balancer is.', {
  port: int32(1, 'The port.', { required: true }),
  protocol: string(2, 'Its protocol.', { required: true, enum: ['TCP', 'UDP', 'SCTP'] }),
  error: string(3, 'Why it does not work, in one word.', { explicit: true }),
})

export const loadBalancerIngress = message('api.core.v1.LoadBalancerIngress', 'An address of a load balancer.', {
  ip: string(1, 'The address.'),
  hostname: string(2, 'The name.'),
  ipMode: string(3, "Whether packets keep the load balancer's address when they arrive: VIP, or Proxy.", {
    explicit: true,
    enum: ['Proxy', 'VIP'],
  }),
  ports: list(4, 'How its ports are.', portStatus, { listType: 'atomic' }),
})

export const loadBalancerStatus = message('api.core.v1.LoadBalancerStatus', 'Where a load balancer is reached.', {
  ingress: list(1, 'Its addresses.', loadBalancerIngress, { listType: 'atomic' }),
})

export const serviceStatus = message('api.core.v1.ServiceStatus', 'What is known of a service.', {
  loadBalancer: one(1, 'Its load balancer.', loadBalancerStatus, { byValue: true }),
  conditions: list(2, 'What holds of it.', condition, {
    listType: 'map',
    keys: ['type'],
    patch: 'merge',
    mergeKey: 'type',
  }),
})

export const serviceSchema = objectSchema(
  'api.core.v1.Service',
  'A name and an address under which a set of pods is reached.',
  {
    spec: one(2, 'What is wanted.', serviceSpec, { byValue: true }),
    status: one(3, 'What is known of it.', serviceStatus, { byValue: true }),
  },
)
export interface Service extends Infer<typeof serviceSchema> {}
