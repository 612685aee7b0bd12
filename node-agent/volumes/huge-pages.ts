// An emptyDir of huge pages: a hugetlbfs of one page size, which the pod's requests name.
// https://kubernetes.io/docs/tasks/manage-hugepages/scheduling-hugepages/
import type { PodSpec } from '../../api/kinds/core-v1/pod.ts'
import { Quantity } from '../../api/values/quantity.ts'
import { VolumeError } from './volume-error.ts'

const anySize = 'HugePages'
const ofSize = 'HugePages-'
const resource = 'hugepages-'

export const isHugePages = (medium: string): boolean => medium === anySize || medium.startsWith(ofSize)

export type HugePageUser = Pick<PodSpec, 'containers' | 'initContainers' | 'resources'>

/**
 * The size of the pages a medium means, in bytes.
 * @throws VolumeError when the pod requests none, or several where one is meant
 */
export function hugePageBytes(medium: string, { containers, initContainers = [], resources }: HugePageUser): number {
  const requests = [
    resources,
    ...containers.map(container => container.resources),
    ...initContainers.map(container => container.resources),
  ]
  const requested = new Set(
    requests
      .flatMap(asked => Object.keys(asked?.requests ?? {}))
      .filter(name => name.startsWith(resource))
      .map(name => bytes(name.slice(resource.length))),
  )
  const wanted =
    medium === anySize ? [...requested] : [...requested].filter(size => size === bytes(medium.slice(ofSize.length)))
  const [size, other] = wanted
  if (other !== undefined) {
    throw new VolumeError(`medium: ${medium} can't be used if container requests multiple huge page sizes`)
  }
  if (size === undefined) {
    throw new VolumeError(
      `medium ${medium}: hugePages storage requested, but there is no resource request for huge pages`,
    )
  }
  return size
}

const bytes = (size: string): number => Quantity.parse(size).value()
