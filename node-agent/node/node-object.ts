// The Node this machine registers as: a pure function of what the machine is and how it is.

import type { Node } from '../../api/kinds/core-v1/node.ts'
import type { ContainerImage, NodeStatus } from '../../api/kinds/core-v1/node-status.ts'
import { Quantity } from '../../api/values/quantity.ts'
import { gitVersion } from '../../lib/version.ts'
import { leastDiskFraction, leastMemoryBytes, nodeConditions, type RuntimeTrouble } from './conditions.ts'
import type { Machine, Usage } from './machine.ts'
import type { RuntimeFacts } from './runtime-facts.ts'

export interface NodeFacts {
  /** The machine's host name as far as the cluster is concerned. */
  readonly name: string
  readonly addresses: readonly string[]
  readonly mostPods: number
  /** Given on the command line; else somebody assigns one. */
  readonly podCidr: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly machine: Machine
  /** Undefined as long as the runtime has not answered. */
  readonly runtime: RuntimeFacts | undefined
}

type Sizes = Pick<NodeFacts, 'machine' | 'mostPods'>

/** Amounts by resource, as Quantities of the format they are written in. */
function amounts({ machine, mostPods }: Sizes, usage: Usage): Map<string, Quantity> {
  const pages = [...machine.hugePages].map(
    ([bytes, count]) => [`hugepages-${Quantity.ofBytes(bytes).toString()}`, Quantity.ofBytes(bytes * count)] as const,
  )
  return new Map([
    ['cpu', Quantity.of(machine.cpus)],
    ['ephemeral-storage', Quantity.ofBytes(usage.diskBytes)],
    ...pages,
    ['memory', Quantity.ofBytes(machine.memoryBytes)],
    ['pods', Quantity.of(mostPods)],
  ])
}

const texts = (all: ReadonlyMap<string, Quantity>): Record<string, string> =>
  Object.fromEntries([...all].map(([name, quantity]) => [name, quantity.toString()]))

export const capacity = (sizes: Sizes, usage: Usage): Record<string, string> => texts(amounts(sizes, usage))

/** What pods can be given: not the last of memory and disk, nor memory that is set aside for huge pages. */
export function allocatable(sizes: Sizes, usage: Usage): Record<string, string> {
  const all = amounts(sizes, usage)
  const take = (name: string, bytes: number): void => {
    const left = (all.get(name)?.value() ?? 0) - bytes
    all.set(name, Quantity.ofBytes(Math.max(0, left)))
  }
  take('ephemeral-storage', Math.floor(usage.diskBytes * leastDiskFraction))
  take('memory', leastMemoryBytes)
  for (const [bytes, count] of sizes.machine.hugePages) take('memory', bytes * count)
  return texts(all)
}

export function nodeLabels({ name, machine, labels }: NodeFacts): Record<string, string> {
  return {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': machine.architecture,
    ...labels,
  }
}

/** What a node that is not there yet is created with. */
export function newNode(facts: NodeFacts): Node {
  const { name, podCidr } = facts
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: nodeLabels(facts) },
    spec: podCidr === undefined ? {} : { podCIDR: podCidr, podCIDRs: [podCidr] },
    status: emptyStatus(),
  }
}

const emptyStatus = (): NodeStatus => ({
  daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
  nodeInfo: {
    machineID: '',
    systemUUID: '',
    bootID: '',
    kernelVersion: '',
    osImage: '',
    containerRuntimeVersion: '',
    kubeletVersion: '',
    kubeProxyVersion: '',
    operatingSystem: '',
    architecture: '',
  },
})

export function nodeStatus(
  facts: NodeFacts,
  before: NodeStatus,
  usage: Usage,
  trouble: RuntimeTrouble,
  images: readonly ContainerImage[],
  nowMs: number,
): NodeStatus {
  const { machine, addresses, name, runtime } = facts
  return {
    ...before,
    capacity: capacity(facts, usage),
    allocatable: allocatable(facts, usage),
    conditions: nodeConditions(before.conditions ?? [], usage, trouble, nowMs),
    addresses: [...addresses.map(address => ({ type: 'InternalIP', address })), { type: 'Hostname', address: name }],
    // No port of a node can be asked anything: the agent dials.
    daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: runtime?.version ?? before.nodeInfo.containerRuntimeVersion,
      kubeletVersion: gitVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
      ...(machine.swapBytes > 0 && { swap: { capacity: machine.swapBytes } }),
    },
    ...(images.length > 0 && { images: [...images] }),
    ...(runtime && { runtimeHandlers: runtime.handlers, features: runtime.features }),
  }
}
