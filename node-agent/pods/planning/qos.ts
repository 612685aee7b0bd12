// Quality of service: how a pod's requests and limits rank it when the node runs short.
// https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
import type { PodStatus } from '../../../api/kinds/core-v1/pod-status.ts'
import type { ResourceRequirements } from '../../../api/kinds/core-v1/resources.ts'
import { Quantity } from '../../../api/values/quantity.ts'
import { appContainers, initContainers, type Pod } from './situation.ts'

export type QosClass = NonNullable<PodStatus['qosClass']>

const ranked = ['cpu', 'memory'] as const

/** What the API server stored when it made the pod; computed for pods it did not make. */
export function qosClass(pod: Pod): QosClass {
  return pod.status.qosClass ?? computedQosClass(pod)
}

function computedQosClass(pod: Pod): QosClass {
  const all: ResourceRequirements[] = [...initContainers(pod), ...appContainers(pod)].map(({ resources }) => resources)
  if (pod.spec.resources) all.splice(0, all.length, pod.spec.resources)
  const set = all.flatMap(({ requests, limits }) =>
    ranked.flatMap(name => [amount(requests, name), amount(limits, name)]),
  )
  if (set.every(quantity => quantity === undefined)) return 'BestEffort'
  const guaranteed = all.every(({ requests, limits }) =>
    ranked.every(name => {
      const limit = amount(limits, name)
      return limit !== undefined && (amount(requests, name) ?? limit).equals(limit)
    }),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

function amount(list: Record<string, string> | undefined, name: string): Quantity | undefined {
  const text = list?.[name]
  if (text === undefined) return undefined
  const quantity = Quantity.parse(text)
  return quantity.isZero() ? undefined : quantity
}
