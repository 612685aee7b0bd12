// Whether a pod bound to this node may run here: pure, by Kubernetes' rules and in its words (pkg/kubelet/lifecycle,
// handlers of predicates). The scheduler asked the same before it bound the pod; but pods are bound by hand, by two
// schedulers at once, and by one that did not know yet what has changed here.
import type { Taint } from '../../../api/kinds/core-v1/affinity.ts'
import { type LabelledNode, wantsNode } from '../../../api/kinds/core-v1/node-affinity.ts'
import { type Amounts, amountOf } from '../../../api/kinds/core-v1/pod-requests.ts'
import { tolerates } from '../../../api/kinds/core-v1/tolerations.ts'
import { qosClass } from '../planning/qos.ts'
import type { Pod } from '../planning/situation.ts'
import { wantsAppArmor } from './apparmor.ts'
import { type Demand, portsConflict } from './demand.ts'
import { isCritical, podsToPreempt, type Shortage } from './preemption.ts'
import { forbiddenSysctl, type SysctlAllowlist } from './sysctls.ts'

/** What this node lets pods ask for, however full it is. */
export interface NodeAbilities {
  readonly sysctls: SysctlAllowlist
  /** Why no pod can be confined by AppArmor here. */
  readonly appArmorTrouble: string
  /** Whether its runtime knows supplementalGroupsPolicy Strict. */
  readonly strictGroups: boolean
}

export interface NodeView extends LabelledNode, NodeAbilities {
  readonly taints: readonly Taint[]
  /** The resources it is short of: MemoryPressure, DiskPressure, PIDPressure. */
  readonly pressures: readonly string[]
  /** As in a Node's status: quantities by resource, `pods` among them. */
  readonly allocatable: Readonly<Record<string, string>>
}

/** Why a pod does not run here. */
export interface Rejection {
  /** One word: OutOfcpu, NodeAffinity … */
  readonly reason: string
  readonly message: string
}

export type Verdict =
  | { readonly admitted: true /** Pods that must end first. */; readonly preempts: readonly Demand[] }
  | {
      readonly admitted: false
      readonly rejection: Rejection
      /** Labels or taints decided: whoever knows a newer Node may find otherwise. */
      readonly byNode: boolean
    }

/** @param others what the pods take that were admitted and are not over */
export function admit(demand: Demand, others: readonly Demand[], node: NodeView): Verdict {
  const { pod, isStatic } = demand
  const impossible = pressed(demand, node) ?? forbidden(pod, node) ?? wrongSystem(pod) ?? unsupported(pod, node)
  if (impossible) return reject(impossible)
  const lacking = shortages(demand, others, node.allocatable)
  const misplaced = misplacement(demand, others, node)
  const critical = isCritical(demand)
  const [short] = lacking
  if (short && !critical) return reject(outOf(short))
  if (misplaced) return { ...reject(misplaced), byNode: misplaced.reason !== 'NodePorts' }
  if (!isStatic) {
    const { tolerations = [] } = pod.spec
    const drives = ({ effect }: Taint): boolean => effect === 'NoExecute'
    const tolerated = (taint: Taint): boolean => tolerations.some(toleration => tolerates(toleration, taint))
    if (!node.taints.filter(drives).every(tolerated)) {
      return {
        ...reject(predicate('TaintToleration', "node(s) had taints that the pod didn't tolerate")),
        byNode: true,
      }
    }
  }
  const verdict: Verdict = critical ? makeRoom(demand, others, lacking) : { admitted: true, preempts: [] }
  // Nobody ends for a pod that would be refused after all.
  return verdict.admitted && wantsAppArmor(pod)
    ? reject({ reason: 'AppArmor', message: `Cannot enforce AppArmor: ${node.appArmorTrouble}` })
    : verdict
}

const reject = (rejection: Rejection) => ({ admitted: false, rejection, byNode: false }) as const

const predicate = (name: string, why: string): Rejection => ({
  reason: name,
  message: `Predicate ${name} failed: ${why}`,
})

