import { type FieldError, forbidden, invalid, required } from '../../schema/field-error.ts'
import { cidrErrors, ipErrors } from '../../values/ip.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../values/names.ts'
import { validateLabels } from '../meta-v1/object-meta-validation.ts'
import { each, immutable, must, unique } from '../rules.ts'
import { portErrors } from './probes-validation.ts'
import type { Service, ServiceSpec } from './service-schema.ts'

export function validateService({ spec }: Service): FieldError[] {
  const errors = [...validatePorts(spec), ...validateAddresses(spec), ...validateLabels(spec.selector, 'spec.selector')]
  const isHeadless = spec.clusterIP === 'None'
  if (spec.type === 'ExternalName') {
    if (spec.externalName === undefined) errors.push(required('spec.externalName'))
    else must(errors, 'spec.externalName', spec.externalName.replace(/\.$/, ''), dns1123SubdomainErrors)
    if (spec.clusterIP !== undefined && spec.clusterIP !== '') {
      errors.push(forbidden('spec.clusterIPs', 'may not be set for ExternalName services'))
    }
  }
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless) {
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`))
  }
  const isExternal = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.externalIPs ?? []).length > 0
  if (spec.externalTrafficPolicy !== undefined && !isExternal) {
    const detail = 'may only be set for externally-accessible services'
    errors.push(invalid('spec.externalTrafficPolicy', spec.externalTrafficPolicy, detail))
  }
  for (const name of ['loadBalancerClass', 'allocateLoadBalancerNodePorts'] as const) {
    if (spec[name] !== undefined && spec.type !== 'LoadBalancer') {
      errors.push(forbidden(`spec.${name}`, "may only be used when `type` is 'LoadBalancer'"))
    }
  }
  return errors
}

function validatePorts(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  const { ports = [] } = spec
  if (ports.length === 0 && spec.type !== 'ExternalName' && spec.clusterIP !== 'None')
    errors.push(required('spec.ports'))
  const nameOnce = unique(errors)
  const portOnce = unique(errors)
  const nodePortOnce = unique(errors)
  for (const [path, port] of each('spec.ports', ports)) {
    if (port.name === undefined && ports.length > 1) errors.push(required(`${path}.name`))
    must(errors, `${path}.name`, port.name, dns1123LabelErrors)
    nameOnce(`${path}.name`, port.name ?? '')
    const protocol = port.protocol ?? 'TCP'
    portOnce(path, `${protocol}/${port.port}`, { protocol, port: port.port })
    must(errors, `${path}.targetPort`, port.targetPort, portErrors)
    if (port.nodePort === undefined) continue
    nodePortOnce(`${path}.nodePort`, `${protocol}/${port.nodePort}`, port.nodePort)
    if (spec.type === 'ClusterIP' || spec.type === 'ExternalName') {
      errors.push(forbidden(`${path}.nodePort`, `may not be used when \`type\` is '${spec.type}'`))
    }
  }
  return errors
}

function validateAddresses(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  const { clusterIP = '', clusterIPs = [] } = spec
  if (clusterIP !== '' && clusterIP !== 'None') must(errors, 'spec.clusterIP', clusterIP, ipErrors)
  for (const [path, address] of each('spec.clusterIPs', clusterIPs)) {
    if (address !== 'None') must(errors, path, address, ipErrors)
  }
  if (clusterIPs.length > 2) errors.push(invalid('spec.clusterIPs', clusterIPs, 'may only hold up to 2 values'))
  if (clusterIPs.length > 0 && clusterIPs[0] !== clusterIP) {
    errors.push(invalid('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'))
  }
  for (const [path, address] of each('spec.externalIPs', spec.externalIPs)) must(errors, path, address, ipErrors)
  for (const [path, block] of each('spec.loadBalancerSourceRanges', spec.loadBalancerSourceRanges)) {
    must(errors, path, block, cidrErrors)
  }
  for (const [path, family] of each('spec.ipFamilies', spec.ipFamilies)) {
    must(errors, path, family, value => (value === 'IPv4' || value === 'IPv6' ? [] : ['must be IPv4 or IPv6']))
  }
  return errors
}

/** The address of a service that has one stays; clients have it in their caches. */
export function validateServiceUpdate({ spec }: Service, { spec: old }: Service): FieldError[] {
  const errors: FieldError[] = []
  const had = old.clusterIP ?? ''
  if (had !== '' && old.type !== 'ExternalName' && spec.type !== 'ExternalName') {
    immutable(errors, 'spec.clusterIPs[0]', spec.clusterIP, old.clusterIP)
  }
  if (old.type === 'LoadBalancer' && spec.type === 'LoadBalancer') {
    immutable(errors, 'spec.loadBalancerClass', spec.loadBalancerClass, old.loadBalancerClass)
  }
  return errors
}
