// What is reported of one container, as the kubelet words it.
import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStateWaiting,
  ContainerStatus,
  PodStatus,
} from '../../../api/kinds/core-v1.ts'
import { timeOf } from '../../../api/values/time.ts'
import { newest, type ObservedContainer } from '../observation/observation.ts'
import { initPolicy, isSidecar, restartAtMs, restartWaitMs, shouldRestart } from '../planning/restart.ts'
import { initContainers, type Pod, pullErrorShownMs, type Situation } from '../planning/situation.ts'
import { failureKey } from '../planning/step.ts'
import { goDuration } from './go-duration.ts'

/** @param over no process of the pod is left, nor will there be one */
export function containerStatus(
  situation: Situation,
  spec: Container,
  { init, over }: { readonly init: boolean; readonly over: boolean },
): ContainerStatus {
  const { observed, busy, health } = situation
  const record = newest(observed, spec.name)
  const earlier = observed.containers.find(({ name, id }) => name === spec.name && id !== record?.id)
  const state = stateOf(situation, spec, record, { init, over })
  const restarting = state.waiting !== undefined && record?.state === 'exited'
  const last = restarting ? record : earlier
  const { ready: probedReady, started: probedStarted } = health(record?.id ?? '')
  const settled = state.running !== undefined && busy.get(`container/${spec.name}`)?.kind !== 'startContainer'
  const started = settled && probedStarted
  const done = state.terminated?.exitCode === 0 && state.terminated.reason !== unknownReason
  const { requests, limits } = spec.resources
  return {
    name: spec.name,
    state,
    lastState: last?.state === 'exited' ? { terminated: terminated(last) } : {},
    ready: init && !isSidecar(spec) ? done : started && probedReady,
    restartCount: record?.attempt ?? 0,
    image: record?.image || (spec.image ?? ''),
    imageID: record?.imageId ?? '',
    ...(record && record.state !== 'created' && { containerID: containerUrl(record.id) }),
    started,
    ...(requests && { allocatedResources: requests }),
    ...((requests ?? limits) && { resources: { ...(limits && { limits }), ...(requests && { requests }) } }),
    ...(spec.volumeMounts && {
      volumeMounts: spec.volumeMounts.map(({ name, mountPath, readOnly }) => ({
        name,
        mountPath,
        ...(readOnly && { readOnly, recursiveReadOnly: 'Disabled' }),
      })),
    }),
  }
}

/** Of init containers, then of the pod's own. */
export const allStatuses = (status: PodStatus | undefined): ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

export const containerUrl = (id: string): string => `tessera://${id}`

const unknownReason = 'ContainerStatusUnknown'

function stateOf(
  situation: Situation,
  spec: Container,
  record: ObservedContainer | undefined,
  { init, over }: { readonly init: boolean; readonly over: boolean },
): ContainerState {
  if (record?.state === 'running') return { running: { startedAt: timeOf(record.startedAtMs) } }
  if (record?.state === 'unknown') return { terminated: notLocated }
  if (over) return { terminated: record?.state === 'exited' ? terminated(record) : notLocated }
  const { pod } = situation
  const ended = record?.state === 'exited' ? record : undefined
  const waits = waiting(situation, spec, ended)
  if (ended) {
    const policy = init && !isSidecar(spec) ? initPolicy(pod.spec) : pod.spec
    const again = situation.ending === undefined && shouldRestart(policy, spec, ended.exitCode)
    return again && waits ? { waiting: waits } : { terminated: terminated(ended) }
  }
  const reason = initContainers(pod).length > 0 ? 'PodInitializing' : 'ContainerCreating'
  return { waiting: waits ?? { reason } }
}

const notLocated: ContainerStateTerminated = {
  exitCode: 137,
  reason: unknownReason,
  message: 'The container could not be located when the pod was terminated',
}

/** What stands in the way of the next start, if anything. */
function waiting(
  { pod, failures, nowMs }: Situation,
  spec: Container,
  ended: ObservedContainer | undefined,
): ContainerStateWaiting | undefined {
  if (ended && nowMs < restartAtMs(ended)) {
    return { reason: 'CrashLoopBackOff', message: crashLoopMessage(pod, spec.name, restartWaitMs(ended)) }
  }
  const pull = failures.get(failureKey('ensureImage', spec.name))
  if (pull) {
    const { reason, message, atMs } = pull
    if (reason !== 'ErrImagePull' || nowMs < atMs + pullErrorShownMs) return { reason, message }
    return {
      reason: 'ImagePullBackOff',
      message: `Back-off pulling image "${spec.image ?? ''}": ErrImagePull: ${message}`,
    }
  }
  const failure = failures.get(failureKey('startContainer', spec.name))
  return failure && { reason: failure.reason, message: failure.message }
}

function crashLoopMessage(pod: Pod, container: string, waitMs: number): string {
  const { name, namespace, uid } = pod.metadata
  const where = `container=${container} pod=${name}_${namespace ?? ''}(${uid})`
  return `back-off ${goDuration(waitMs)} restarting failed ${where}`
}

function terminated(record: ObservedContainer): ContainerStateTerminated {
  const reason = record.reason || (record.exitCode === 0 ? 'Completed' : 'Error')
  return {
    exitCode: record.exitCode,
    reason,
    ...(record.message && { message: record.message }),
    ...(record.startedAtMs > 0 && { startedAt: timeOf(record.startedAtMs) }),
    ...(record.finishedAtMs > 0 && { finishedAt: timeOf(record.finishedAtMs) }),
    containerID: containerUrl(record.id),
  }
}
