// What fieldRef and resourceFieldRef name: a pod telling its own containers about itself.
// https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
import { Quantity } from '../../../api/values/quantity.ts'
import { goQuote } from '../../../lib/go-quote.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'
import { annotationsOf } from '../planning/source.ts'

/** What the pod does not know of itself. */
export interface Surroundings {
  readonly nodeName: string
  readonly hostIps: readonly string[]
  readonly podIps: readonly string[]
  /** The node's, which stand in for limits that are not set. */
  readonly allocatable: Readonly<Record<string, string>>
  /** When this agent saw the pod first. */
  readonly seenAtMs: number
}

/** @throws Error that names the path, when there is no such field */
export function fieldValue(pod: Pod, path: string, surroundings: Surroundings): string {
  const { metadata, spec } = pod
  const { nodeName, hostIps, podIps, seenAtMs } = surroundings
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? []
  if (key !== undefined) return (map === 'labels' ? metadata.labels : annotationsOf(pod, seenAtMs))?.[key] ?? ''
  switch (path) {
    case 'metadata.name':
      return metadata.name
    case 'metadata.namespace':
      return metadata.namespace ?? ''
    case 'metadata.uid':
      return metadata.uid
    case 'metadata.labels':
      return lines(metadata.labels)
    case 'metadata.annotations':
      return lines(annotationsOf(pod, seenAtMs))
    case 'spec.nodeName':
      return nodeName
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? ''
    case 'status.hostIP':
      return hostIps[0] ?? ''
    case 'status.hostIPs':
      return hostIps.join(',')
    case 'status.podIP':
      return podIps[0] ?? ''
    case 'status.podIPs':
      return podIps.join(',')
    default:
      throw new Error(`unsupported fieldPath: ${path}`)
  }
}

/** One `key="value"` a line, sorted by key. */
const lines = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
    .join('\n')

/** What the node has of these, a container without a limit may use; huge pages are never more than was asked for. */
const sharedResources: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage'])

/**
 * A container's request or limit, in multiples of the divisor, rounded up. A limit that is not set is the pod's, or what
 * the node can give.
 * @param resource `limits.cpu`, `requests.memory` …
 * @throws Error that names the container or resource, when there is none such
 */
export function resourceValue(
  pod: Pod,
  containerName: string,
  resource: string,
  divisor: string | undefined,
  { allocatable }: Pick<Surroundings, 'allocatable'>,
): string {
  const container = [...initContainers(pod), ...appContainers(pod)].find(({ name }) => name === containerName)
  if (container === undefined) throw new Error(`container ${containerName} not found`)
  const [, kind, name = ''] = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(resource) ?? []
  if (kind === undefined) throw new Error(`unsupported container resource: ${resource}`)
  const { limits, requests } = container.resources
  const asked = quantityOf(kind === 'limits' ? limits : requests, name)
  const most = sharedResources.has(name)
    ? [quantityOf(pod.spec.resources?.limits, name), quantityOf(allocatable, name)].find(limit => !limit.isZero())
    : undefined
  const quantity = kind === 'limits' && asked.isZero() && most ? most : asked
  const unit = Quantity.parse(divisor === undefined || Quantity.parse(divisor).isZero() ? '1' : divisor)
  if (name === 'cpu') return String(Math.ceil(quantity.milliValue() / unit.milliValue()))
  const [amount, per] = [quantity.exactValue(), unit.exactValue()]
  return String((amount + per - 1n) / per)
}

const quantityOf = (list: Readonly<Record<string, string>> | undefined, name: string): Quantity =>
  Quantity.parse(list?.[name] ?? '0')
