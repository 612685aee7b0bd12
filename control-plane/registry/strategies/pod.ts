import { StatusError } from '../../../api/errors.ts'
import { type Pod, type PodSpec, pods, type Toleration } from '../../../api/kinds/core-v1.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import { qosClass } from './pod-qos.ts'
import type { Strategy } from './strategy.ts'

export function isPod<T extends KubernetesObject>(object: T): object is T & Pod {
  return object.kind === pods.kind && object.apiVersion === pods.apiVersion
}

/** A pod stays this long on a node that is lost, unless it says otherwise. */
const lostNodeSeconds = 300

/** The classes every cluster has; others need a PriorityClass, which nobody can make yet. */
const builtInPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

export const podStrategy: Strategy<Pod> = {
  indexedField: 'spec.nodeName',
  answersDeleted: true,

  prepareCreate(draft) {
    draft.spec = withPriority(draft, withTolerations(withServiceAccount(draft.spec)))
    draft.status = { phase: 'Pending', qosClass: qosClass(draft.spec) }
    if ((draft.spec.schedulingGates ?? []).length > 0) {
      const message = 'Scheduling is blocked due to non-empty scheduling gates'
      draft.status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }]
    }
  },

  prepareUpdate(draft, { spec: current }) {
    // What the cluster added at first is not taken for changed when it is left out later.
    const spec = withTolerations(withServiceAccount(draft.spec))
    draft.spec = { ...spec, ...kept(spec, current, 'priority'), ...kept(spec, current, 'preemptionPolicy') }
  },

  prepareStatusUpdate(draft, current) {
    // The class follows from the spec; whoever reports a status need not know it.
    const kept = current.status.qosClass
    if (kept !== undefined) draft.status = { ...draft.status, qosClass: kept }
  },

  gracePeriodSeconds({ spec, status }, requested) {
    // Nobody runs it: there is nothing to wait for.
    if ((spec.nodeName ?? '') === '' || status.phase === 'Succeeded' || status.phase === 'Failed') return 0
    return requested ?? spec.terminationGracePeriodSeconds ?? 30
  },
}

function kept<K extends keyof PodSpec>(spec: PodSpec, current: PodSpec, field: K): Partial<PodSpec> {
  return spec[field] === undefined && current[field] !== undefined ? { [field]: current[field] } : {}
}

function withServiceAccount(spec: PodSpec): PodSpec {
  const { serviceAccountName = 'default' } = spec
  return { ...spec, serviceAccountName, serviceAccount: serviceAccountName }
}

/** Tolerates a lost node for a while; who tolerates such a taint in any way has decided already. */
function withTolerations(spec: PodSpec): PodSpec {
  const tolerations = spec.tolerations ?? []
  const added = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
    .filter(key => !tolerations.some(toleration => speaksOf(toleration, key)))
    .map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: lostNodeSeconds }))
  return added.length === 0 ? spec : { ...spec, tolerations: [...tolerations, ...added] }
}

function speaksOf({ key, effect, operator }: Toleration, taint: string): boolean {
  const anyKey = key === undefined && operator === 'Exists'
  return (anyKey || key === taint) && (effect === undefined || effect === 'NoExecute')
}

/** @throws StatusError 403 when the class is unknown or the number is not its own */
function withPriority({ metadata: { name = '' } }: Pod, spec: PodSpec): PodSpec {
  const { priorityClassName = '' } = spec
  const priority = priorityClassName === '' ? 0 : builtInPriorities[priorityClassName]
  if (priority === undefined) {
    throw StatusError.forbidden(pods, name, `no PriorityClass with name ${priorityClassName} was found`)
  }
  if (spec.priority !== undefined && spec.priority !== priority) {
    throw StatusError.forbidden(
      pods,
      name,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    )
  }
  return { ...spec, priority, preemptionPolicy: spec.preemptionPolicy ?? 'PreemptLowerPriority' }
}
