// From requests and limits to what the kernel counts in, by the kubelet's rules (pkg/kubelet/kuberuntime for containers,
// pkg/kubelet/cm for pods).
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import { amountOf, podLimits, podRequests } from '../../../api/kinds/core-v1/pod-requests.ts'
import { Quantity } from '../../../api/values/quantity.ts'
import type { HugepageLimit, LinuxContainerResources } from '../../../proto/gen/cri.ts'
import { qosClass } from '../planning/qos.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'
import { oomScoreAdj } from './oom-score.ts'

/** What of the machine decides how resources are written down. */
export interface ResourceHost {
  readonly memoryBytes: number
  /** Sizes of huge pages, in bytes. */
  readonly hugePageBytes: readonly number[]
  /** Its cgroups are of v2 alone. */
  readonly unified: boolean
  /** It accounts for swap. */
  readonly swapControl: boolean
}

/** The CFS period, in microseconds, within which a quota is counted. */
const cpuPeriodUs = 100_000
/** The kernel refuses less: sched_cfs_bandwidth_slice. */
const leastQuotaUs = 1_000
/** cgroup v1's cpu.shares lie in this range, 1024 for one core. */
const [leastShares, mostShares] = [2, 262_144]

export const cpuShares = (milli: number): number =>
  Math.min(mostShares, Math.max(leastShares, Math.floor((milli * 1024) / 1000)))

/** 0 milli: no limit. */
const cpuQuota = (milli: number): number =>
  milli === 0 ? 0 : Math.max(leastQuotaUs, Math.floor((milli * cpuPeriodUs) / 1000))

type Quantities = Readonly<Record<string, string>>

const amountIn = (list: Quantities | undefined, name: string): number => amountOf(name, list?.[name] ?? '0')

/** A container without a limit of its own may use what its pod as a whole may. */
const limitOf = (pod: Pod, { resources }: Container, name: string): number =>
  amountIn(resources.limits, name) || amountIn(pod.spec.resources?.limits, name)

export function containerResources(pod: Pod, container: Container, host: ResourceHost): LinuxContainerResources {
  const { requests } = container.resources
  const [cpu, memory] = [limitOf(pod, container, 'cpu'), limitOf(pod, container, 'memory')]
  const unified = unifiedFiles(host)
  return {
    // A limit without a request asks for as much as it may have.
    cpuShares: cpuShares(requests?.['cpu'] === undefined ? cpu : amountIn(requests, 'cpu')),
    cpuPeriod: cpuPeriodUs,
    cpuQuota: cpuQuota(cpu),
    memoryLimitInBytes: memory,
    // Nothing beyond memory: no swap.
    ...(host.swapControl && !host.unified && { memorySwapLimitInBytes: memory }),
    oomScoreAdj: oomScoreAdj(pod, container, host.memoryBytes),
    hugepageLimits: host.hugePageBytes.map(bytes => pageLimit(bytes, limitOf(pod, container, pageResource(bytes)))),
    ...(Object.keys(unified).length > 0 && { unified }),
  }
}

/** Files of cgroup v2 that CRI has no field for: without swap, and ended as one by the OOM killer. */
function unifiedFiles({ unified, swapControl }: ResourceHost): Record<string, string> {
  if (!unified) return {}
  return { 'memory.oom.group': '1', ...(swapControl && { 'memory.swap.max': '0' }) }
}

/**
 * What the pod as a whole may use, without its overhead.
 * @param podPidsLimit most processes, 0 for no limit
 */
export function podResources(pod: Pod, host: ResourceHost, podPidsLimit: number): LinuxContainerResources {
  const requests = podRequests({ ...pod.spec, overhead: {} })
  return {
    ...podCpuAndMemory(pod),
    hugepageLimits: host.hugePageBytes.map(bytes => pageLimit(bytes, requests.get(pageResource(bytes)) ?? 0)),
    ...(podPidsLimit > 0 && { unified: { 'pids.max': String(podPidsLimit) } }),
  }
}

/** A limit holds for the pod only where it has one as a whole, or every container has. */
export function podCpuAndMemory(pod: Pod): LinuxContainerResources {
  const requests = podRequests({ ...pod.spec, overhead: {} })
  const [cpu, memory] = [podLimit(pod, 'cpu'), podLimit(pod, 'memory')]
  return {
    cpuShares: cpuShares(requests.get('cpu') ?? 0),
    ...(cpu > 0 && { cpuPeriod: cpuPeriodUs, cpuQuota: cpuQuota(cpu) }),
    ...(memory > 0 && { memoryLimitInBytes: memory }),
  }
}

/** The pod's own limit, or that of its containers together where each has one, as Amounts count; 0: none. */
export function podLimit(pod: Pod, name: string): number {
  const whole = amountIn(pod.spec.resources?.limits, name) > 0
  const all = [...initContainers(pod), ...appContainers(pod)]
  if (!whole && !all.every(({ resources }) => amountIn(resources.limits, name) > 0)) return 0
  return podLimits(pod.spec).get(name) ?? 0
}

/** What running the pod takes beside its containers: as much as it asks for, and no more. */
export function podOverhead({ spec }: Pod): LinuxContainerResources {
  if (spec.overhead === undefined) return {}
  const cpu = amountIn(spec.overhead, 'cpu')
  return {
    cpuShares: cpuShares(cpu),
    cpuPeriod: cpuPeriodUs,
    cpuQuota: cpuQuota(cpu),
    memoryLimitInBytes: amountIn(spec.overhead, 'memory'),
  }
}

const pageResource = (bytes: number): string => `hugepages-${Quantity.ofBytes(bytes).toString()}`

/** Page sizes as the kernel's hugetlb files have them: 2MB, 1GB. */
function pageLimit(pageBytes: number, limit: number): HugepageLimit {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let [size, unit] = [pageBytes, 0]
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024
  return { pageSize: `${size}${units[unit] ?? ''}`, limit }
}

/** Guaranteed pods stand in the root, beside the classes of those that were promised less. */
export function cgroupParent(root: string, pod: Pod): string {
  const qos = qosClass(pod)
  const folder = qos === 'Guaranteed' ? root : `${root}/${qos.toLowerCase()}`
  return `${folder}/pod${pod.metadata.uid}`
}
