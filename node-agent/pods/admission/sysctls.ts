// Which kernel parameters a pod may set on this node.
// https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/
import { dottedSysctl, type SysctlNamespace, sysctlNamespace } from '../../../api/values/sysctls.ts'
import type { Pod } from '../planning/situation.ts'

export interface SysctlAllowlist {
  readonly names: ReadonlyMap<string, SysctlNamespace>
  /** What names begin with. */
  readonly prefixes: ReadonlyMap<string, SysctlNamespace>
}

/**
 * The pod's own, and without effect on others; with the first kernel that has a value for each network namespace where
 * that is not long ago (pkg/kubelet/sysctl/safe_sysctls.go).
 */
const safe: readonly (readonly [name: string, sinceKernel?: string])[] = [
  ['kernel.shm_rmid_forced'],
  ['net.ipv4.ip_local_port_range'],
  ['net.ipv4.tcp_syncookies'],
  ['net.ipv4.ping_group_range'],
  ['net.ipv4.ip_unprivileged_port_start'],
  ['net.ipv4.ip_local_reserved_ports', '3.16'],
  ['net.ipv4.tcp_keepalive_time', '4.5'],
  ['net.ipv4.tcp_fin_timeout', '4.6'],
  ['net.ipv4.tcp_keepalive_intvl', '4.5'],
  ['net.ipv4.tcp_keepalive_probes', '4.5'],
  ['net.ipv4.tcp_rmem', '4.15'],
  ['net.ipv4.tcp_wmem', '4.15'],
]

const mostCharacters = 253
const pattern = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]$/

/**
 * @param unsafe names that this node allows besides; an asterisk at the end stands for anything
 * @param kernel this machine's, as uname(2) has it: 6.1.0-13-amd64
 * @throws Error that says which name is wrong
 */
export function sysctlAllowlist(unsafe: readonly string[], kernel: string): SysctlAllowlist {
  const names = new Map<string, SysctlNamespace>()
  const prefixes = new Map<string, SysctlNamespace>()
  const known = safe.flatMap(([name, since]) => (since === undefined || isAtLeast(kernel, since) ? [name] : []))
  for (const text of [...known, ...unsafe]) {
    if (text.length > mostCharacters || !pattern.test(text)) {
      throw new Error(
        `${JSON.stringify(text)} is no sysctl: at most ${mostCharacters} characters, such as kernel.msg* or net.core.somaxconn`,
      )
    }
    const [name = '', ...rest] = dottedSysctl(text).split('*')
    const namespace = sysctlNamespace(name)
    if (namespace === undefined) throw new Error(`${JSON.stringify(text)} is not known to be a pod's own`)
    const list = rest.length > 0 ? prefixes : names
    list.set(name, namespace)
  }
  return { names, prefixes }
}

function isAtLeast(kernel: string, wanted: string): boolean {
  const [major = 0, minor = 0] = kernel.split(/[.-]/).map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

/** Why the pod may not set what it asks for, of the first that it may not; undefined: it may. */
export function forbiddenSysctl({ spec }: Pod, { names, prefixes }: SysctlAllowlist): string | undefined {
  for (const { name } of spec.securityContext?.sysctls ?? []) {
    const dotted = dottedSysctl(name)
    const [, byPrefix] = [...prefixes].find(([prefix]) => dotted.startsWith(prefix)) ?? []
    const namespace = names.get(dotted) ?? byPrefix
    const quoted = JSON.stringify(dotted)
    if (namespace === undefined) return `forbidden sysctl: ${quoted} not allowlisted`
    const shared = namespace === 'IPC' ? spec.hostIPC : spec.hostNetwork
    if (shared) return `forbidden sysctl: ${quoted} not allowed with host ${namespace} enabled`
  }
  return undefined
}
