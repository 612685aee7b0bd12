// A node for people: what it has, how it fares, what runs on it.
import type { Node } from '../../api/kinds/core-v1/node.ts'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import { none, type Outline, outline, pairs } from './outline.ts'

/** @param pods those bound to the node */
export function describeNode({ metadata, spec, status }: Node, pods: readonly Pod[]): Outline {
  const info = status.nodeInfo
  return outline(
    ['Name', metadata.name ?? ''],
    ['Labels', pairs(metadata.labels)],
    ['Annotations', pairs(metadata.annotations, ': ')],
    ['CreationTimestamp', metadata.creationTimestamp ?? ''],
    [
      'Taints',
      (spec.taints ?? []).map(({ key, value, effect }) => `${key}${value === undefined ? '' : `=${value}`}:${effect}`),
    ],
    ['Unschedulable', String(spec.unschedulable ?? false)],
    [
      'Conditions',
      outline(
        ...(status.conditions ?? []).map(
          ({ type, status, reason, message }) => [type, [status, reason, message].filter(Boolean).join('  ')] as const,
        ),
      ),
    ],
    ['Addresses', outline(...(status.addresses ?? []).map(({ type, address }) => [type, address] as const))],
    ['Capacity', outline(...quantities(status.capacity))],
    ['Allocatable', outline(...quantities(status.allocatable))],
    [
      'System Info',
      outline(
        ['Machine ID', info.machineID],
        ['Kernel Version', info.kernelVersion],
        ['OS Image', info.osImage],
        ['Architecture', info.architecture],
        ['Container Runtime Version', info.containerRuntimeVersion],
        ['Kubelet Version', info.kubeletVersion],
      ),
    ],
    ['PodCIDR', spec.podCIDR ?? none],
    [
      'Non-terminated Pods',
      pods
        .filter(({ status: { phase } }) => phase !== 'Succeeded' && phase !== 'Failed')
        .map(pod => `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`),
    ],
  )
}

function quantities(map: Readonly<Record<string, string>> | undefined) {
  return Object.entries(map ?? {}).map(([name, value]) => [name, value] as const)
}
