// What a pod takes of its node: requests, by which nodes are filled, and ports of the host.
import type { ContainerPort } from '../../../api/kinds/core-v1/container.ts'
import { type Amounts, podRequests } from '../../../api/kinds/core-v1/pod-requests.ts'
import { isSidecar } from '../planning/restart.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'

export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

export interface Demand {
  readonly pod: Pod
  /** From a file of this node. */
  readonly isStatic: boolean
  /** By resource; one of `pods` among them. */
  readonly requests: Amounts
  readonly hostPorts: readonly HostPort[]
}

export function demandOf(pod: Pod, isStatic: boolean): Demand {
  const together = [...initContainers(pod).filter(isSidecar), ...appContainers(pod)]
  const hostPorts = together.flatMap(({ ports = [] }) => ports.filter(isHostPort).map(hostPort))
  return { pod, isStatic, requests: new Map([...podRequests(pod.spec), ['pods', 1]]), hostPorts }
}

const isHostPort = ({ hostPort = 0 }: ContainerPort): boolean => hostPort > 0

const hostPort = ({ hostIP, protocol = 'TCP', hostPort: port = 0 }: ContainerPort): HostPort => ({
  ip: hostIP || everyAddress,
  protocol,
  port,
})

const everyAddress = '0.0.0.0'

/** Whether both can't be had: the same protocol and port, at the same address or at every address. */
export function portsConflict(a: HostPort, b: HostPort): boolean {
  const meet = a.ip === b.ip || a.ip === everyAddress || b.ip === everyAddress
  return meet && a.protocol === b.protocol && a.port === b.port
}
