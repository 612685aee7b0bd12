// What is reported of one container, as the kubelet words it.
import type { Container, VolumeMount } from '../../../api/kinds/core-v1/container.ts'
import type { ContainerStatus } from '../../../api/kinds/core-v1/container-status.ts'
import type { PodStatus } from '../../../api/kinds/core-v1/pod-status.ts'
import { newest, type ObservedContainer } from '../observation/observation.ts'
import { isSidecar } from '../planning/restart.ts'
import type { Situation } from '../planning/situation.ts'
import { containerState, containerUrl, terminated } from './container-state.ts'

export function containerStatus(situation: Situation, spec: Container, init: boolean): ContainerStatus {
  const { observed, health } = situation
  const record = begunRecord(situation, spec.name)
  const earlier = observed.containers.find(({ name, id }) => name === spec.name && id !== record?.id)
  const state = containerState(situation, spec, record, init)
  const restarting = state.waiting !== undefined && record?.state === 'exited'
  const last = restarting ? record : earlier
  const { ready: probedReady, started: probedStarted } = health(record?.id ?? '')
  const started = state.running !== undefined && probedStarted
  const { requests } = spec.resources
  return {
    name: spec.name,
    state,
    lastState: last?.state === 'exited' ? { terminated: terminated(situation.pod, last) } : {},
    ready: init && !isSidecar(spec) ? state.terminated?.exitCode === 0 : started && probedReady,
    restartCount: record?.attempt ?? 0,
    image: record?.image || (spec.image ?? ''),
    imageID: record?.imageId ?? '',
    ...(record && { containerID: containerUrl(record.id) }),
    started,
    // Only of what there is: before a container is made, nothing was given to it.
    ...(record && { ...(requests && { allocatedResources: requests }), resources: spec.resources }),
    ...(spec.volumeMounts && { volumeMounts: spec.volumeMounts.map(mountStatus) }),
  }
}

/** Of init containers, then of the pod's own. */
export const allStatuses = (status: PodStatus | undefined): ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

/** The newest container of a name that has come to run: until its postStart hook has ended, one has not. */
export function begunRecord({ observed, busy }: Situation, name: string): ObservedContainer | undefined {
  if (busy.get(`container/${name}`)?.kind !== 'startContainer') return newest(observed, name)
  return observed.containers.find(record => record.name === name && record.state === 'exited')
}

const mountStatus = ({ name, mountPath, readOnly }: VolumeMount) => ({
  name,
  mountPath,
  ...(readOnly && { readOnly, recursiveReadOnly: 'Disabled' }),
})
