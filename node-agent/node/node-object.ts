// The Node this machine registers as: a pure function of what the machine is and how it is.

import type { Node } from '../../api/kinds/core-v1/node.ts'
import type { ContainerImage, NodeStatus } from '../../api/kinds/core-v1/node-status.ts'
import { Quantity } from '../../api/values/quantity.ts'
import { gitVersion } from '../../lib/version.ts'
import { nodeConditions, type RuntimeTrouble } from './conditions.ts'
import type { Machine, Usage } from './machine.ts'

export interface NodeFacts {
  readonly name: string
  readonly hostname: string
  readonly addresses: readonly string[]
  readonly mostPods: number
  /** Given on the command line; else somebody assigns one. */
  readonly podCidr: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly machine: Machine
  /** `tessera://0.1.0`; empty as long as the runtime has not answered. */
  readonly runtimeVersion: string
}

export function capacity({ machine, mostPods }: Pick<NodeFacts, 'machine' | 'mostPods'>, usage: Usage) {
  return {
    cpu: Quantity.of(machine.cpus).toString(),
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(usage.diskBytes / 1024)}Ki`,
    pods: String(mostPods),
  }
}

export function nodeLabels({ name, hostname, machine, labels }: NodeFacts): Record<string, string> {
  return {
    'kubernetes.io/hostname': hostname || name,
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
  const { machine, addresses, hostname, name, runtimeVersion } = facts
  const available = capacity(facts, usage)
  return {
    ...before,
    capacity: available,
    allocatable: available,
    conditions: nodeConditions(before.conditions ?? [], usage, trouble, nowMs),
    addresses: [
      ...addresses.map(address => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: hostname || name },
    ],
    // No port of a node can be asked anything: the agent dials.
    daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: runtimeVersion || before.nodeInfo.containerRuntimeVersion,
      kubeletVersion: gitVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: machine.architecture,
    },
    ...(images.length > 0 && { images: [...images] }),
  }
}
