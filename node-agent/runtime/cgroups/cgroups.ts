// cgroups, v1 and v2, behind one face. A path is relative to the hierarchies' roots (`tessera/burstable/pod…/…`).
import { type CgroupAttachment } from '../container/container-spec.ts'
import { type DeviceRule } from './devices.ts'

/** What is absent stays as it is (for a new cgroup: unlimited). */
export interface CgroupLimits {
  /** v1's scale, 2 to 262144, 1024 being one processor's request; converted for v2. */
  readonly cpuShares?: number
  /** Microseconds of processor per period; -1 is unlimited. */
  readonly cpuQuotaUs?: number
  /** Default 100,000. */
  readonly cpuPeriodUs?: number
  /** -1 is unlimited. */
  readonly memoryLimitBytes?: number
  /** Memory and swap together, as CRI means it; -1 is unlimited. Ignored where the kernel has no swap accounting. */
  readonly memorySwapLimitBytes?: number
  /** -1 is unlimited. */
  readonly pidsLimit?: number
  /** Lists as in cpuset(7): `0-1,3`. */
  readonly cpusetCpus?: string
  readonly cpusetMems?: string
  /** By page size as the kernel names its files (`2MB`, `1GB`); 0 allows none. */
  readonly hugePages?: readonly { readonly pageSize: string; readonly limitBytes: number }[]
  /** cgroup v2 files by name (CRI's `unified`); refused on v1. */
  readonly unified?: Readonly<Record<string, string>>
}

export interface CgroupStats {
  readonly timestampMs: number
  /** Total processor time in nanoseconds. */
  readonly cpuUsageNs?: number
  readonly memory?: {
    readonly usageBytes: number
    /** Usage without inactive file cache, as the kubelet counts it. */
    readonly workingSetBytes: number
    readonly rssBytes: number
    readonly limitBytes?: number
    readonly pageFaults: number
    readonly majorPageFaults: number
  }
  readonly pids?: number
}

/** What is counted, since the cgroup was made or as it is; absent where the kernel has no such controller here. */
export interface CgroupMetrics {
  readonly cpu?:
    | {
        readonly usageNs: number
        readonly userNs: number
        readonly systemNs: number
        /** Periods in which a quota was in force, those it held back in, and for how long. */
        readonly periods: number
        readonly throttledPeriods: number
        readonly throttledNs: number
      }
    | undefined
  readonly memory?:
    | {
        readonly usageBytes: number
        readonly workingSetBytes: number
        readonly maxUsageBytes: number
        readonly rssBytes: number
        readonly cacheBytes: number
        readonly mappedFileBytes: number
        readonly swapBytes: number
        readonly kernelBytes: number
        /** How often the limit was reached. */
        readonly limitHits: number
        readonly pageFaults: number
        readonly majorPageFaults: number
      }
    | undefined
  readonly threads?: number
  /** Absent: unlimited. */
  readonly threadLimit?: number
  /** By block device. */
  readonly io: readonly {
    readonly major: number
    readonly minor: number
    readonly readBytes: number
    readonly writtenBytes: number
    readonly reads: number
    readonly writes: number
  }[]
}

/** Which devices a container may use: these besides what every container may; absent from create's options: all. */
export type DevicePolicy = 'all' | readonly DeviceRule[]

export interface Cgroup {
  readonly path: string
  /** For ContainerSpec.cgroup and ExecSpec.cgroup. */
  attachment(): CgroupAttachment
  /** Throws CgroupError naming the file; warnings are what this machine has no controller for. */
  setLimits(limits: CgroupLimits): readonly string[]
  stats(): CgroupStats
  metrics(): CgroupMetrics
  /** Processes killed for want of memory since the cgroup was made; 0 when it is gone. */
  oomKills(): number
  /** Process numbers (in the caller's PID namespace) of the cgroup and those below. */
  processes(): readonly number[]
  /** Kills every process, those below included; returns once they are gone or the time is over. */
  kill(timeoutMs?: number): Promise<boolean>
  /** Removes the cgroup and those below after killing what is inside; without error when it is gone. */
  remove(): Promise<void>
}

export interface Cgroups {
  readonly version: 1 | 2
  /** Controllers that exist here: cpu, cpuset, memory, pids, devices… */
  readonly controllers: readonly string[]
  /** Makes the cgroup and its parents where missing. */
  create(
    path: string,
    limits: CgroupLimits,
    devices?: DevicePolicy,
  ): { readonly cgroup: Cgroup; readonly warnings: readonly string[] }
  /** A handle on a cgroup that may or may not exist. */
  open(path: string): Cgroup
  /** Whether `create` has made it (this process's or another's), or nobody has yet. @param root as for `removeOwn` */
  isOwn(path: string, root: string): boolean
  /**
   * Removes those of a path that `create` has made (this process's or another's) and that are empty, from its end upwards.
   * @param root the runtime's own: it stays, and all below it counts as made by it
   */
  removeOwn(path: string, root: string): Promise<void>
  /** Paths (relative, like `create`'s) of cgroups directly below one, in any controller. */
  children(path: string): readonly string[]
}
