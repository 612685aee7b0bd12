// Pods and nodes for tests, with what matters to a test in front.
import type { Container } from '../api/kinds/core-v1/container.ts'
import type { Node, NodeSpec } from '../api/kinds/core-v1/node.ts'
import type { Pod, PodSpec } from '../api/kinds/core-v1/pod.ts'
import type { Stored } from '../api/kinds/kind.ts'
import { node } from './suites/client.ts'

type Quantities = Record<string, string>

export interface NodeOptions {
  readonly cpu?: string
  readonly memory?: string
  readonly pods?: string
  readonly extended?: Quantities
  readonly labels?: Record<string, string>
  readonly spec?: NodeSpec
  readonly images?: Record<string, number>
}

/** A node of 4 CPUs, 8 GiB and 110 pods, unless said otherwise. */
export function aNode(name: string, options: NodeOptions = {}): Node {
  const { cpu = '4', memory = '8Gi', pods = '110', extended = {}, labels = {}, spec = {}, images = {} } = options
  const made = node(name)
  return {
    ...made,
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec,
    status: {
      ...made.status,
      allocatable: { cpu, memory, pods, ...extended },
      images: Object.entries(images).map(([image, sizeBytes]) => ({ names: [image], sizeBytes })),
    },
  }
}

export const aContainer = (requests: Quantities = {}, more: Partial<Container> = {}): Container => ({
  name: 'main',
  image: 'example.test/main:1',
  resources: { requests },
  ...more,
})

/** A pod of one container that asks for this much. */
export function aPod(name: string, requests: Quantities = {}, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name },
    spec: { schedulerName: 'default-scheduler', containers: [aContainer(requests)], ...spec },
    status: {},
  }
}

let versions = 0

/** As if the API had stored it. */
export function stored<T extends Pod | Node>(object: T): Stored<T> {
  const { name = '' } = object.metadata
  const version = String(++versions)
  const metadata = { uid: `uid-${name}`, resourceVersion: version, creationTimestamp: '2024-01-01T00:00:00Z' }
  return { ...object, metadata: { ...object.metadata, name, ...metadata } }
}
