// cgroup v1: one tree per hierarchy, the same path in each.
import path from 'node:path'
import { CgroupError, makeError } from '../cgroup-error.ts'
import {
  type Cgroup,
  type CgroupLimits,
  type CgroupMetrics,
  type CgroupStats,
  type Cgroups,
  type DevicePolicy,
} from '../cgroups.ts'
import { read, readFlat, readNumber, subfolders, write } from '../files.ts'
import { type Hierarchy } from '../hierarchies.ts'
import { isOwn, makeOwn, removeOwn } from '../own.ts'
import { killAll, processesBelow, removeTree, signalAll } from '../tree.ts'
import { cpu } from './cpu.ts'
import { cpuset, inheritedCpusetFiles } from './cpuset.ts'
import { deviceWrites } from './devices.ts'
import { hugetlb } from './hugetlb.ts'
import { memory } from './memory.ts'
import { metricsV1 } from './metrics.ts'
import { pids } from './pids.ts'

const controllers = [cpu, cpuset, hugetlb, memory, pids]
/** Hierarchies of other controllers have nothing to say here, and each costs every container a folder. */
const used = new Set([...controllers.map(({ name }) => name), 'cpuacct', 'devices'])
const hasMemory = (hierarchy: Hierarchy): boolean => hierarchy.controllers.includes('memory')
const removeTimeoutMs = 5000

export class CgroupsV1 implements Cgroups {
  readonly version = 1
  readonly controllers: readonly string[]
  readonly #hierarchies: readonly Hierarchy[]

  constructor(hierarchies: readonly Hierarchy[]) {
    this.#hierarchies = hierarchies.filter(hierarchy => hierarchy.controllers.some(name => used.has(name)))
    this.controllers = this.#hierarchies.flatMap(hierarchy => hierarchy.controllers)
  }

