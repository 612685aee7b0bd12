// From requests and limits to what the kernel counts in.
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { ResourceRequirements } from '../../../api/kinds/core-v1/resources.ts'
import { Quantity } from '../../../api/values/quantity.ts'
import type { LinuxContainerResources } from '../../../proto/gen/cri.ts'
import { qosClass } from '../planning/qos.ts'
import { isSidecar } from '../planning/restart.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'

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

const milliOf = (list: Record<string, string> | undefined): number => Quantity.parse(list?.['cpu'] ?? '0').milliValue()
const bytesOf = (list: Record<string, string> | undefined): number => Quantity.parse(list?.['memory'] ?? '0').value()

function cgroup({ requests, limits }: ResourceRequirements): LinuxContainerResources {
  const limitMilli = milliOf(limits)
  return {
    // A limit without a request asks for as much as it may have.
    cpuShares: cpuShares(requests?.['cpu'] === undefined ? limitMilli : milliOf(requests)),
    cpuPeriod: cpuPeriodUs,
    cpuQuota: cpuQuota(limitMilli),
    memoryLimitInBytes: bytesOf(limits),
  }
}

/** @param podPidsLimit most processes, 0 for no limit */
export function containerResources(
  pod: Pod,
  container: Container,
  nodeMemoryBytes: number,
  podPidsLimit: number,
): LinuxContainerResources {
  return {
    ...cgroup(container.resources),
    oomScoreAdj: oomScoreAdj(pod, container, nodeMemoryBytes),
    ...(podPidsLimit > 0 && { unified: { 'pids.max': String(podPidsLimit) } }),
  }
}

/**
 * What the pod as a whole may use: the sum of its containers that run together, or what its most demanding init
 * container needs. A limit holds for the pod only when every container has one.
 */
export function podResources(pod: Pod): LinuxContainerResources {
  if (pod.spec.resources) return cgroup(pod.spec.resources)
  const sidecars = initContainers(pod).filter(isSidecar)
  const steps = initContainers(pod).filter(container => !isSidecar(container))
  const together = [...appContainers(pod), ...sidecars]
  const sum = (of: (container: Container) => number): number =>
    Math.max(
      together.reduce((total, container) => total + of(container), 0),
      ...steps.map(of),
    )
  const limited = (name: string): boolean =>
    [...together, ...steps].every(({ resources }) => resources.limits?.[name] !== undefined)
  const requestMilli = sum(({ resources: { requests, limits } }) =>
    requests?.['cpu'] === undefined ? milliOf(limits) : milliOf(requests),
  )
  return {
    cpuShares: cpuShares(requestMilli),
    cpuPeriod: cpuPeriodUs,
    cpuQuota: limited('cpu') ? cpuQuota(sum(({ resources }) => milliOf(resources.limits))) : 0,
    memoryLimitInBytes: limited('memory') ? sum(({ resources }) => bytesOf(resources.limits)) : 0,
  }
}

/** Who dies first when the node is out of memory: Kubernetes' scale, from -997 (last) to 1000 (first). */
function oomScoreAdj(pod: Pod, { resources }: Container, nodeMemoryBytes: number): number {
  if (pod.spec.priorityClassName === 'system-node-critical') return -997
  switch (qosClass(pod)) {
    case 'Guaranteed':
      return -997
    case 'BestEffort':
      return 1000
    case 'Burstable': {
      const requested = bytesOf({ ...resources.limits, ...resources.requests })
      const score = 1000 - Math.floor((1000 * requested) / nodeMemoryBytes)
      return Math.min(999, Math.max(3, score))
    }
  }
}

/** `<root>/<qos>/pod<uid>`. */
export const cgroupParent = (root: string, pod: Pod): string =>
  `${root}/${qosClass(pod).toLowerCase()}/pod${pod.metadata.uid}`
