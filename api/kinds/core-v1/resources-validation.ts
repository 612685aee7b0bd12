// What containers may ask for.
import { type FieldError, invalid, required } from '../../schema/field-error.ts'
import { qualifiedNameErrors } from '../../values/names.ts'
import { Quantity } from '../../values/quantity.ts'
import { must } from '../rules.ts'
import type { ResourceRequirements } from './resources.ts'

type ResourceList = Readonly<Record<string, string>>

const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage'])
const nativeDomain = 'kubernetes.io/'

/** A resource that a device plugin or an administrator names, in a domain that is not Kubernetes' own. */
function isExtendedResource(name: string): boolean {
  return name.includes('/') && !name.includes(nativeDomain) && !name.startsWith('requests.')
}

const isHugePages = (name: string) => name.startsWith('hugepages-')

/** May a container promise less than it may use? Only where use can be throttled or the container evicted. */
const isOvercommittable = (name: string) => !isHugePages(name) && !isExtendedResource(name)

export function validateResources(resources: ResourceRequirements | undefined, field: string): FieldError[] {
  if (resources === undefined) return []
  const { limits = {}, requests = {} } = resources
  const errors = [
    ...validateList(limits, `${field}.limits`, containerResourceErrors),
    ...validateList(requests, `${field}.requests`, containerResourceErrors),
  ]
  if (errors.length > 0) return errors
  for (const [name, text] of Object.entries(requests)) {
    const limitText = limits[name]
    const at = `${field}.requests`
    if (limitText === undefined) {
      if (!isOvercommittable(name)) {
        errors.push(required(`${field}.limits`, 'Limit must be set for non overcommitable resources'))
      }
      continue
    }
    const order = Quantity.parse(text).compare(Quantity.parse(limitText))
    if (order > 0) {
      errors.push(invalid(at, text, `must be less than or equal to ${name} limit of ${limitText}`))
    } else if (order < 0 && !isOvercommittable(name)) {
      errors.push(invalid(at, text, `must be equal to ${name} limit of ${limitText}`))
    }
  }
  const claimed = new Set<string>()
  for (const [index, { name, request = '' }] of (resources.claims ?? []).entries()) {
    const key = `${name}/${request}`
    if (claimed.has(key)) errors.push(invalid(`${field}.claims[${index}]`, name, 'is claimed twice'))
    claimed.add(key)
  }
  return errors
}

/** Any list of amounts: of a node, of a pod's overhead. */
export function validateList(
  list: ResourceList | undefined,
  field: string,
  nameErrors: (name: string) => string[] = qualifiedNameErrors,
): FieldError[] {
  const errors: FieldError[] = []
  for (const [name, text] of Object.entries(list ?? {})) {
    const at = `${field}[${name}]`
    must(errors, at, name, nameErrors)
    const amount = Quantity.tryParse(text)
    if (amount === undefined) continue
    if (amount.sign() < 0) errors.push(invalid(at, text, 'must be greater than or equal to 0'))
    const isCounted = isExtendedResource(name) || name === 'pods' || isHugePages(name)
    if (isCounted && !amount.equals(Quantity.of(amount.exactValue()))) {
      errors.push(invalid(at, text, 'must be an integer'))
    }
  }
  return errors
}

function containerResourceErrors(name: string): string[] {
  const errors = qualifiedNameErrors(name)
  if (errors.length > 0 || containerResources.has(name) || isHugePages(name)) return errors
  if (!name.includes('/'))
    return ['must be a standard resource type or fully qualified', 'must be a standard resource for containers']
  return name.startsWith(nativeDomain) ? ["doesn't follow extended resource name standard"] : []
}
