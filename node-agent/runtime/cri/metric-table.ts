// Which metrics of cAdvisor's this runtime tells, and how each is read: the kubelet publishes them below /metrics/cadvisor
// (KEP-2371), so names, kinds and labels are cAdvisor's. CRI has whole numbers only, so seconds are whole.
import { MetricType } from '../../../proto/gen/cri.ts'
import type { CgroupMetrics } from '../cgroups/cgroups.ts'
import type { NetworkStats } from '../sandbox/sandbox.ts'

/** Of one running container. */
export interface ContainerReading {
  readonly cgroup: CgroupMetrics
  readonly oomKills: number
  readonly processes: { readonly count: number; readonly fileDescriptors: number; readonly sockets: number }
  readonly disk: {
    readonly usedBytes: number
    readonly limitBytes: number
    readonly inodes: number
    readonly inodesFree: number
  }
  readonly startedAtMs: number
  readonly nowMs: number
  /** What was asked for. */
  readonly resources: {
    readonly cpuShares?: number | undefined
    readonly cpuPeriod?: number | undefined
    readonly cpuQuota?: number | undefined
    readonly memoryLimitInBytes?: number | undefined
    readonly memorySwapLimitInBytes?: number | undefined
  }
}

/** A value with the labels that only its metric has; those all have are not among them. */
interface Sample {
  readonly value: number
  readonly labels?: readonly string[]
}

export interface MetricRow<Reading> {
  readonly name: string
  readonly help: string
  readonly type: MetricType
  /** Keys of the labels that only this metric has. */
  readonly labels: readonly string[]
  /** None where the kernel does not count it. */
  read(reading: Reading): readonly Sample[]
}

const { COUNTER, GAUGE } = MetricType
const seconds = (ns: number): number => Math.floor(ns / 1e9)

/** Of one value, if there is one. */
function row<Reading>(
  type: MetricType,
  name: string,
  help: string,
  read: (reading: Reading) => number | undefined,
): MetricRow<Reading> {
  const samples = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ value }])
  return { name, help, type, labels: [], read: reading => samples(read(reading)) }
}

type Cpu = NonNullable<CgroupMetrics['cpu']>
type Memory = NonNullable<CgroupMetrics['memory']>
type Io = CgroupMetrics['io'][number]

const cpu = (name: string, help: string, read: (cpu: Cpu) => number): MetricRow<ContainerReading> =>
  row(COUNTER, `container_cpu_${name}`, help, ({ cgroup }) => cgroup.cpu && read(cgroup.cpu))
const memory = (name: string, help: string, read: (memory: Memory) => number, type: MetricType = GAUGE) =>
  row<ContainerReading>(type, `container_memory_${name}`, help, ({ cgroup }) => cgroup.memory && read(cgroup.memory))
const io = (name: string, help: string, read: (io: Io) => number): MetricRow<ContainerReading> => ({
  name: `container_fs_${name}`,
  help,
  type: COUNTER,
  labels: ['device'],
  read: ({ cgroup }) => cgroup.io.map(each => ({ value: read(each), labels: [`${each.major}:${each.minor}`] })),
})
const gauge = (name: string, help: string, read: (reading: ContainerReading) => number | undefined) =>
  row(GAUGE, `container_${name}`, help, read)
const network = (name: string, help: string, read: (stats: NetworkStats) => number): MetricRow<NetworkStats> => ({
  name: `container_network_${name}_total`,
  help,
  type: COUNTER,
  labels: ['interface'],
  read: stats => [{ value: read(stats), labels: [stats.interface] }],
})

