// Whether a container waits, runs or has ended, and why.
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type {
  ContainerState,
  ContainerStateTerminated,
  ContainerStateWaiting,
} from '../../../api/kinds/core-v1/container-status.ts'
import { timeOf } from '../../../api/values/time.ts'
import { goDuration } from '../../../lib/go-duration.ts'
import type { ObservedContainer } from '../observation/observation.ts'
import { initPolicy, isSidecar, restartAtMs, restartWaitMs, shouldRestart } from '../planning/restart.ts'
import { initContainers, type Pod, pullErrorShownMs, type Situation } from '../planning/situation.ts'
import { failureKey } from '../planning/step.ts'
import { reportedMessage } from './termination-message.ts'

/** @param record the newest container of this name; undefined: there is none */
export function containerState(
  situation: Situation,
  spec: Container,
  record: ObservedContainer | undefined,
  init: boolean,
): ContainerState {
  if (record?.state === 'running') return { running: { startedAt: timeOf(record.startedAtMs) } }
  if (record?.state === 'unknown') return { terminated: notLocated }
  if (record?.state !== 'exited') return { waiting: waiting(situation, spec, undefined) ?? creating(situation.pod) }
  const policy = init && !isSidecar(spec) ? initPolicy(situation.pod.spec) : situation.pod.spec
  const again = situation.ending === undefined && shouldRestart(policy, spec, record.exitCode)
  const waits = again ? waiting(situation, spec, record) : undefined
  return waits ? { waiting: waits } : { terminated: terminated(situation.pod, record) }
}

export const containerUrl = (id: string): string => `tessera://${id}`

/** What is told of a container that ran, or may have run, when nobody can say how it ended. */
export const notLocated: ContainerStateTerminated = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
}

const creating = (pod: Pod): ContainerStateWaiting => ({
  reason: initContainers(pod).length > 0 ? 'PodInitializing' : 'ContainerCreating',
})

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
  // Without a reason nothing was tried: the runtime is away, which the node says.
  if (pull?.reason) {
    const { reason, message, atMs } = pull
    if (reason !== 'ErrImagePull' || nowMs < atMs + pullErrorShownMs) return { reason, message }
    return {
      reason: 'ImagePullBackOff',
      message: `Back-off pulling image "${spec.image ?? ''}": ErrImagePull: ${message}`,
    }
  }
  const failure = failures.get(failureKey('startContainer', spec.name))
  return failure?.reason ? { reason: failure.reason, message: failure.message } : undefined
}

function crashLoopMessage(pod: Pod, container: string, waitMs: number): string {
  const { name, namespace, uid } = pod.metadata
  const where = `container=${container} pod=${name}_${namespace ?? ''}(${uid})`
  return `back-off ${goDuration(waitMs)} restarting failed ${where}`
}

export function terminated(pod: Pod, record: ObservedContainer): ContainerStateTerminated {
  const reason = record.reason || (record.exitCode === 0 ? 'Completed' : 'Error')
  return {
    exitCode: record.exitCode,
    reason,
    ...(record.message && { message: reportedMessage(pod, record.message) }),
    // As the runtime has them: what never started did so in 1970.
    startedAt: timeOf(record.startedAtMs),
    finishedAt: timeOf(record.finishedAtMs),
    containerID: containerUrl(record.id),
  }
}
