// The conditions of a pod that its node decides; all others are left as they are.
import type { ContainerStatus } from '../../../api/kinds/core-v1/container-status.ts'
import type { PodCondition, PodStatus } from '../../../api/kinds/core-v1/pod-status.ts'
import { timeOf } from '../../../api/values/time.ts'
import { currentSandbox } from '../observation/observation.ts'
import { isInitialized, preemptedCondition } from '../planning/ending.ts'
import { isSidecar } from '../planning/restart.ts'
import { hasVolumes, initContainers, type Pod, type Situation } from '../planning/situation.ts'
import { isFinal } from './phase.ts'

/** The node tells these of every pod that it has admitted, and of no other. */
const nodesOwn: ReadonlySet<string> = new Set([
  'PodScheduled',
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
])

/** What others say of the pod. */
export const othersConditions = ({ conditions = [] }: PodStatus): PodCondition[] =>
  conditions.filter(({ type }) => !nodesOwn.has(type))

interface Verdict {
  readonly status: 'True' | 'False'
  readonly reason?: string
  readonly message?: string
}

const yes: Verdict = { status: 'True' }

/** @param over nothing of the pod runs, nor will: its sandbox, if it still stands, is on its way out */
export function conditions(
  situation: Situation,
  phase: PodStatus['phase'],
  init: readonly ContainerStatus[],
  app: readonly ContainerStatus[],
  over: boolean,
): PodCondition[] {
  const { pod, nowMs } = situation
  const present = pod.status.conditions ?? []
  const sidecars = init.filter((_, index) => isSidecar(initContainers(pod)[index] ?? {}))
  const containersReady = readiness(phase, [...sidecars, ...app])
  const verdicts: readonly (readonly [string, Verdict])[] = [
    ['PodReadyToStartContainers', { status: !over && readyToStart(situation) ? 'True' : 'False' }],
    ['Initialized', initialized(situation, phase, init)],
    ['Ready', containersReady.status === 'True' ? gates(pod) : containersReady],
    ['ContainersReady', containersReady],
    ...(situation.ending?.cause === 'preempted' ? [[preemptedCondition.type, preemptedCondition] as const] : []),
  ]
  const ours = verdicts.map(([type, verdict]) => condition(situation, present, type, verdict))
  const others = present.filter(({ type }) => verdicts.every(([name]) => name !== type))
  const scheduled = others.some(({ type }) => type === 'PodScheduled')
  const placed: PodCondition = { type: 'PodScheduled', status: 'True', lastTransitionTime: timeOf(nowMs) }
  return [...ours, ...(scheduled ? [] : [placed]), ...others]
}

function condition(
  { pod, nowMs }: Situation,
  present: readonly PodCondition[],
  type: string,
  { status, reason, message }: Verdict,
): PodCondition {
  const before = present.find(other => other.type === type)
  // Once the pod's final phase was told, what it came from is not judged again by it.
  if (before?.status === status && isFinal(pod.status.phase)) return before
  const since = before?.status === status ? before.lastTransitionTime : undefined
  const { generation } = pod.metadata
  return {
    type,
    status,
    lastTransitionTime: since ?? timeOf(nowMs),
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
    ...(generation !== undefined && { observedGeneration: generation }),
  }
}

/** Its sandbox stands, and what its containers need besides is at hand. */
function readyToStart(situation: Situation): boolean {
  const { pod, observed } = situation
  const sandbox = currentSandbox(observed)
  if (sandbox === undefined || !sandbox.ready) return false
  const inhabited = observed.containers.some(({ sandboxId }) => sandboxId === sandbox.id)
  return (inhabited || hasVolumes(situation)) && (sandbox.ips.length > 0 || pod.spec.hostNetwork === true)
}

function initialized(
  { pod, observed }: Situation,
  phase: PodStatus['phase'],
  init: readonly ContainerStatus[],
): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  if (isInitialized(pod, observed, currentSandbox(observed)?.id)) return yes
  const incomplete = initContainers(pod).flatMap((container, index) => {
    const status = init[index]
    return (isSidecar(container) ? status?.started : status?.ready) ? [] : [container.name]
  })
  if (incomplete.length === 0) return yes
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.join(' ')}]`,
  }
}

function readiness(phase: PodStatus['phase'], containers: readonly ContainerStatus[]): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name)
  if (unready.length === 0) return yes
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${unready.join(' ')}]`,
  }
}

/** The conditions others must report before the pod counts as ready. */
function gates({ spec, status }: Pod): Verdict {
  const problems = (spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = status.conditions?.find(({ type }) => type === conditionType)
    if (found === undefined) {
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
    }
    if (found.status === 'True') return []
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`]
  })
  if (problems.length === 0) return yes
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') }
}
