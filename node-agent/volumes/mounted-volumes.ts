// Which of a pod's volumes its containers mount, and how. What none mounts is not made: nobody would miss it.
import type { Container, VolumeMount } from '../../api/kinds/core-v1/container.ts'
import type { PodSpec } from '../../api/kinds/core-v1/pod.ts'

export type VolumeUsers = Pick<PodSpec, 'containers' | 'initContainers' | 'ephemeralContainers'>

type User = Pick<Container, 'volumeMounts' | 'volumeDevices'>

const users = ({ containers, initContainers = [], ephemeralContainers = [] }: VolumeUsers): User[] => [
  ...initContainers,
  ...containers,
  ...ephemeralContainers,
]

export function mountedVolumes(spec: VolumeUsers): Set<string> {
  return new Set(
    users(spec).flatMap(({ volumeMounts = [], volumeDevices = [] }) =>
      [...volumeMounts, ...volumeDevices].map(({ name }) => name),
    ),
  )
}

/** Whether a container wants to see what others mount in a volume, or to show what it mounts itself. */
export const propagates = (spec: VolumeUsers, volume: string): boolean =>
  users(spec).some(({ volumeMounts = [] }) => volumeMounts.some(mount => mount.name === volume && isPropagated(mount)))

const isPropagated = ({ mountPropagation = 'None' }: VolumeMount): boolean => mountPropagation !== 'None'
