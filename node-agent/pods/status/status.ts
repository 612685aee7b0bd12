// The status of a pod: a pure function of its situation, worded and ordered as the kubelet's. What others wrote into it
// (conditions of their own, a nominated node) is kept.
import type { ContainerStatus, PodStatus } from '../../../api/kinds/core-v1.ts'
import { timeOf } from '../../../api/values/time.ts'
import { currentSandbox } from '../observation/observation.ts'
import { isInitialized } from '../planning/ending.ts'
import { qosClass } from '../planning/qos.ts'
import { isSidecar } from '../planning/restart.ts'
import { appContainers, initContainers, type Situation } from '../planning/situation.ts'
import { conditions, othersConditions } from './conditions.ts'
import { containerStatus } from './container-status.ts'

export function podStatus(situation: Situation, hostIps: readonly string[]): PodStatus {
  if (neverBegan(situation)) return rejected(situation)
  const { pod, observed, startedAtMs } = situation
  const over = isOver(situation)
  const init = initContainers(pod).map(container => containerStatus(situation, container, { init: true, over }))
  const app = appContainers(pod).map(container => containerStatus(situation, container, { init: false, over }))
  const phase = podPhase(situation, init, app, over)
  const sandbox = currentSandbox(observed)
  const ips = pod.spec.hostNetwork ? hostIps : (sandbox?.ips ?? (pod.status.podIPs ?? []).map(({ ip }) => ip))
  const [hostIp] = hostIps
  const [podIp] = ips
  return {
    ...kept(pod.status),
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: conditions(situation, phase, init, app, over),
    ...outcome(situation, phase),
    ...(hostIp !== undefined && { hostIP: hostIp, hostIPs: hostIps.map(ip => ({ ip })) }),
    ...(podIp !== undefined && { podIP: podIp, podIPs: ips.map(ip => ({ ip })) }),
    startTime: timeOf(startedAtMs),
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: app,
    qosClass: qosClass(pod),
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
  if (pod.status.phase !== 'Failed' && pod.status.phase !== 'Succeeded') return {}
  return { ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) }
}

function podPhase(
  { pod, observed, ending }: Situation,
  init: readonly ContainerStatus[],
  app: readonly ContainerStatus[],
  over: boolean,
): NonNullable<PodStatus['phase']> {
  const { phase } = pod.status
  if (phase === 'Failed' || phase === 'Succeeded') return phase
  if (over) {
    const succeeded = ending?.failure === undefined && app.every(({ state }) => state.terminated?.exitCode === 0)
    return succeeded ? 'Succeeded' : 'Failed'
  }
  if (!isInitialized(pod, observed, currentSandbox(observed)?.id)) {
    const pending = initContainers(pod).some((container, index) => {
      const status = init[index]
      return isSidecar(container) ? !status?.started : !status?.ready
    })
    if (pending) return 'Pending'
  }
  if (app.some(({ state, lastState }) => state.waiting && lastState.terminated === undefined)) return 'Pending'
  return 'Running'
}
