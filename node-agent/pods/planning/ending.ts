// Why a pod ends. Everything here is decided from the pod and its containers, so a restarted agent decides the same.
import { currentSandbox, newest, type PodObservation } from '../observation/observation.ts'
import { initPolicy, isSidecar, shouldRestart } from './restart.ts'
import { appContainers, type Ending, initContainers, type Pod, type PodFailure } from './situation.ts'

/** Kubernetes' default for terminationGracePeriodSeconds. */
const defaultGraceSeconds = 30

export const graceSecondsOf = (pod: Pod): number => pod.spec.terminationGracePeriodSeconds ?? defaultGraceSeconds

/**
 * How long the pod has to end. Whoever removes it from the API itself, before its node has ended it, grants nothing,
 * whatever was granted before: it was deleted by force, or its node had been given up. A static pod's file only says that it is wanted no more.
 */
export function endingGraceSeconds(pod: Pod, cause: Ending['cause'], isStatic: boolean): number {
  if (cause === 'removed' && !isStatic) return 0
  return pod.metadata.deletionGracePeriodSeconds ?? graceSecondsOf(pod)
}

/** When activeDeadlineSeconds runs out, in milliseconds since 1970. */
export function activeDeadlineMs(pod: Pod, startedAtMs: number): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds
  return seconds === undefined ? undefined : startedAtMs + seconds * 1000
}

/** Whether the pod has an end of its own: a phase that is final, or work that is all done. */
function isFinished(pod: Pod, observed: PodObservation): boolean {
  const phase = pod.status.phase
  return phase === 'Failed' || phase === 'Succeeded' || initFailedForGood(pod, observed) || workDone(pod, observed)
}

/** Why the pod must end now, other than having been removed from where it came from. */
export function endingCause(
  pod: Pod,
  observed: PodObservation,
  startedAtMs: number,
  nowMs: number,
): Ending['cause'] | undefined {
  if (pod.metadata.deletionTimestamp !== undefined) return 'deleted'
  if (isFinished(pod, observed)) return 'finished'
  if (isPreempted(pod)) return 'preempted'
  const deadlineMs = activeDeadlineMs(pod, startedAtMs)
  return deadlineMs !== undefined && nowMs >= deadlineMs ? 'deadline' : undefined
}

/** The condition of a pod that has to make room; it outlives the agent that decided so. */
export const preemptedCondition = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'TerminationByKubelet',
  message: 'Pod was preempted by Kubelet to accommodate a critical pod.',
} as const

const isPreempted = ({ status }: Pod): boolean =>
  status.conditions?.some(
    ({ type, status: holds, reason, message }) =>
      type === preemptedCondition.type &&
      holds === preemptedCondition.status &&
      reason === preemptedCondition.reason &&
      message === preemptedCondition.message,
  ) ?? false

export const deadlineExceeded = 'DeadlineExceeded'

/** What an ending makes of the pod as a whole, where its cause alone says so. */
export function failureOf(cause: Ending['cause']): PodFailure | undefined {
  switch (cause) {
    case 'deadline':
      return {
        reason: deadlineExceeded,
        message: 'Pod was active on the node longer than the specified deadline',
      }
    case 'preempted':
      return { reason: 'Preempting', message: 'Preempted in order to admit critical pod' }
    default:
      return undefined
  }
}

const severity: Record<Ending['cause'], number> = {
  finished: 0,
  rejected: 1,
  deadline: 1,
  preempted: 1,
  evicted: 1,
  deleted: 2,
  removed: 3,
}

/** An ending only ever becomes more final and more urgent; why the pod failed stays what it was at first. */
export function sharpen(present: Ending | undefined, next: Ending): Ending {
  if (present === undefined) return next
  return {
    cause: severity[next.cause] > severity[present.cause] ? next.cause : present.cause,
    sinceMs: present.sinceMs,
    deadlineMs: Math.min(present.deadlineMs, next.deadlineMs),
    failure: present.failure ?? next.failure,
  }
}

/** Once a container of the pod proper has been made in a sandbox, its init containers are behind it. */
export const isInitialized = (pod: Pod, observed: PodObservation, sandboxId: string | undefined): boolean =>
  sandboxId !== undefined && appContainers(pod).some(({ name }) => newest(observed, name, sandboxId) !== undefined)

function initFailedForGood(pod: Pod, observed: PodObservation): boolean {
  const sandboxId = currentSandbox(observed)?.id
  if (isInitialized(pod, observed, sandboxId)) return false
  return initContainers(pod).some(container => {
    const last = newest(observed, container.name, sandboxId)
    return (
      last?.state === 'exited' &&
      !isSidecar(container) &&
      last.exitCode !== 0 &&
      !shouldRestart(initPolicy(pod.spec), container, last.exitCode)
    )
  })
}

function workDone(pod: Pod, observed: PodObservation): boolean {
  const { spec } = pod
  const containers = appContainers(pod)
  if (containers.length === 0) return false
  const last = containers.map(container => ({ container, record: newest(observed, container.name) }))
  const over = last.map(
    ({ container, record }) => record?.state === 'exited' && !shouldRestart(spec, container, record.exitCode),
  )
  if (over.every(Boolean)) return true
  // A lost sandbox is not made again for a pod that never restarts: what ran in it is over, what did not never will.
  const sandbox = currentSandbox(observed)
  return (
    sandbox !== undefined &&
    !sandbox.ready &&
    over.some(Boolean) &&
    last.every(({ container, record }, index) =>
      record === undefined
        ? (container.restartPolicy ?? spec.restartPolicy) === 'Never'
        : over[index] === true || record.state === 'created',
    )
  )
}
