// Which capabilities a container has.
import { capabilityNames } from '../../sys/capability-names.ts'

/** What Docker and containerd grant when nothing is said. */
export const defaultCapabilities: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SYS_CHROOT',
  'CAP_MKNOD',
  'CAP_AUDIT_WRITE',
  'CAP_SETFCAP',
]

/** The kernel's spelling of `net_admin`, `NET_ADMIN` or `CAP_NET_ADMIN`; undefined for what is none. */
function canonical(name: string): string | undefined {
  const upper = name.toUpperCase()
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`
  return capabilityNames.includes(full) ? full : undefined
}

/** Thrown for a name that is no capability. */
export class UnknownCapabilityError extends Error {
  constructor(name: string) {
    super(`${JSON.stringify(name)} is no capability: see capabilities(7), for instance NET_ADMIN, or ALL`)
    this.name = 'UnknownCapabilityError'
  }
}

function named(names: readonly string[]): { readonly all: boolean; readonly set: ReadonlySet<string> } {
  const set = new Set<string>()
  let all = false
  for (const name of names) {
    if (name.toUpperCase() === 'ALL') {
      all = true
      continue
    }
    const capability = canonical(name)
    if (capability === undefined) throw new UnknownCapabilityError(name)
    set.add(capability)
  }
  return { all, set }
}

/**
 * The set a container gets. `ALL` is applied first, then single names: drop ALL with add X leaves X alone, add ALL with
 * drop X leaves all but X (the rule of CRI's Capability). In the kernel's order. Throws UnknownCapabilityError.
 */
export function containerCapabilities(add: readonly string[], drop: readonly string[]): readonly string[] {
  const added = named(add)
  const dropped = named(drop)
  const base = added.all ? capabilityNames : dropped.all ? [] : defaultCapabilities
  const result = new Set(base)
  for (const name of added.set) result.add(name)
  for (const name of dropped.set) result.delete(name)
  return capabilityNames.filter(name => result.has(name))
}

/** Names made canonical, without ALL's expansion. Throws UnknownCapabilityError. */
export function canonicalCapabilities(names: readonly string[]): readonly string[] {
  const { all, set } = named(names)
  return capabilityNames.filter(name => all || set.has(name))
}
