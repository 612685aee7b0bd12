// Which kernel parameters belong to a namespace of the pod, and so may be set for it (Kubernetes: sysctls).
import path from 'node:path'
import { RuntimeError } from '../errors.ts'
import { type SandboxSpec } from './sandbox.ts'

const ipcNames = ['kernel.sem', 'kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced']
const ipcPrefixes = ['kernel.msg', 'fs.mqueue.']
const networkPrefix = 'net.'

/**
 * The file of a parameter, written with dots or, as sysctl(8) takes it too, with slashes; whichever comes first
 * separates, and the other stands for a dot in a name: `net/ipv4/conf/eth0.1/mtu` is `net.ipv4.conf.eth0/1.mtu`.
 * @throws RuntimeError `invalid` naming the parameter and why it can't be set
 */
export function sysctlFile(written: string, { network, ipc }: Pick<SandboxSpec, 'network' | 'ipc'>): string {
  if (!/^[a-z0-9_]+([./][a-z0-9_-]+)+$/i.test(written)) throw refused(written, "not a parameter's name")
  const parts = written[written.search(/[./]/)] === '/' ? written : written.replace(/[./]/g, swapped)
  const name = parts.replace(/[./]/g, swapped)
  const isNetwork = name.startsWith(networkPrefix)
  const isIpc = ipcNames.includes(name) || ipcPrefixes.some(prefix => name.startsWith(prefix))
  if (!isNetwork && !isIpc) throw refused(written, "it is the whole machine's, not a pod's")
  if (isNetwork && network !== 'pod') throw refused(written, "the pod uses the host's network")
  if (isIpc && ipc !== 'pod') throw refused(written, "the pod uses the host's IPC namespace")
  return path.join('/proc/sys', parts)
}

/** For a value that the kernel does not take, or a parameter that it does not have. */
export function refused(name: string, why: string, cause?: unknown): RuntimeError {
  return new RuntimeError('invalid', `linux.sysctls: ${JSON.stringify(name)}: ${why}`, { cause })
}

const swapped = (separator: string): string => (separator === '.' ? '/' : '.')
