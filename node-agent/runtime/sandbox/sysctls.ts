// Which kernel parameters belong to a namespace of the pod, and so may be set for it (Kubernetes: sysctls).
import { type SandboxSpec } from './sandbox.ts'

const ipcNames = ['kernel.sem', 'kernel.shmall', 'kernel.shmmax', 'kernel.shmmni', 'kernel.shm_rmid_forced']
const ipcPrefixes = ['kernel.msg', 'fs.mqueue.']
const networkPrefix = 'net.'

/** @throws Error naming the parameter and why it can't be set */
export function checkSysctl(name: string, { network, ipc }: Pick<SandboxSpec, 'network' | 'ipc'>): void {
  if (!/^[a-z0-9_]+(\.[a-z0-9_-]+)+$/i.test(name))
    throw new Error(`sysctl ${JSON.stringify(name)}: not a parameter's name`)
  const isNetwork = name.startsWith(networkPrefix)
  const isIpc = ipcNames.includes(name) || ipcPrefixes.some(prefix => name.startsWith(prefix))
  if (!isNetwork && !isIpc) throw new Error(`sysctl ${name}: it is the whole machine's, not a pod's`)
  if (isNetwork && network !== 'pod') throw new Error(`sysctl ${name}: the pod uses the host's network`)
  if (isIpc && ipc !== 'pod') throw new Error(`sysctl ${name}: the pod uses the host's IPC namespace`)
}
