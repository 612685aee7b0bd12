// What a pod takes of its node: requests, by which nodes are filled, and ports of the host.
import type { Container, ContainerPort } from '../../api/kinds/core-v1.ts'
import { Quantity } from '../../api/values/quantity.ts'
import { isSidecar } from './restart.ts'
import { appContainers, initContainers, type Pod } from './situation.ts'

/** CPU in thousandths, everything else in whole units: bytes, devices, pods. */
export type Amounts = ReadonlyMap<string, number>

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
  return { pod, isStatic, requests: new Map([...podRequests(pod), ['pods', 1]]), hostPorts }
}

/** A quantity of a resource as Amounts count it. @throws QuantityError */
export function amountOf(resource: string, quantity: string): number {
  const parsed = Quantity.parse(quantity)
  return resource === 'cpu' ? parsed.milliValue() : parsed.value()
}

/**
 * What must be set aside: for the containers and sidecars that run together, or for the largest moment of the
 * initialisation (an init container and the sidecars before it), whichever is more; and the pod's overhead. Requests of
 * the pod as a whole take the place of its containers' (KEP-753, KEP-2837).
 */
function podRequests(pod: Pod): Map<string, number> {
  const { spec } = pod
  const running = new Map<string, number>()
  const sidecars = new Map<string, number>()
  const peak = new Map<string, number>()
  for (const container of appContainers(pod)) add(running, requestsOf(container))
  for (const container of initContainers(pod)) {
    const moment = new Map(sidecars)
    add(moment, requestsOf(container))
    raise(peak, moment)
    if (!isSidecar(container)) continue
    add(running, requestsOf(container))
    add(sidecars, requestsOf(container))
  }
  raise(running, peak)
  for (const [name, quantity] of Object.entries(spec.resources?.requests ?? {})) {
    running.set(name, amountOf(name, quantity))
  }
  add(running, spec.overhead ?? {})
  return running
}

const requestsOf = ({ resources }: Container): Readonly<Record<string, string>> => resources.requests ?? {}

function add(sum: Map<string, number>, quantities: Readonly<Record<string, string>>): void {
  for (const [name, quantity] of Object.entries(quantities)) {
    sum.set(name, (sum.get(name) ?? 0) + amountOf(name, quantity))
  }
}

function raise(most: Map<string, number>, other: Amounts): void {
  for (const [name, amount] of other) most.set(name, Math.max(amount, most.get(name) ?? 0))
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