  create(name: string, limits: CgroupLimits, devices: DevicePolicy = 'all') {
    for (const hierarchy of this.#hierarchies) makeFolders(hierarchy, name)
    const cgroup = this.open(name)
    const warnings = cgroup.setLimits(limits)
    const folder = this.#folder('devices', name)
    if (devices !== 'all' && folder !== undefined) {
      for (const each of deviceWrites(devices)) write(folder, each)
    }
    return { cgroup, warnings }
  }

  open(name: string): CgroupV1 {
    return new CgroupV1(name, this.#hierarchies, controller => this.#folder(controller, name))
  }

  children(name: string): string[] {
    const names = this.#hierarchies.flatMap(({ mount }) => subfolders(path.join(mount, name)))
    return [...new Set(names)].map(child => path.join(name, child))
  }

  isOwn(name: string, root: string): boolean {
    return this.#hierarchies.every(({ mount }) => isOwn(mount, name, root))
  }

  async removeOwn(name: string, root: string): Promise<void> {
    for (const { mount } of this.#hierarchies) await removeOwn(mount, name, root)
  }

  #folder(controller: string, name: string): string | undefined {
    const hierarchy = this.#hierarchies.find(({ controllers }) => controllers.includes(controller))
    return hierarchy && path.join(hierarchy.mount, name)
  }
}

class CgroupV1 implements Cgroup {
  readonly path: string
  readonly #hierarchies: readonly Hierarchy[]
  readonly #folder: (controller: string) => string | undefined

  constructor(name: string, hierarchies: readonly Hierarchy[], folder: (controller: string) => string | undefined) {
    this.path = name
    this.#hierarchies = hierarchies
    this.#folder = folder
  }

  /**
   * Whoever joins is a process of one thread, and moves itself: through `tasks` the kernel then need not stop every other
   * process from forking meanwhile, as it must for cgroup.procs; that wait is about 2.5 ms a hierarchy.
   */
  attachment() {
    const memoryLast = [...this.#hierarchies].sort((a, b) => Number(hasMemory(a)) - Number(hasMemory(b)))
    const files = memoryLast.map(({ mount }) => path.join(mount, this.path, 'tasks'))
    const hierarchies = this.#hierarchies.map(
      ({ mount, controllers }) => [path.basename(mount), controllers.join(',')] as const,
    )
    return { version: 1 as const, files, hierarchies }
  }

  setLimits(limits: CgroupLimits): readonly string[] {
    const [file] = Object.keys(limits.unified ?? {})
    if (file !== undefined)
      throw new CgroupError('this machine has cgroup v1, which has no such file', { limit: `unified["${file}"]` })
    return controllers.flatMap(controller => {
      const writes = controller.writes(limits)
      const folder = this.#folder(controller.name)
      if (folder === undefined) {
        return writes.length === 0
          ? []
          : [`no ${controller.name} controller is mounted, so its limits are not enforced`]
      }
      return writes.map(each => write(folder, each)).filter(warning => warning !== undefined)
    })
  }

  stats(): CgroupStats {
    const cpuUsageNs = this.#number('cpuacct', 'cpuacct.usage')
    const current = this.#number('pids', 'pids.current')
    const usage = this.#memory()
    return {
      timestampMs: Date.now(),
      ...(cpuUsageNs !== undefined && { cpuUsageNs }),
      ...(current !== undefined && { pids: current }),
      ...(usage && { memory: usage }),
    }
  }

  metrics(): CgroupMetrics {
    return metricsV1(this.#folder)
  }

  #memory(): CgroupStats['memory'] {
    const folder = this.#folder('memory')
    const usageBytes = this.#number('memory', 'memory.usage_in_bytes')
    if (folder === undefined || usageBytes === undefined) return undefined
    const stat = readFlat(folder, 'memory.stat')
    const limitBytes = stat.get('hierarchical_memory_limit')
    return {
      usageBytes,
      workingSetBytes: Math.max(0, usageBytes - (stat.get('total_inactive_file') ?? 0)),
      rssBytes: stat.get('total_rss') ?? 0,
      // Without a limit the kernel answers its largest multiple of a page.
      ...(limitBytes !== undefined && limitBytes < 2 ** 62 && { limitBytes }),
      pageFaults: stat.get('total_pgfault') ?? 0,
      majorPageFaults: stat.get('total_pgmajfault') ?? 0,
    }
  }

  oomKills(): number {
    const folder = this.#folder('memory')
    return (folder && readFlat(folder, 'memory.oom_control').get('oom_kill')) || 0
  }

  processes(): readonly number[] {
    const [first] = this.#folders()
    return first === undefined ? [] : processesBelow(first)
  }

  async kill(timeoutMs = removeTimeoutMs): Promise<boolean> {
    const [first] = this.#folders()
    return first === undefined || (await killAll(first, timeoutMs, () => signalAll(first)))
  }

  async remove(): Promise<void> {
    for (const folder of this.#folders()) {
      await killAll(folder, removeTimeoutMs, () => signalAll(folder))
      await removeTree(folder, removeTimeoutMs)
    }
  }

  /** In every hierarchy; the one that a process joins first comes first, so that nobody is missed there. */
  #folders(): string[] {
    return this.#hierarchies.map(({ mount }) => path.join(mount, this.path))
  }

  #number(controller: string, file: string): number | undefined {
    const folder = this.#folder(controller)
    return folder === undefined ? undefined : readNumber(folder, file)
  }
}

/** Makes the path part by part, since a cpuset takes its values from its parent as it is made. */
function makeFolders({ mount, controllers }: Hierarchy, name: string): void {
  const isCpuset = controllers.includes('cpuset')
  let folder = mount
  for (const part of name.split('/')) {
    const parent = folder
    folder = path.join(folder, part)
    try {
      if (!makeOwn(folder)) continue
    } catch (error) {
      throw makeError(controllers, error)
    }
    if (!isCpuset) continue
    for (const file of inheritedCpusetFiles) {
      if (read(folder, file)?.trim() === '') write(folder, { file, value: read(parent, file)?.trim() ?? '' })
    }
  }
}
