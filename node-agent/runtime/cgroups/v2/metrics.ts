// What cgroup v2 counts: Documentation/admin-guide/cgroup-v2.rst.
import { type CgroupMetrics } from '../cgroups.ts'
import { read, readFlat, readNumber } from '../files.ts'

export function metricsV2(folder: string): CgroupMetrics {
  const memory = memoryMetrics(folder)
  const cpu = cpuMetrics(folder)
  const threads = readNumber(folder, 'pids.current')
  const threadLimit = readNumber(folder, 'pids.max')
  return {
    ...(cpu && { cpu }),
    ...(memory && { memory }),
    ...(threads !== undefined && { threads }),
    ...(threadLimit !== undefined && { threadLimit }),
    io: ioMetrics(read(folder, 'io.stat') ?? ''),
  }
}

function cpuMetrics(folder: string): CgroupMetrics['cpu'] {
  const stat = readFlat(folder, 'cpu.stat')
  if (!stat.has('usage_usec')) return undefined
  const count = (name: string): number => stat.get(name) ?? 0
  return {
    usageNs: count('usage_usec') * 1000,
    userNs: count('user_usec') * 1000,
    systemNs: count('system_usec') * 1000,
    periods: count('nr_periods'),
    throttledPeriods: count('nr_throttled'),
    throttledNs: count('throttled_usec') * 1000,
  }
}

function memoryMetrics(folder: string): CgroupMetrics['memory'] {
  const usageBytes = readNumber(folder, 'memory.current')
  if (usageBytes === undefined) return undefined
  const stat = readFlat(folder, 'memory.stat')
  const count = (name: string): number => stat.get(name) ?? 0
  return {
    usageBytes,
    workingSetBytes: Math.max(0, usageBytes - count('inactive_file')),
    maxUsageBytes: readNumber(folder, 'memory.peak') ?? 0,
    rssBytes: count('anon'),
    cacheBytes: count('file'),
    mappedFileBytes: count('file_mapped'),
    swapBytes: readNumber(folder, 'memory.swap.current') ?? 0,
    kernelBytes: count('kernel'),
    limitHits: readFlat(folder, 'memory.events').get('max') ?? 0,
    pageFaults: count('pgfault'),
    majorPageFaults: count('pgmajfault'),
  }
}

/** Lines of io.stat: `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`. */
function ioMetrics(text: string): CgroupMetrics['io'] {
  return text
    .trim()
    .split('\n')
    .flatMap(line => {
      const [device = '', ...pairs] = line.split(' ')
      const [major, minor] = device.split(':').map(Number)
      if (major === undefined || minor === undefined || device === '') return []
      const values = new Map(pairs.map(pair => [pair.split('=')[0] ?? '', Number(pair.split('=')[1])]))
      const count = (name: string): number => values.get(name) ?? 0
      return [
        {
          major,
          minor,
          readBytes: count('rbytes'),
          writtenBytes: count('wbytes'),
          reads: count('rios'),
          writes: count('wios'),
        },
      ]
    })
}
