// What this machine is: read from /proc, /sys and /etc.
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import os from 'node:os'

export interface Machine {
  readonly machineId: string
  readonly systemUuid: string
  readonly bootId: string
  readonly kernelVersion: string
  readonly osImage: string
  /** As Go names it: amd64, arm64. */
  readonly architecture: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly swapBytes: number
  /** How many huge pages are set aside, by their size in bytes; a size the kernel knows is there with 0. */
  readonly hugePages: ReadonlyMap<number, number>
  readonly cgroups: {
    /** v2 alone. */
    readonly unified: boolean
    /** Swap is accounted for. */
    readonly swapControl: boolean
  }
  readonly hasAppArmor: boolean
  /** Where processors tell how hot they run, which tells a neighbour's work. */
  readonly thermalPaths: readonly string[]
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return '' // Not every machine has each; what is unknown is reported empty.
  }
}

export function readMachine(): Machine {
  const machineId = read('/etc/machine-id') || read('/var/lib/dbus/machine-id')
  const architectures: Readonly<Record<string, string>> = {
    x64: 'amd64',
    arm64: 'arm64',
    arm: 'arm',
    riscv64: 'riscv64',
  }
  return {
    machineId,
    systemUuid: read('/sys/class/dmi/id/product_uuid') || machineId,
    bootId: read('/proc/sys/kernel/random/boot_id'),
    kernelVersion: os.release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(read('/etc/os-release'))?.[1] ?? 'Linux',
    architecture: architectures[os.arch()] ?? os.arch(),
    cpus: os.cpus().length,
    memoryBytes: meminfo('MemTotal'),
    swapBytes: meminfo('SwapTotal'),
    hugePages: hugePages(),
    cgroups: cgroupsOf('/sys/fs/cgroup'),
    hasAppArmor: read('/sys/module/apparmor/parameters/enabled') === 'Y',
    thermalPaths: thermalPaths(),
  }
}

/** cgroups(7). The root of v2 has no memory.swap.max; the cgroup of this process does. */
function cgroupsOf(mount: string): Machine['cgroups'] {
  const controllers = read(`${mount}/cgroup.controllers`).split(' ')
  if (!controllers.includes('memory')) {
    return { unified: false, swapControl: existsSync(`${mount}/memory/memory.memsw.limit_in_bytes`) }
  }
  const own = /^0::(.*)$/m.exec(read('/proc/self/cgroup'))?.[1] ?? ''
  return { unified: true, swapControl: existsSync(`${mount}${own}/memory.swap.max`) }
}

/** Documentation/admin-guide/mm/hugetlbpage.rst */
function hugePages(folder = '/sys/kernel/mm/hugepages'): Map<number, number> {
  const names = existsSync(folder) ? readdirSync(folder).sort() : []
  return new Map(
    names.flatMap(name => {
      const kib = /^hugepages-(\d+)kB$/.exec(name)?.[1]
      return kib === undefined ? [] : [[Number(kib) * 1024, Number(read(`${folder}/${name}/nr_hugepages`))]]
    }),
  )
}

function meminfo(field: string): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(read('/proc/meminfo'))?.[1]
  return Number(kib ?? 0) * 1024
}

function thermalPaths(folder = '/sys/devices/system/cpu'): string[] {
  const processors = existsSync(folder) ? readdirSync(folder).filter(name => /^cpu\d+$/.test(name)) : []
  return processors.map(name => `${folder}/${name}/thermal_throttle`).filter(existsSync)
}

/** What changes while the machine runs. */
export interface Usage {
  readonly memoryAvailableBytes: number
  readonly diskBytes: number
  readonly diskAvailableBytes: number
  readonly processes: number
  readonly mostProcesses: number
}

/** @param root a path on the file system that holds the pods' data */
export function readUsage(root: string): Usage {
  const { bsize, blocks, bavail } = statfsSync(root)
  const threads = /^\S+ \S+ \S+ \d+\/(\d+)/.exec(read('/proc/loadavg'))?.[1]
  return {
    memoryAvailableBytes: meminfo('MemAvailable'),
    diskBytes: bsize * blocks,
    diskAvailableBytes: bsize * bavail,
    processes: Number(threads ?? 0),
    mostProcesses: Number(read('/proc/sys/kernel/pid_max') || 0),
  }
}

/** The address others reach this machine by: the first of the interface that the default route leaves through. */
export function nodeAddress(): string {
  const interfaces = os.networkInterfaces()
  const viaRoute = read('/proc/net/route')
    .split('\n')
    .map(line => line.split('\t'))
    .find(([, destination]) => destination === '00000000')?.[0]
  const names = [...(viaRoute === undefined ? [] : [viaRoute]), ...Object.keys(interfaces)]
  for (const name of names) {
    const found = interfaces[name]?.find(({ family, internal }) => family === 'IPv4' && !internal)
    if (found) return found.address
  }
  return '127.0.0.1'
}
