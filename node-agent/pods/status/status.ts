// The status of a pod: a pure function of its situation, worded and ordered as the kubelet's. What others wrote into it
// (conditions of their own, a nominated node) is kept.
import type { PodStatus } from '../../../api/kinds/core-v1/pod-status.ts'
import { timeOf } from '../../../api/values/time.ts'
import { currentSandbox } from '../observation/observation.ts'
import { isInitialized } from '../planning/ending.ts'
import { qosClass } from '../planning/qos.ts'
import { appContainers, hasVolumes, initContainers, type Situation } from '../planning/situation.ts'
import { conditions, othersConditions } from './conditions.ts'
import { begunRecord, containerStatus } from './container-status.ts'
import { isFinal, podPhase } from './phase.ts'
import { allocatedResources, effectiveResources } from './pod-resources.ts'
import { terminatedStatuses } from './terminated-statuses.ts'

export function podStatus(situation: Situation, hostIps: readonly string[]): PodStatus {
  if (neverBegan(situation)) return rejected(situation)
  const { pod, observed, startedAtMs } = situation
  const over = isOver(situation)
  const init = initContainers(pod).map(container => containerStatus(situation, container, true))
  const app = appContainers(pod).map(container => containerStatus(situation, container, false))
  const initialized = isInitialized(pod, observed, currentSandbox(observed)?.id)
  const { reached, phase } = phases(situation, podPhase(pod, init, app, initialized, over), over)
  const statuses = over ? terminatedStatuses(situation, init, app) : { init, app }
  const ips = podIps(situation, hostIps)
  const [hostIp] = hostIps
  const [podIp] = ips
  const allocated = allocatedResources(pod)
  return {
    ...kept(pod.status),
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: conditions(situation, reached, init, app, over),
    ...outcome(situation, phase),
    ...(hostIp !== undefined && { hostIP: hostIp, hostIPs: hostIps.map(ip => ({ ip })) }),
    ...(podIp !== undefined && { podIP: podIp, podIPs: ips.map(ip => ({ ip })) }),
    startTime: timeOf(startedAtMs),
    ...(init.length > 0 && { initContainerStatuses: [...statuses.init] }),
    containerStatuses: [...statuses.app].sort((a, b) => (a.name < b.name ? -1 : 1)),
    qosClass: qosClass(pod),
    ...(allocated && { allocatedResources: allocated }),
    resources: effectiveResources(pod, phase === 'Running'),
  }
}

/** Whether the pod was over before anything of it was made here. */
function neverBegan({ pod, observed, ending }: Situation): boolean {
  if (ending?.cause === 'rejected') return true
  const { phase, containerStatuses } = pod.status
  return phase === 'Failed' && containerStatuses === undefined && observed.sandboxes.length === 0
}

/** Of what never began nothing else can be told: no address, no containers. */
function rejected({ pod, ending, startedAtMs }: Situation): PodStatus {
  if (pod.status.phase === 'Failed') return pod.status
  const others = othersConditions(pod.status)
  return {
    ...kept(pod.status),
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    phase: 'Failed',
    ...(others.length > 0 && { conditions: others }),
    ...ending?.failure,
    startTime: timeOf(startedAtMs),
    qosClass: qosClass(pod),
  }
}

/** Nothing of the pod runs, nor will. */
export function isOver({ ending, observed, busy }: Situation): boolean {
  return (
    ending !== undefined &&
    observed.containers.every(({ state }) => state === 'exited' || state === 'created') &&
    ![...busy.keys()].some(subject => subject.startsWith('container/'))
  )
}

type Phase = NonNullable<PodStatus['phase']>

/**
 * The phase a pod has come to, by which its conditions go, and the one that is told. A final one stays, is told once
 * nothing of the pod runs, and then has to be told: whatever stood in its way, what did not succeed has failed.
 */
function phases(
  { pod, ending }: Situation,
  computed: Phase,
  over: boolean,
): { readonly reached: Phase; readonly phase: Phase } {
  const before = pod.status.phase
  if (before !== undefined && isFinal(before)) return { reached: before, phase: before }
  const reached = ending?.failure ? 'Failed' : computed
  if (over) return { reached, phase: isFinal(reached) ? reached : 'Failed' }
  return { reached, phase: isFinal(computed) ? (before ?? 'Pending') : computed }
}

/**
 * The pod's addresses, once it has come to start its containers; before that, what was told last. A pod that has ended
 * keeps them.
 */
function podIps(situation: Situation, hostIps: readonly string[]): readonly string[] {
  const { pod, observed, busy } = situation
  if (pod.spec.hostNetwork) return hostIps
  const sandbox = currentSandbox(observed)
  const starting = [...busy.values()].some(({ kind }) => kind === 'startContainer')
  const begun =
    sandbox !== undefined &&
    ((hasVolumes(situation) && !starting) ||
      observed.containers.some(
        ({ id, name, sandboxId }) => sandboxId === sandbox.id && begunRecord(situation, name)?.id === id,
      ))
  return begun ? sandbox.ips : (pod.status.podIPs ?? []).map(({ ip }) => ip)
}

function kept({ nominatedNodeName, resize, resourceClaimStatuses, extendedResourceClaimStatus }: PodStatus): PodStatus {
  return {
    ...(nominatedNodeName !== undefined && { nominatedNodeName }),
    ...(resize !== undefined && { resize }),
    ...(resourceClaimStatuses && { resourceClaimStatuses }),
    ...(extendedResourceClaimStatus && { extendedResourceClaimStatus }),
  }
}

/** Why a pod failed as a whole; once said it stays. */
function outcome({ pod, ending }: Situation, phase: PodStatus['phase']): Pick<PodStatus, 'reason' | 'message'> {
  if (ending?.failure !== undefined && phase === 'Failed') return ending.failure
  const { reason, message } = pod.status
  if (!isFinal(pod.status.phase)) return {}
  return { ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) }
}
