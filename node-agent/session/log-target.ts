// Which container's log is meant, or why there is none, in the kubelet's words (validateContainerLogStatus).
import { StatusError } from '../../api/errors.ts'
import type { ContainerStatus } from '../../api/kinds/core-v1/container-status.ts'
import type { PodStatus } from '../../api/kinds/core-v1/pod-status.ts'
import { appContainers, initContainers, type Pod } from '../pods/planning/situation.ts'

/**
 * The container a request names; the only one, when it names none.
 * @throws StatusError BadRequest
 */
export function containerName(pod: Pod, asked: string): string {
  const names = [...initContainers(pod), ...appContainers(pod)].map(({ name }) => name)
  const { name } = pod.metadata
  if (asked !== '') {
    if (names.includes(asked)) return asked
    throw StatusError.badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  const [only, ...more] = appContainers(pod)
  if (only !== undefined && more.length === 0) return only.name
  throw StatusError.badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`,
  )
}

/**
 * The id of the container whose log is shown, as the status has it: `tessera://ID`.
 * @throws StatusError BadRequest when the container has no log (yet, or any more)
 */
export function logTarget(podName: string, status: PodStatus, container: string, previous: boolean): string {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status
  const found = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
    ({ name }) => name === container,
  )
  // Nothing was ever made of the pod: it is too new, or was never admitted.
  if (!found) throw StatusError.badRequest(`container "${container}" in pod "${podName}" is not available`)
  const { id, why } = choose(found, previous)
  if (id) return id
  if (previous)
    throw StatusError.badRequest(`previous terminated container "${container}" in pod "${podName}" not found`)
  throw StatusError.badRequest(`container "${container}" in pod "${podName}" ${why}`)
}

interface Choice {
  readonly id: string | undefined
  /** What the container is when there is no id. */
  readonly why: string
}

/** What ran last; while that is being followed by another run, or the run before is asked for, that one. */
function choose({ state, lastState, containerID }: ContainerStatus, previous: boolean): Choice {
  const { running, terminated, waiting } = state
  const last = lastState.terminated
  if (previous) return { id: last?.containerID, why: '' }
  if (running) return { id: containerID, why: 'is waiting to start - no logs yet' }
  if (terminated) return { id: terminated.containerID || last?.containerID, why: 'is terminated' }
  if (last) return { id: last.containerID, why: 'is terminated' }
  return {
    id: undefined,
    why: waiting ? `is waiting to start: ${waitsFor(waiting.reason ?? '')}` : 'is waiting to start - no logs yet',
  }
}

function waitsFor(reason: string): string {
  switch (reason) {
    case 'ErrImagePull':
      return "image can't be pulled"
    case 'ImagePullBackOff':
      return 'trying and failing to pull image'
    default:
      return reason
  }
}
