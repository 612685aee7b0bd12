// Whether this machine can run containers, found out before anything is touched. Each lack is one sentence that says what
// to do.
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { loadFileSystem } from '../sys/mount.ts'
import { RuntimeError } from './errors.ts'

/** What the checks need to know; comes in, so that they can be tested. */
export interface Machine {
  readonly platform: string
  readonly arch: string
  readonly uid: number
  readonly kernel: string
  /** CapEff of /proc/self/status. */
  readonly capabilities: bigint
  /** Names in /proc/self/ns. */
  readonly namespaces: readonly string[]
  /** The kernel has overlayfs, or a module of it. */
  readonly overlay: boolean
  /** Controllers that cgroups have here. */
  readonly controllers: readonly string[]
}

/** mount_setattr(2) is the newest call that is needed. */
const leastKernel = [5, 12] as const
const neededCapabilities = { CAP_NET_ADMIN: 12, CAP_SYS_CHROOT: 18, CAP_SYS_ADMIN: 21, CAP_MKNOD: 27 } as const

/** Sentences about what is missing; none when all is well. */
export function lacks(machine: Machine): string[] {
  if (machine.platform !== 'linux')
    return [`Containers need Linux, and this is ${machine.platform}: use a virtual machine.`]
  const found: string[] = []
  if (machine.arch !== 'x64' && machine.arch !== 'arm64') {
    found.push(`The processor must be x86-64 or arm64, and this is ${machine.arch}.`)
  }
  if (machine.uid !== 0) {
    found.push('Making containers needs root: run it with sudo.')
    return found
  }
  const [major = 0, minor = 0] = machine.kernel.split('.').map(part => Number.parseInt(part, 10))
  if (major < leastKernel[0] || (major === leastKernel[0] && minor < leastKernel[1])) {
    found.push(`Linux ${leastKernel.join('.')} or newer is needed, and this is ${machine.kernel}: update the kernel.`)
  }
  for (const [name, bit] of Object.entries(neededCapabilities)) {
    if ((machine.capabilities & (1n << BigInt(bit))) !== 0n) continue
    found.push(`Root here lacks ${name}: this seems to be a container itself; run it on the machine or privileged.`)
  }
  const namespaces = ['net', 'ipc', 'uts', 'pid', 'mnt'].filter(name => !machine.namespaces.includes(name))
  if (namespaces.length > 0) found.push(`The kernel was built without namespaces of kind ${namespaces.join(', ')}.`)
  if (!machine.overlay) {
    found.push('The kernel has no overlayfs, nor a module of it: boot one built with CONFIG_OVERLAY_FS.')
  }
  for (const controller of ['cpu', 'memory', 'pids']) {
    if (machine.controllers.includes(controller)) continue
    found.push(
      `cgroups have no ${controller} controller here: mount cgroup2 on /sys/fs/cgroup, or boot with it enabled.`,
    )
  }
  return found
}

export function thisMachine(controllers: readonly string[]): Machine {
  const status = readFileSync('/proc/self/status', 'utf8')
  const namespaces = ['net', 'ipc', 'uts', 'pid', 'mnt'].filter(name => existsSync(`/proc/self/ns/${name}`))
  return {
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    kernel: release(),
    capabilities: BigInt(`0x${/^CapEff:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`),
    namespaces,
    // /proc/filesystems does not list what is a module nobody has used since boot.
    overlay: loadFileSystem('overlay'),
    controllers,
  }
}

/** Makes a folder and proves that it can be written. @throws RuntimeError */
export function makeFolder(folder: string, flag: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o711 })
    accessSync(folder, constants.W_OK)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RuntimeError('invalid', `${folder} cannot be used: ${reason}; choose another with ${flag}`, {
      cause: error,
    })
  }
}
