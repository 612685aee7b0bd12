// From CRI's PodSandboxConfig to a SandboxSpec. Pure, but for the machine's own name.
import { isIP } from 'node:net'
import { hostname as machineName } from 'node:os'
import {
  type LinuxSandboxSecurityContext,
  NamespaceMode,
  type PodSandboxConfig,
  Protocol,
} from '../../../proto/gen/cri.ts'
import { RuntimeError } from '../errors.ts'
import type { PortMapping, SandboxSpec } from '../sandbox/sandbox.ts'
import { enumValue } from './enum-value.ts'
import { refuseUserNamespace } from './user-namespace.ts'

/** sethostname(2): __NEW_UTS_LEN of the kernel. */
const longestHostname = 64
/** A label of DNS (RFC 1035), which the kubelet cuts pods' names to. */
const longestLabel = 63
const longestFileName = 255

/** @throws RuntimeError `invalid`, `unsupported` with the field's path */
export function sandboxSpec(id: string, config: PodSandboxConfig): SandboxSpec {
  const security = config.linux?.securityContext
  refuseUserNamespace(security?.namespaceOptions)
  if (security?.runAsGroup && !security.runAsUser) {
    throw invalid('linux.security_context.run_as_group', 'needs run_as_user beside it')
  }
  const network = mode(security, 'network')
  const sysctls = config.linux?.sysctls ?? {}
  return {
    id,
    hostname: network === 'node' ? machineName() : hostname(id, config),
    network,
    ipc: mode(security, 'ipc'),
    ...(Object.keys(sysctls).length > 0 && { sysctls }),
    portMappings: (config.portMappings ?? []).flatMap(portMapping),
  }
}

/**
 * The pod's cgroup, relative to each hierarchy; CRI writes it absolute. A client that names none, or the root, which limits
 * nothing, gets one below the runtime's own root.
 * @throws RuntimeError `invalid`
 */
export function podCgroup({ linux, metadata }: PodSandboxConfig, root: string): string {
  const parent = linux?.cgroupParent ?? ''
  const asked = cgroupNames('linux.cgroup_parent', parent)
  if (asked.length > 0) return asked.join('/')
  return [root, ...cgroupNames('metadata.uid', `pod${metadata?.uid ?? ''}`)].join('/')
}

function cgroupNames(field: string, text: string): string[] {
  const names = text.split('/').filter(name => name !== '' && name !== '.')
  const wrong = names.some(name => name === '..' || Buffer.byteLength(name) > longestFileName)
  if (wrong || text.includes('\0')) throw invalid(field, `${JSON.stringify(text)} is no cgroup`)
  return names
}

/** What was asked for is taken as it is; what is made up from the pod's name has to fit. */
function hostname(id: string, { hostname: asked = '', metadata }: PodSandboxConfig): string {
  // Control characters would be lines of their own in /etc/hostname and /etc/hosts.
  if (/\p{Cc}/u.test(asked)) throw invalid('hostname', `${JSON.stringify(asked)} is no host name`)
  if (Buffer.byteLength(asked) > longestHostname) {
    throw invalid('hostname', `${JSON.stringify(asked)} is longer than the ${longestHostname} bytes the kernel takes`)
  }
  const made = (metadata?.name ?? '').slice(0, longestLabel).replace(/[-.]+$/, '')
  return asked || made || id.slice(0, 12)
}

function mode(security: LinuxSandboxSecurityContext | undefined, kind: 'network' | 'ipc'): 'pod' | 'node' {
  const value = security?.namespaceOptions?.[kind] ?? NamespaceMode.POD
  if (value === NamespaceMode.POD) return 'pod'
  if (value === NamespaceMode.NODE) return 'node'
  throw invalid(`linux.security_context.namespace_options.${kind}`, 'must be POD or NODE')
}

const protocols = { [Protocol.TCP]: 'tcp', [Protocol.UDP]: 'udp', [Protocol.SCTP]: 'sctp' } as const

/** None for a mapping without a port of the host. */
function portMapping(mapping: NonNullable<PodSandboxConfig['portMappings']>[number], index: number): PortMapping[] {
  const { hostPort = 0, containerPort = 0, hostIp = '' } = mapping
  if (hostPort === 0) return []
  const field = `port_mappings[${index}]`
  const isPort = (port: number): boolean => port > 0 && port < 65536
  if (!isPort(hostPort)) throw invalid(`${field}.host_port`, `${hostPort} is no port`)
  if (!isPort(containerPort)) throw invalid(`${field}.container_port`, `${containerPort} is no port`)
  if (hostIp !== '' && isIP(hostIp) === 0) {
    throw invalid(`${field}.host_ip`, `${JSON.stringify(hostIp)} is no address`)
  }
  if (isIP(hostIp) === 6 && hostIp !== '::') {
    throw new RuntimeError('unsupported', `${field}.host_ip: ports of IPv6 addresses are not supported`)
  }
  const protocol = protocols[enumValue(Protocol, mapping.protocol, Protocol.TCP, `${field}.protocol`)]
  return [{ protocol, hostPort, containerPort, ...(hostIp !== '' && { hostIp }) }]
}

function invalid(field: string, why: string): RuntimeError {
  return new RuntimeError('invalid', `${field}: ${why}`)
}
