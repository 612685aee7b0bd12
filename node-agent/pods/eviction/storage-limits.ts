// How much of its node's disk a pod may take, and what it has exceeded, as the kubelet decides and words it
// (pkg/kubelet/eviction). Pure.
// https://kubernetes.io/docs/concepts/storage/ephemeral-storage/#how-ephemeral-storage-consumption-management-works
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { PodSpec } from '../../../api/kinds/core-v1/pod.ts'
import type { Volume } from '../../../api/kinds/core-v1/volumes.ts'
import { Quantity } from '../../../api/values/quantity.ts'
import { isSidecar } from '../planning/restart.ts'

export interface StorageLimits {
  /** Of emptyDirs, by their names in the pod's order. */
  readonly volumes: ReadonlyMap<string, Quantity>
  /** Of all that the pod takes; there is one when any of its containers has one. */
  readonly pod: Quantity | undefined
  /** Of what containers write outside volumes, logs among it. */
  readonly containers: ReadonlyMap<string, Quantity>
}

/** In bytes; what was not measured is absent. */
export interface StorageUsage {
  readonly volumes: ReadonlyMap<string, number>
  readonly pod: number
  readonly containers: ReadonlyMap<string, number>
}

const resource = 'ephemeral-storage'

export function storageLimits({ volumes = [], containers, initContainers = [], overhead }: PodSpec): StorageLimits {
  return {
    volumes: new Map(
      volumes.flatMap(({ name, emptyDir }) => {
        const limit = emptyDir && sizeLimit(emptyDir)
        return limit ? [[name, limit]] : []
      }),
    ),
    pod: podLimit(containers, initContainers, overhead),
    containers: new Map(
      containers.flatMap(container => {
        const limit = limitOf(container)
        return limit === undefined || limit.isZero() ? [] : [[container.name, limit]]
      }),
    ),
  }
}

export const hasLimits = ({ volumes, pod }: StorageLimits): boolean => volumes.size > 0 || pod !== undefined

/** What the pod ends for, in words for its status; undefined: nothing. */
export function exceededStorage(limits: StorageLimits, usage: StorageUsage): string | undefined {
  const exceeds = (bytes: number | undefined, limit: Quantity): boolean =>
    bytes !== undefined && Quantity.of(bytes).compare(limit) > 0
  for (const [name, limit] of limits.volumes) {
    if (exceeds(usage.volumes.get(name), limit)) {
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit.toString()}". `
    }
  }
  if (limits.pod && exceeds(usage.pod, limits.pod)) {
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${limits.pod.toString()}. `
  }
  for (const [name, limit] of limits.containers) {
    if (exceeds(usage.containers.get(name), limit)) {
      return `Container ${name} exceeded its local ephemeral storage limit "${limit.toString()}". `
    }
  }
  return undefined
}

/** In memory the file system itself holds no more. */
function sizeLimit({ medium = '', sizeLimit: text }: NonNullable<Volume['emptyDir']>): Quantity | undefined {
  const limit = text === undefined || medium !== '' ? undefined : Quantity.parse(text)
  return limit && limit.sign() > 0 ? limit : undefined
}

function limitOf({ resources }: Container): Quantity | undefined {
  const text = resources.limits?.[resource]
  return text === undefined ? undefined : Quantity.parse(text)
}

/**
 * The sum of what runs together, or what the most demanding moment of initialisation may take. Containers without a
 * limit count as nothing, so that theirs is what the others leave.
 */
function podLimit(
  containers: readonly Container[],
  initContainers: readonly Container[],
  overhead: PodSpec['overhead'],
): Quantity | undefined {
  let sidecars: Quantity | undefined
  let peak: Quantity | undefined
  for (const container of initContainers) {
    const moment = sum(sidecars, limitOf(container))
    if (isSidecar(container)) sidecars = moment
    peak = greater(peak, moment)
  }
  const limit = greater([...containers.map(limitOf), sidecars].reduce(sum, undefined), peak)
  const more = overhead?.[resource]
  return limit && more !== undefined ? limit.add(Quantity.parse(more)) : limit
}

const sum = (a: Quantity | undefined, b: Quantity | undefined): Quantity | undefined => (a && b ? a.add(b) : (a ?? b))

const greater = (a: Quantity | undefined, b: Quantity | undefined): Quantity | undefined =>
  a && b ? (b.compare(a) > 0 ? b : a) : (a ?? b)
