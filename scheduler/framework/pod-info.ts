import type { ContainerPort } from '../../api/kinds/core-v1/container.ts'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../api/kinds/kind.ts'
import { millisecondsOf } from '../../api/values/time.ts'
import { type Requests, type ResourceNames, requestsOf } from './resources.ts'

export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

/** A pod with what scheduling needs of it worked out once. */
export interface PodInfo {
  readonly pod: Stored<Pod>
  /** namespace/name */
  readonly key: string
  readonly uid: string
  readonly priority: number
  /** Milliseconds since 1970. */
  readonly createdMs: number
  readonly requests: Requests
  readonly hostPorts: readonly HostPort[]
  /** Pods of one shape are the same to every filter and score plugin. */
  readonly shape: string
}

export function podInfo(pod: Stored<Pod>, names: ResourceNames): PodInfo {
  const { metadata, spec } = pod
  const requests = requestsOf(spec, names)
  const hostPorts = [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers].flatMap(container =>
    (container.ports ?? []).filter(isHostPort).map(hostPort),
  )
  return {
    pod,
    key: `${metadata.namespace ?? ''}/${metadata.name}`,
    uid: metadata.uid,
    priority: spec.priority ?? 0,
    createdMs: millisecondsOf(metadata.creationTimestamp) ?? 0,
    requests,
    hostPorts,
    shape: JSON.stringify([
      [...requests.amounts].sort(([a], [b]) => a - b),
      requests.comparedCpuMilli,
      requests.comparedMemoryBytes,
      hostPorts,
      spec.nodeName,
      spec.nodeSelector,
      spec.affinity?.nodeAffinity,
      spec.tolerations,
      [...(spec.initContainers ?? []), ...spec.containers].map(container => container.image),
    ]),
  }
}

const isSidecar = ({ restartPolicy }: { restartPolicy?: string }): boolean => restartPolicy === 'Always'
const isHostPort = ({ hostPort = 0 }: ContainerPort): boolean => hostPort > 0
const hostPort = ({ hostIP, protocol, hostPort = 0 }: ContainerPort): HostPort => ({
  ip: hostIP || '0.0.0.0',
  protocol: protocol ?? 'TCP',
  port: hostPort,
})
