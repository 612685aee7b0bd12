// Which container's log is meant, or why there is none, in Kubernetes' words.
import { StatusError } from '../../api/errors.ts'
import type { ContainerState, ContainerStatus, PodStatus } from '../../api/kinds/core-v1.ts'
import type { Pod } from '../pods/planning/situation.ts'
import { appContainers, initContainers } from '../pods/planning/situation.ts'

export interface LogTarget {
  readonly container: string
  /** The runtime's id. */
  readonly containerId: string
}

/**
 * The container a request names; the only one, when it names none.
 * @throws StatusError BadRequest
 */
export function containerName(pod: Pod, asked: string): string {
  const names = [...appContainers(pod), ...initContainers(pod)].map(({ name }) => name)
  const { name } = pod.metadata
  if (asked !== '') {
    if (names.includes(asked)) return asked
    throw StatusError.badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  const [only, ...more] = appContainers(pod)
  if (only !== undefined && more.length === 0) return only.name
  const choice = `choose one of: [${appContainers(pod)
    .map(container => container.name)
    .join(' ')}]`
  const init = initContainers(pod).map(container => container.name)
  const orInit = init.length === 0 ? '' : ` or one of the init containers: [${init.join(' ')}]`
  throw StatusError.badRequest(`a container name must be specified for pod ${name}, ${choice}${orInit}`)
}

/** @throws StatusError BadRequest when the container has no log (yet, or any more) */
export function logTarget(pod: Pod, status: PodStatus, container: string, previous: boolean): LogTarget {
  const found = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].find(
    candidate => candidate.name === container,
  )
  const { name } = pod.metadata
  // Nothing was ever made of the pod: it is too new, or was never admitted.
  if (found === undefined) throw StatusError.badRequest(`container "${container}" in pod "${name}" is not available`)
  const containerId = idOf(found, previous)
  if (containerId !== undefined) return { container, containerId }
  if (previous) throw StatusError.badRequest(`previous terminated container "${container}" in pod "${name}" not found`)
  throw StatusError.badRequest(`container "${container}" in pod "${name}" is ${waitsFor(found.state)}`)
}

function idOf({ state, lastState, containerID }: ContainerStatus, previous: boolean): string | undefined {
  const last = lastState.terminated?.containerID
  if (previous) return plainId(last)
  if (state.running) return plainId(containerID)
  return plainId(state.terminated?.containerID ?? last)
}

/** `tessera://ID` without the scheme. */
const plainId = (url: string | undefined): string | undefined => {
  const id = url?.slice(url.indexOf('://') + 3)
  return id === '' ? undefined : id
}

function waitsFor({ waiting, terminated }: ContainerState): string {
  switch (waiting?.reason) {
    case 'ErrImagePull':
      return "waiting to start: image can't be pulled"
    case 'ImagePullBackOff':
      return 'waiting to start: trying and failing to pull image'
    case undefined:
      return terminated ? 'terminated' : 'waiting to start - no logs yet'
    default:
      return `waiting to start: ${waiting?.reason ?? ''}`
  }
}
