// A pod's quality of service, from what its containers ask for and may use.
// https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
import { Quantity } from '../../values/quantity.ts'
import type { PodSpec } from './pod-spec.ts'
import type { PodStatus } from './pod-status.ts'
import type { ResourceRequirements } from './resources.ts'

/** Only these decide; other resources have no overcommitment. */
const deciding = ['cpu', 'memory'] as const

export function qosClass(spec: PodSpec): NonNullable<PodStatus['qosClass']> {
  // Resources of the pod as a whole, where they are given, are all that counts.
  const pod = spec.resources
  const whole = pod !== undefined && asksAnything(pod)
  const parts = whole ? [pod] : [...(spec.initContainers ?? []), ...spec.containers].map(({ resources }) => resources)
  if (!parts.some(asksAnything)) return 'BestEffort'
  return parts.every(isGuaranteed) ? 'Guaranteed' : 'Burstable'
}

function asksAnything({ requests, limits }: ResourceRequirements): boolean {
  return deciding.some(name => amount(requests, name) !== undefined || amount(limits, name) !== undefined)
}

function isGuaranteed({ requests, limits }: ResourceRequirements): boolean {
  return deciding.every(name => {
    const limit = amount(limits, name)
    return limit !== undefined && (amount(requests, name) ?? limit).equals(limit)
  })
}

/** Zero is no amount. */
function amount(amounts: Readonly<Record<string, string>> | undefined, name: string): Quantity | undefined {
  const text = amounts?.[name]
  const quantity = text === undefined ? undefined : Quantity.tryParse(text)
  return quantity === undefined || quantity.isZero() ? undefined : quantity
}
