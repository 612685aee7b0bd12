// cgroup v2: one tree. A controller is there for a cgroup once all its ancestors pass it on (cgroup.subtree_control).
import { existsSync } from 'node:fs'
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
import { isOwn, makeOwn, removeOwn } from '../own.ts'
import { killAll, processesBelow, removeTree, signalAll } from '../tree.ts'
import { cpu } from './cpu.ts'
import { cpuset } from './cpuset.ts'
import { restrictDevices } from './devices.ts'
import { hugetlb } from './hugetlb.ts'
import { memory } from './memory.ts'
import { metricsV2 } from './metrics.ts'
import { pids } from './pids.ts'

const controllers = [cpu, cpuset, hugetlb, memory, pids]
const removeTimeoutMs = 5000

export class CgroupsV2 implements Cgroups {
  readonly version = 2
  readonly controllers: readonly string[]
  readonly #mount: string

  constructor(mount: string) {
    this.#mount = mount
    this.controllers = available(mount)
  }

  create(name: string, limits: CgroupLimits, devices: DevicePolicy = 'all') {
    this.#makeFolders(name)
    const cgroup = this.open(name)
    const warnings = cgroup.setLimits(limits)
    if (devices !== 'all') restrictDevices(path.join(this.#mount, name), devices)
    return { cgroup, warnings }
  }

  open(name: string): CgroupV2 {
    return new CgroupV2(name, path.join(this.#mount, name), this.controllers)
  }

  children(name: string): string[] {
    return subfolders(path.join(this.#mount, name)).map(child => path.join(name, child))
  }

  isOwn(name: string, root: string): boolean {
    return isOwn(this.#mount, name, root)
  }

  removeOwn(name: string, root: string): Promise<void> {
    return removeOwn(this.#mount, name, root)
  }

  #makeFolders(name: string): void {
    const wanted = controllers.map(controller => controller.name).filter(each => this.controllers.includes(each))
    let folder = this.#mount
    for (const part of name.split('/')) {
      const passed = (read(folder, 'cgroup.subtree_control') ?? '').trim().split(' ')
      const missing = wanted.filter(controller => !passed.includes(controller))
      if (missing.length > 0) {
        write(folder, { file: 'cgroup.subtree_control', value: missing.map(each => `+${each}`).join(' ') })
      }
      folder = path.join(folder, part)
      try {
        makeOwn(folder)
      } catch (error) {
        throw makeError([], error)
      }
    }
  }
}

class CgroupV2 implements Cgroup {
  readonly path: string
  readonly #folder: string
  readonly #controllers: readonly string[]

  constructor(name: string, folder: string, available: readonly string[]) {
    this.path = name
    this.#folder = folder
    this.#controllers = available
  }

  attachment() {
    return { version: 2 as const, files: [path.join(this.#folder, 'cgroup.procs')], hierarchies: [] }
  }

  setLimits(limits: CgroupLimits): readonly string[] {
    const whole = this.#completed(limits)
    const warnings = controllers.flatMap(controller => {
      const writes = controller.writes(whole)
      if (this.#controllers.includes(controller.name)) return writes.map(each => write(this.#folder, each))
      return writes.length === 0 ? [] : [`no ${controller.name} controller here, so its limits are not enforced`]
    })
    for (const [file, value] of Object.entries(limits.unified ?? {})) {
      const limit = `unified["${file}"]` as const
      if (!/^[a-z_]+\.[a-z_.]+$/.test(file)) throw new CgroupError('not the name of a cgroup file', { limit })
      write(this.#folder, { file, value, limit })
    }
    return warnings.filter(warning => warning !== undefined)
  }

  /** cpu.max and memory.swap.max depend on two limits each: the one that is not asked for is as the kernel has it. */
  #completed(limits: CgroupLimits): CgroupLimits {
    const { cpuQuotaUs, cpuPeriodUs, memoryLimitBytes, memorySwapLimitBytes } = limits
    // "max", cpu.max' first word perhaps, is no number: unlimited.
    const held = (file: string): number => Number.parseInt(read(this.#folder, file) ?? '', 10) || -1
    return {
      ...limits,
      ...(cpuPeriodUs !== undefined && cpuQuotaUs === undefined && { cpuQuotaUs: held('cpu.max') }),
      ...(memorySwapLimitBytes !== undefined &&
        memoryLimitBytes === undefined && { memoryLimitBytes: held('memory.max') }),
    }
  }

  stats(): CgroupStats {
    const usageUs = readFlat(this.#folder, 'cpu.stat').get('usage_usec')
    const current = readNumber(this.#folder, 'pids.current')
    const usage = this.#memory()
    return {
      timestampMs: Date.now(),
      ...(usageUs !== undefined && { cpuUsageNs: usageUs * 1000 }),
      ...(current !== undefined && { pids: current }),
      ...(usage && { memory: usage }),
    }
  }

  metrics(): CgroupMetrics {
    return metricsV2(this.#folder)
  }

  #memory(): CgroupStats['memory'] {
    const usageBytes = readNumber(this.#folder, 'memory.current')
    if (usageBytes === undefined) return undefined
    const stat = readFlat(this.#folder, 'memory.stat')
    const limitBytes = readNumber(this.#folder, 'memory.max')
    return {
      usageBytes,
      workingSetBytes: Math.max(0, usageBytes - (stat.get('inactive_file') ?? 0)),
      rssBytes: stat.get('anon') ?? 0,
      ...(limitBytes !== undefined && { limitBytes }),
      pageFaults: stat.get('pgfault') ?? 0,
      majorPageFaults: stat.get('pgmajfault') ?? 0,
    }
  }

  oomKills(): number {
    return readFlat(this.#folder, 'memory.events').get('oom_kill') ?? 0
  }

  processes(): readonly number[] {
    return processesBelow(this.#folder)
  }

  kill(timeoutMs = removeTimeoutMs): Promise<boolean> {
    // Since Linux 5.14 one write kills all at once, forks in flight included.
    const atOnce = existsSync(path.join(this.#folder, 'cgroup.kill'))
    return killAll(this.#folder, timeoutMs, () => {
      if (atOnce) write(this.#folder, { file: 'cgroup.kill', value: '1', optional: true })
      else signalAll(this.#folder)
    })
  }

  async remove(): Promise<void> {
    await this.kill()
    await removeTree(this.#folder, removeTimeoutMs)
  }
}

/** Controllers the tree's root has to give. */
export function available(mount: string): string[] {
  return (read(mount, 'cgroup.controllers') ?? '').split(/\s+/).filter(name => name !== '')
}
