// Names of kernel parameters, and the namespaces they belong to: sysctl.d(5), namespaces(7).

/** The kinds of namespaces that a pod has for itself and that hold kernel parameters, as Kubernetes names them. */
export type SysctlNamespace = 'IPC' | 'Net'

/**
 * With dots between its parts. A name whose first separator is a slash is written the other way round: its dots are
 * part of a name (`net/ipv4/conf/eth0.1/forwarding`).
 */
export function dottedSysctl(name: string): string {
  const [first] = /[./]/.exec(name) ?? []
  if (first !== '/') return name
  return name.replace(/[./]/g, separator => (separator === '/' ? '.' : '/'))
}

const ipcNames: ReadonlySet<string> = new Set([
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  // What `kernel.shm*` and `kernel.msg*` begin with.
  'kernel.shm',
  'kernel.msg',
])

/** @param name with dots, or what names begin with; undefined: it is the whole machine's, or nobody knows */
export function sysctlNamespace(name: string): SysctlNamespace | undefined {
  if (ipcNames.has(name) || name.startsWith('fs.mqueue.')) return 'IPC'
  return name.startsWith('net.') ? 'Net' : undefined
}
