// RunPodSandbox: what a pod's containers will share.
import { readFileSync, writeFileSync } from 'node:fs'
import { hostname as machineName } from 'node:os'
import path from 'node:path'
import {
  type DNSConfig,
  type LinuxSandboxSecurityContext,
  NamespaceMode,
  type PodSandboxConfig,
  Protocol,
} from '../../../proto/gen/cri.ts'
import { messageOf, RuntimeError } from '../errors.ts'
import type { SandboxRecord } from '../records/records.ts'
import type { PortMapping, SandboxSpec } from '../sandbox/sandbox.ts'
import { cgroupLimits } from '../translation/resources.ts'
import { refuseUserNamespace } from '../translation/user-namespace.ts'
import { newId } from './ids.ts'
import type { Parts } from './parts.ts'
import { weighGroup } from './pod-groups.ts'
import { endInit, startInit } from './pod-init.ts'

/** @throws RuntimeError `exists`, `invalid`, `unsupported`, `unavailable` (no pod CIDR yet, or another build's launcher) */
export async function runSandbox(
  parts: Parts,
  config: PodSandboxConfig,
  runtimeHandler: string,
): Promise<SandboxRecord> {
  const { sandboxRecords, sandboxes } = parts
  if (runtimeHandler !== '')
    throw new RuntimeError('invalid', `there is no runtime handler ${JSON.stringify(runtimeHandler)}`)
  if (parts.launcher.mismatch !== undefined) throw new RuntimeError('unavailable', parts.launcher.mismatch)
  const { name = '', namespace = '', uid = '', attempt = 0 } = config.metadata ?? {}
  if (name === '' || uid === '') throw new RuntimeError('invalid', 'config.metadata: name and uid are needed')
  const twin = sandboxRecords.list().find(({ config: { metadata } }) => {
    return metadata?.uid === uid && (metadata.attempt ?? 0) === attempt && metadata.name === name
  })
  if (twin) {
    const message = `attempt ${attempt} of pod ${namespace}/${name} has its sandbox already: ${twin.id}`
    throw new RuntimeError('exists', message)
  }
  const id = newId()
  const spec = sandboxSpec(id, config)
  if (spec.network === 'pod' && !sandboxes.networkReady) {
    throw new RuntimeError('unavailable', 'the pod network is not ready: no pod CIDR was set (UpdateRuntimeConfig)')
  }
  const parent = config.linux?.cgroupParent ?? ''
  const record: SandboxRecord = {
    id,
    createdAtMs: Date.now(),
    config,
    runtimeHandler,
    spec,
    cgroupParent: parent === '' ? `${parts.cgroupRoot}/pod${uid}` : relativeCgroup(parent),
  }
  sandboxRecords.save(record)
  try {
    const folder = sandboxRecords.folderOf(id)
    writeFileSync(path.join(folder, 'hostname'), `${spec.hostname}\n`, { mode: 0o644 })
    writeFileSync(path.join(folder, 'resolv.conf'), resolvConf(config.dnsConfig), { mode: 0o644 })
    const { warnings } = parts.cgroups.create(record.cgroupParent, cgroupLimits(config.linux?.resources))
    for (const warning of warnings)
      parts.logger.debug({ sandbox: id, warning }, 'a limit of the pod is not possible here')
    weighGroup(parts, record.cgroupParent)
    const state = sandboxes.create(spec)
    // Locked until it is on record, so that the end of an init that dies at once is noted after that.
    return await parts.locks.run(id, async () => {
      const init = await startInit(parts, record, state)
      const ready: SandboxRecord = { ...record, state, ...(init && { init }) }
      sandboxRecords.save(ready)
      // As containerd does: whoever follows the events need not ask for the sandbox's address.
      parts.events.publish({ kind: 'created', containerId: id, sandboxId: id, atMs: record.createdAtMs })
      return ready
    })
  } catch (error) {
    // The init may run although the answer was lost.
    await endInit(parts, record).catch((failure: unknown) => {
      parts.logger.warn({ sandbox: id, error: messageOf(failure) }, 'the init of a failed sandbox could not be ended')
    })
    sandboxes.remove(id)
    sandboxRecords.delete(id)
    throw error instanceof RuntimeError
      ? error
      : new RuntimeError('failed', `the sandbox of pod ${namespace}/${name}: ${messageOf(error)}`, { cause: error })
  }
}

/** CRI writes them absolute; here they are relative to each hierarchy. @throws RuntimeError */
function relativeCgroup(parent: string): string {
  const parts = parent.split('/').filter(part => part !== '' && part !== '.')
  if (parts.includes('..') || parts.length === 0) {
    throw new RuntimeError('invalid', `linux.cgroup_parent: ${JSON.stringify(parent)} is no cgroup`)
  }
  return parts.join('/')
}

/** Pure. @throws RuntimeError `invalid`, `unsupported` */
function sandboxSpec(id: string, config: PodSandboxConfig): SandboxSpec {
  const security = config.linux?.securityContext
  refuseUserNamespace(security?.namespaceOptions)
  const network = mode(security, 'network')
  const sysctls = config.linux?.sysctls ?? {}
  return {
    id,
    hostname: network === 'node' ? machineName() : config.hostname || config.metadata?.name || id.slice(0, 12),
    network,
    ipc: mode(security, 'ipc'),
    ...(Object.keys(sysctls).length > 0 && { sysctls }),
    portMappings: (config.portMappings ?? []).filter(mapping => (mapping.hostPort ?? 0) > 0).map(portMapping),
  }
}

function mode(security: LinuxSandboxSecurityContext | undefined, kind: 'network' | 'ipc'): 'pod' | 'node' {
  const value = security?.namespaceOptions?.[kind] ?? NamespaceMode.POD
  if (value === NamespaceMode.POD) return 'pod'
  if (value === NamespaceMode.NODE) return 'node'
  throw new RuntimeError('invalid', `linux.security_context.namespace_options.${kind}: must be POD or NODE`)
}

const protocols = { [Protocol.TCP]: 'tcp', [Protocol.UDP]: 'udp', [Protocol.SCTP]: 'sctp' } as const

function portMapping(mapping: NonNullable<PodSandboxConfig['portMappings']>[number]): PortMapping {
  const { hostPort = 0, containerPort = 0, hostIp = '' } = mapping
  return {
    protocol: protocols[mapping.protocol ?? Protocol.TCP],
    hostPort,
    containerPort,
    ...(hostIp !== '' && { hostIp }),
  }
}

/** resolv.conf(5) from the pod's DNS configuration; without one, the host's. */
function resolvConf(dns: DNSConfig | undefined): string {
  const { servers = [], searches = [], options = [] } = dns ?? {}
  if (servers.length + searches.length + options.length === 0) {
    try {
      return readFileSync('/etc/resolv.conf', 'utf8')
    } catch {
      return ''
    }
  }
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map(server => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
  return `${lines.join('\n')}\n`
}
