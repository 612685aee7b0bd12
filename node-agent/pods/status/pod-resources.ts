// What is reported of the resources of a pod as a whole: what it was given, and what of that its cgroup holds it to.
// As the kubelet computes them (KEP-5419, in-place resize of pod-level resources).
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { ResourceRequirements } from '../../../api/kinds/core-v1/resources.ts'
import { Quantity } from '../../../api/values/quantity.ts'
import { podCpuAndMemory } from '../configuration/resources.ts'
import { isSidecar } from '../planning/restart.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'

type ResourceList = Readonly<Record<string, string>>
type Totals = Map<string, Quantity>

/** What the pod was given of its node: its requests. Undefined: it asked for nothing. */
export const allocatedResources = (pod: Pod): ResourceList | undefined => written(requestsOf(pod))

/**
 * What holds for the pod now. Before it runs and after, that is what its containers ask for together; while it runs, it
 * is what its cgroup says, which knows neither requests of memory nor limits that only some of the containers have.
 */
export function effectiveResources(pod: Pod, runs: boolean): ResourceRequirements {
  const requests = requestsOf(pod)
  return runs ? cgroupResources(pod, requests) : requirements(pod, requests, limitsOf(pod))
}

/** The kernel's least: what is at or below it in the cgroup may be any smaller amount in the spec. */
const leastRequestMilli = 2
const leastLimitMilli = 10
/** The memory controller counts whole pages. */
const pageBytes = 4096

function cgroupResources(pod: Pod, asked: Totals): ResourceRequirements {
  const { cpuShares = 0, cpuQuota = 0, cpuPeriod = 1, memoryLimitInBytes = 0 } = podCpuAndMemory(pod)
  const requests = totals(pod.spec.resources?.requests)
  const limits = totals(pod.spec.resources?.limits)
  const requestMilli = Math.ceil((cpuShares * 1000) / 1024)
  if (Math.max(requestMilli, milliOf(requests)) > leastRequestMilli) requests.set('cpu', Quantity.ofMilli(requestMilli))
  const memory = requests.get('memory') ?? asked.get('memory')
  if (memory) requests.set('memory', memory)
  const limitMilli = Math.floor((cpuQuota * 1000) / cpuPeriod)
  if (cpuQuota > 0 && Math.max(limitMilli, milliOf(limits)) > leastLimitMilli)
    limits.set('cpu', Quantity.ofMilli(limitMilli))
  if (memoryLimitInBytes > 0) {
    limits.set('memory', Quantity.ofBytes(Math.floor(memoryLimitInBytes / pageBytes) * pageBytes))
  }
  return requirements(pod, requests, limits)
}

const milliOf = (amounts: Totals): number => amounts.get('cpu')?.milliValue() ?? 0

function requirements(pod: Pod, requests: Totals, limits: Totals): ResourceRequirements {
  const [requested, limited] = [written(requests), written(limits)]
  return {
    ...pod.spec.resources,
    ...(limited && { limits: limited }),
    ...(requested && { requests: requested }),
  }
}

function requestsOf(pod: Pod): Totals {
  const sum = together(pod, ({ resources }) => resources.requests)
  for (const [name, amount] of totals(pod.spec.resources?.requests)) sum.set(name, amount)
  add(sum, totals(pod.spec.overhead))
  return sum
}

function limitsOf(pod: Pod): Totals {
  const sum = together(pod, ({ resources }) => resources.limits)
  for (const [name, amount] of totals(pod.spec.resources?.limits)) sum.set(name, amount)
  // Overhead makes room within a limit; it is none of its own.
  add(sum, new Map([...totals(pod.spec.overhead)].filter(([name]) => sum.get(name)?.isZero() === false)))
  return sum
}

/** The pod's containers and sidecars at once, or the largest moment of its initialisation, whichever is more (KEP-753). */
function together(pod: Pod, of: (container: Container) => ResourceList | undefined): Totals {
  const running: Totals = new Map()
  const sidecars: Totals = new Map()
  const peak: Totals = new Map()
  for (const container of appContainers(pod)) add(running, totals(of(container)))
  for (const container of initContainers(pod)) {
    const amounts = totals(of(container))
    const moment = new Map(sidecars)
    add(moment, amounts)
    raise(peak, moment)
    if (!isSidecar(container)) continue
    add(running, amounts)
    add(sidecars, amounts)
  }
  raise(running, peak)
  return running
}

function totals(list: ResourceList | undefined): Totals {
  return new Map(Object.entries(list ?? {}).map(([name, text]) => [name, Quantity.parse(text)]))
}

function add(sum: Totals, amounts: Totals): void {
  for (const [name, amount] of amounts) sum.set(name, sum.get(name)?.add(amount) ?? amount)
}

function raise(most: Totals, other: Totals): void {
  for (const [name, amount] of other) {
    const present = most.get(name)
    if (present === undefined || amount.compare(present) > 0) most.set(name, amount)
  }
}

function written(amounts: Totals): ResourceList | undefined {
  if (amounts.size === 0) return undefined
  return Object.fromEntries([...amounts].map(([name, amount]) => [name, amount.toString()]))
}
