// Which pods end so that a critical one has room, as the kubelet chooses (pkg/kubelet/preemption): as few as possible,
// those of a better quality of service last, and of equals the one that asks for less.

import { type QosClass, qosClass } from '../planning/qos.ts'
import type { Demand } from './demand.ts'

/** A resource of which there is not enough left; amounts as in a Demand. */
export interface Shortage {
  readonly resource: string
  readonly requested: number
  readonly used: number
  readonly capacity: number
}

/** How much of a resource is still to be freed. */
interface Need {
  readonly resource: string
  readonly amount: number
}

/** The priority of system-cluster-critical; user-defined classes are below it. */
const systemCriticalPriority = 2_000_000_000

/** Static pods, and those of the system's priority classes. */
export const isCritical = ({ isStatic, pod }: Demand): boolean =>
  isStatic || (pod.spec.priority ?? 0) >= systemCriticalPriority

/** @returns the pods to end, or, when all that may end would not do, what would be wanting still */
export function podsToPreempt(
  preemptor: Demand,
  others: readonly Demand[],
  shortages: readonly Shortage[],
): { readonly chosen: readonly Demand[]; readonly unmet: readonly Need[] } {
  const needs = shortages.map(({ resource, requested, used, capacity }) => ({
    resource,
    amount: requested - (capacity - used),
  }))
  const lesser = others.filter(other => yields(preemptor, other))
  const unmet = without(needs, lesser)
  if (unmet.length > 0) return { chosen: [], unmet }
  const of = (wanted: QosClass): Demand[] => lesser.filter(({ pod }) => qosClass(pod) === wanted)
  const [bestEffort, burstable] = [of('BestEffort'), of('Burstable')]
  const guaranteedChosen = choose(of('Guaranteed'), without(needs, [...bestEffort, ...burstable]))
  const burstableChosen = choose(burstable, without(needs, [...bestEffort, ...guaranteedChosen]))
  const bestEffortChosen = choose(bestEffort, without(needs, [...burstableChosen, ...guaranteedChosen]))
  return { chosen: [...bestEffortChosen, ...burstableChosen, ...guaranteedChosen], unmet: [] }
}

function yields(preemptor: Demand, other: Demand): boolean {
  if (isCritical(preemptor) && !isCritical(other)) return true
  const [ours, theirs] = [preemptor.pod.spec.priority, other.pod.spec.priority]
  return ours !== undefined && theirs !== undefined && ours > theirs
}

const asked = ({ requests }: Demand, resource: string): number => requests.get(resource) ?? 0

/** What is still needed once these have ended. */
function without(needs: readonly Need[], ended: readonly Demand[]): Need[] {
  return needs
    .map(({ resource, amount }) => ({
      resource,
      amount: ended.reduce((left, pod) => left - asked(pod, resource), amount),
    }))
    .filter(({ amount }) => amount > 0)
}

/** Of pods that together are enough, those that come closest to the need, one after another. */
function choose(candidates: readonly Demand[], needs: readonly Need[]): Demand[] {
  const chosen: Demand[] = []
  const left = new Set(candidates)
  for (let open = needs; open.length > 0 && left.size > 0; open = without(needs, chosen)) {
    const nearest = [...left].reduce((best, pod) => {
      const difference = distance(pod, open) - distance(best, open)
      return difference < 0 || (difference === 0 && asksLess(pod, best)) ? pod : best
    })
    left.delete(nearest)
    chosen.push(nearest)
  }
  return chosen
}

/** How far a pod's end is from being enough: each need counts by the fraction left of it. */
function distance(pod: Demand, needs: readonly Need[]): number {
  return needs.reduce((sum, { resource, amount }) => {
    const rest = Math.max(0, amount - asked(pod, resource))
    return sum + (rest / amount) ** 2
  }, 0)
}

function asksLess(a: Demand, b: Demand): boolean {
  const memory = asked(a, 'memory') - asked(b, 'memory')
  return memory === 0 ? asked(a, 'cpu') < asked(b, 'cpu') : memory < 0
}