/** A node short of memory takes no more pods that ask for none; short of anything else, it takes no more at all. */
function pressed(demand: Demand, { pressures }: NodeView): Rejection | undefined {
  if (pressures.length === 0 || isCritical(demand)) return undefined
  const { pod } = demand
  if (pressures.every(pressure => pressure === 'MemoryPressure')) {
    const taint: Taint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' }
    if (qosClass(pod) !== 'BestEffort' || pod.spec.tolerations?.some(toleration => tolerates(toleration, taint))) {
      return undefined
    }
  }
  return { reason: 'Evicted', message: `The node had condition: [${pressures.join(' ')}]. ` }
}

function forbidden(pod: Pod, { sysctls }: NodeView): Rejection | undefined {
  const message = forbiddenSysctl(pod, sysctls)
  return message === undefined ? undefined : { reason: 'SysctlForbidden', message }
}

function unsupported({ spec }: Pod, { strictGroups }: NodeView): Rejection | undefined {
  if (spec.securityContext?.supplementalGroupsPolicy !== 'Strict' || strictGroups) return undefined
  return {
    reason: 'SupplementalGroupsPolicyNotSupported',
    message: 'SupplementalGroupsPolicy=Strict is not supported in this node',
  }
}

const osLabel = 'kubernetes.io/os'

function wrongSystem({ metadata, spec }: Pod): Rejection | undefined {
  const label = metadata.labels?.[osLabel]
  if (label !== undefined && label !== 'linux') {
    return {
      reason: 'PodOSSelectorNodeLabelDoesNotMatch',
      message: `Failed to admit pod as the \`${osLabel}\` label doesn't match node label`,
    }
  }
  if (spec.os === undefined || spec.os.name === 'linux') return undefined
  return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" }
}

/** Resources of which there is not enough left, in the order they are told in: pods first. */
function shortages(
  { requests }: Demand,
  others: readonly Demand[],
  allocatable: NodeView['allocatable'],
): readonly Shortage[] {
  const first = ['pods', 'cpu', 'memory', 'ephemeral-storage']
  const names = [...first, ...[...requests.keys()].filter(name => !first.includes(name))]
  return names.flatMap(resource => {
    const requested = requests.get(resource) ?? 0
    const capacityText = allocatable[resource]
    // Extended resources that no node has are the cluster's to account for.
    if (requested === 0 || (capacityText === undefined && isExtended(resource))) return []
    const capacity = amountOf(resource, capacityText ?? '0')
    const used = others.reduce((sum, other) => sum + amountIn(other.requests, resource), 0)
    return requested > capacity - used ? [{ resource, requested, used, capacity }] : []
  })
}

const amountIn = (amounts: Amounts, resource: string): number => amounts.get(resource) ?? 0

/** https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#extended-resources */
const isExtended = (resource: string): boolean => resource.includes('/') && !/(^|\.)kubernetes\.io\//.test(resource)

const outOf = ({ resource, requested, used, capacity }: Shortage): Rejection => ({
  reason: `OutOf${resource}`,
  message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
})

function misplacement({ pod, hostPorts }: Demand, others: readonly Demand[], node: NodeView): Rejection | undefined {
  if (!wantsNode(pod.spec, node)) return predicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector")
  const taken = others.flatMap(other => other.hostPorts)
  if (hostPorts.some(port => taken.some(other => portsConflict(port, other)))) {
    return predicate('NodePorts', "node(s) didn't have free ports for the requested pod ports")
  }
  return undefined
}

/** A critical pod is never short of anything that lesser pods have. */
function makeRoom(demand: Demand, others: readonly Demand[], lacking: readonly Shortage[]): Verdict {
  const { chosen, unmet } = podsToPreempt(demand, others, lacking)
  if (unmet.length === 0) return { admitted: true, preempts: chosen }
  const wanting = unmet.map(({ resource, amount }) => `(res: ${resource}, q: ${amount}), `).join('')
  return reject({
    reason: 'UnexpectedAdmissionError',
    message:
      'Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods ' +
      `to preempt: no set of running pods found to reclaim resources: [${wanting}]`,
  })
}