export const containerMetrics: readonly MetricRow<ContainerReading>[] = [
  {
    ...cpu('usage_seconds_total', 'Processor time consumed, in seconds.', ({ usageNs }) => seconds(usageNs)),
    labels: ['cpu'],
    read: ({ cgroup }) => (cgroup.cpu ? [{ value: seconds(cgroup.cpu.usageNs), labels: ['total'] }] : []),
  },
  cpu('user_seconds_total', 'Processor time consumed by programs, in seconds.', ({ userNs }) => seconds(userNs)),
  cpu('system_seconds_total', 'Processor time consumed by the kernel, in seconds.', ({ systemNs }) =>
    seconds(systemNs),
  ),
  cpu('cfs_periods_total', 'Periods in which a quota was in force.', ({ periods }) => periods),
  cpu('cfs_throttled_periods_total', 'Periods in which the quota was used up.', each => each.throttledPeriods),
  cpu('cfs_throttled_seconds_total', 'Time spent held back by the quota, in seconds.', ({ throttledNs }) =>
    seconds(throttledNs),
  ),
  memory('cache', 'Bytes of page cache.', ({ cacheBytes }) => cacheBytes),
  memory('rss', 'Bytes of anonymous memory.', ({ rssBytes }) => rssBytes),
  memory('kernel_usage', 'Bytes of memory of the kernel.', ({ kernelBytes }) => kernelBytes),
  memory('mapped_file', 'Bytes of mapped files.', ({ mappedFileBytes }) => mappedFileBytes),
  memory('swap', 'Bytes swapped out.', ({ swapBytes }) => swapBytes),
  memory('usage_bytes', 'Bytes of memory in use, whenever they were used last.', ({ usageBytes }) => usageBytes),
  memory('max_usage_bytes', 'The most bytes of memory that were in use.', ({ maxUsageBytes }) => maxUsageBytes),
  memory('working_set_bytes', 'Bytes in use but for inactive files.', ({ workingSetBytes }) => workingSetBytes),
  memory('failcnt', 'How often the limit was reached.', ({ limitHits }) => limitHits, COUNTER),
  {
    ...memory('failures_total', 'Page faults.', () => 0, COUNTER),
    labels: ['failure_type', 'scope'],
    read: ({ cgroup: { memory: counted } }) =>
      counted
        ? ['container', 'hierarchy'].flatMap(scope => [
            { value: counted.pageFaults, labels: ['pgfault', scope] },
            { value: counted.majorPageFaults, labels: ['pgmajfault', scope] },
          ])
        : [],
  },
  row(COUNTER, 'container_oom_events_total', 'Processes killed for want of memory.', ({ oomKills }) => oomKills),
  {
    ...io('device', '', () => 0),
    name: 'container_blkio_device_usage_total',
    help: 'Bytes moved to and from block devices.',
    labels: ['device', 'major', 'minor', 'operation'],
    read: ({ cgroup }) =>
      cgroup.io.flatMap(({ major, minor, readBytes, writtenBytes }) =>
        [
          { value: readBytes, operation: 'Read' },
          { value: writtenBytes, operation: 'Write' },
        ].map(({ value, operation }) => ({ value, labels: ['', String(major), String(minor), operation] })),
      ),
  },
  io('reads_bytes_total', 'Bytes read.', ({ readBytes }) => readBytes),
  io('reads_total', 'Reads completed.', ({ reads }) => reads),
  io('writes_bytes_total', 'Bytes written.', ({ writtenBytes }) => writtenBytes),
  io('writes_total', 'Writes completed.', ({ writes }) => writes),
  gauge('fs_usage_bytes', 'Bytes written to the root.', ({ disk }) => disk.usedBytes),
  gauge('fs_limit_bytes', "Bytes of the root's file system.", ({ disk }) => disk.limitBytes),
  gauge('fs_inodes_total', "Inodes of the root's file system.", ({ disk }) => disk.inodes),
  gauge('fs_inodes_free', "Free inodes of the root's file system.", ({ disk }) => disk.inodesFree),
  gauge('processes', 'Processes.', ({ processes }) => processes.count),
  gauge('file_descriptors', 'Open file descriptors.', ({ processes }) => processes.fileDescriptors),
  gauge('sockets', 'Open sockets.', ({ processes }) => processes.sockets),
  gauge('threads', 'Threads.', ({ cgroup }) => cgroup.threads),
  gauge('threads_max', 'The most threads that may be; 0 for no limit.', ({ cgroup }) => cgroup.threadLimit ?? 0),
  gauge('last_seen', 'When this was read, in seconds since 1970.', ({ nowMs }) => Math.floor(nowMs / 1000)),
  gauge('start_time_seconds', 'When it started, in seconds since 1970.', each => Math.floor(each.startedAtMs / 1000)),
  gauge(
    'spec_cpu_period',
    'The period that the quota is of, in microseconds.',
    ({ resources }) => resources.cpuPeriod ?? 0,
  ),
  gauge('spec_cpu_quota', 'Microseconds of processor a period.', ({ resources }) => resources.cpuQuota || undefined),
  gauge('spec_cpu_shares', 'Its share of the processors.', ({ resources }) => resources.cpuShares ?? 0),
  gauge(
    'spec_memory_limit_bytes',
    'The most bytes of memory; 0 for no limit.',
    each => each.resources.memoryLimitInBytes ?? 0,
  ),
  gauge(
    'spec_memory_swap_limit_bytes',
    'The most bytes of memory and swap together; 0 for no limit.',
    ({ resources }) => Math.max(0, resources.memorySwapLimitInBytes ?? 0),
  ),
]

export const networkMetrics: readonly MetricRow<NetworkStats>[] = [
  network('receive_bytes', 'Bytes received.', ({ rxBytes }) => rxBytes),
  network('receive_packets', 'Packets received.', ({ rxPackets }) => rxPackets),
  network('receive_packets_dropped', 'Packets dropped while receiving.', ({ rxDropped }) => rxDropped),
  network('receive_errors', 'Errors while receiving.', ({ rxErrors }) => rxErrors),
  network('transmit_bytes', 'Bytes sent.', ({ txBytes }) => txBytes),
  network('transmit_packets', 'Packets sent.', ({ txPackets }) => txPackets),
  network('transmit_packets_dropped', 'Packets dropped while sending.', ({ txDropped }) => txDropped),
  network('transmit_errors', 'Errors while sending.', ({ txErrors }) => txErrors),
]
