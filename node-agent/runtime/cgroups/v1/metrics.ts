// What cgroup v1 counts: cpuacct.rst, sched-bwc.rst, memory.rst, pids.rst of the kernel's documentation.
import { type CgroupMetrics } from '../cgroups.ts'
import { readFlat, readNumber } from '../files.ts'

/** USER_HZ, in which cpuacct.stat counts, as nanoseconds; it is 100 on every architecture we run on. */
const tickNs = 10_000_000

/** @param folder of the cgroup below a controller; undefined where that is not mounted */
export function metricsV1(folder: (controller: string) => string | undefined): CgroupMetrics {
  const cpu = cpuMetrics(folder('cpu'), folder('cpuacct'))
  const memory = memoryMetrics(folder('memory'))
  const pids = folder('pids')
  const threads = pids === undefined ? undefined : readNumber(pids, 'pids.current')
  const threadLimit = pids === undefined ? undefined : readNumber(pids, 'pids.max')
  return {
    ...(cpu && { cpu }),
    ...(memory && { memory }),
    ...(threads !== undefined && { threads }),
    ...(threadLimit !== undefined && { threadLimit }),
    io: [],
  }
}

function cpuMetrics(cpu: string | undefined, cpuacct: string | undefined): CgroupMetrics['cpu'] {
  const usageNs = cpuacct === undefined ? undefined : readNumber(cpuacct, 'cpuacct.usage')
  if (cpuacct === undefined || usageNs === undefined) return undefined
  const times = readFlat(cpuacct, 'cpuacct.stat')
  const throttling = cpu === undefined ? new Map<string, number>() : readFlat(cpu, 'cpu.stat')
  return {
    usageNs,
    userNs: (times.get('user') ?? 0) * tickNs,
    systemNs: (times.get('system') ?? 0) * tickNs,
    periods: throttling.get('nr_periods') ?? 0,
    throttledPeriods: throttling.get('nr_throttled') ?? 0,
    throttledNs: throttling.get('throttled_time') ?? 0,
  }
}

function memoryMetrics(folder: string | undefined): CgroupMetrics['memory'] {
  const usageBytes = folder === undefined ? undefined : readNumber(folder, 'memory.usage_in_bytes')
  if (folder === undefined || usageBytes === undefined) return undefined
  const stat = readFlat(folder, 'memory.stat')
  const total = (name: string): number => stat.get(`total_${name}`) ?? 0
  return {
    usageBytes,
    workingSetBytes: Math.max(0, usageBytes - total('inactive_file')),
    maxUsageBytes: readNumber(folder, 'memory.max_usage_in_bytes') ?? 0,
    rssBytes: total('rss'),
    cacheBytes: total('cache'),
    mappedFileBytes: total('mapped_file'),
    swapBytes: total('swap'),
    kernelBytes: readNumber(folder, 'memory.kmem.usage_in_bytes') ?? 0,
    limitHits: readNumber(folder, 'memory.failcnt') ?? 0,
    pageFaults: total('pgfault'),
    majorPageFaults: total('pgmajfault'),
  }
}
