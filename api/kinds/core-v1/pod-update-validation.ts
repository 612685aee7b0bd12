// What may change in a pod that exists: almost nothing of its spec, since its containers were made from it.
import { type FieldError, forbidden, invalid } from '../../schema/field-error.ts'
import { ipErrors } from '../../values/ip.ts'
import { differences, each, must, same } from '../rules.ts'
import type { Container } from './container.ts'
import type { ContainerStatus } from './container-status.ts'
import type { Pod } from './pod-schema.ts'
import type { PodSpec } from './pod-spec.ts'

const changeable =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const { spec } = pod
  const before = old.spec
  if (
    spec.containers.length !== before.containers.length ||
    spec.initContainers?.length !== before.initContainers?.length
  ) {
    return [forbidden('spec', 'pod updates may not add or remove containers')]
  }
  const errors = [
    ...validateDeadline(spec, before),
    ...validateTolerationsUpdate(spec, before),
    ...validateGatesUpdate(spec, before),
  ]
  // What may change is put back; nothing else may be left.
  const rest: PodSpec = {
    ...spec,
    containers: withImagesOf(spec.containers, before.containers),
    ...(spec.initContainers !== undefined && {
      initContainers: withImagesOf(spec.initContainers, before.initContainers ?? []),
    }),
  }
  const restored = new Set(['activeDeadlineSeconds', 'tolerations', 'schedulingGates'])
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    restored.add('terminationGracePeriodSeconds')
  }
  // A pod that may not be scheduled yet may still be told where to go.
  const isGated = (before.schedulingGates ?? []).length > 0
  if (isGated) {
    for (const name of ['nodeSelector', 'affinity']) restored.add(name)
    errors.push(...validateGatedNodeSelector(spec, before))
  }
  const without = (of: PodSpec) => Object.fromEntries(Object.entries(of).filter(([name]) => !restored.has(name)))
  const changed = differences(without(rest), without(before), 'spec')
  if (changed.length > 0) errors.push(forbidden('spec', `${changeable}; changed: ${changed.join(', ')}`))
  return errors
}

/** The containers with the images they had. */
function withImagesOf(containers: readonly Container[], before: readonly Container[]): Container[] {
  return containers.map((container, index) => {
    const image = before[index]?.image
    return image === undefined || container.image === undefined ? container : { ...container, image }
  })
}

function validateDeadline(spec: PodSpec, before: PodSpec): FieldError[] {
  const now = spec.activeDeadlineSeconds
  const then = before.activeDeadlineSeconds
  if (then === undefined || now === then) return []
  const at = 'spec.activeDeadlineSeconds'
  if (now === undefined) return [invalid(at, now, 'must not update from a positive integer to nil value')]
  return now < then ? [] : [invalid(at, now, 'must be less than or equal to previous value')]
}

function validateTolerationsUpdate(spec: PodSpec, before: PodSpec): FieldError[] {
  const now = spec.tolerations ?? []
  // How long a taint is tolerated may change; which one may not.
  const taintOf = ({ tolerationSeconds: _, ...rest }: (typeof now)[number]) => rest
  const kept = (before.tolerations ?? []).every(old => now.some(one => same(taintOf(one), taintOf(old))))
  return kept
    ? []
    : [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')]
}

function validateGatesUpdate(spec: PodSpec, before: PodSpec): FieldError[] {
  const known = new Set(before.schedulingGates?.map(({ name }) => name))
  const added = (spec.schedulingGates ?? []).filter(({ name }) => !known.has(name))
  if (added.length === 0) return []
  const names = added.map(({ name }) => JSON.stringify(name)).join(', ')
  return [forbidden('spec.schedulingGates', `only deletion is allowed, but found new scheduling gates ${names}`)]
}

function validateGatedNodeSelector(spec: PodSpec, before: PodSpec): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(before.nodeSelector ?? {})) {
    if (spec.nodeSelector?.[key] !== value) {
      const detail = 'only additions are allowed (no mutations or deletions)'
      errors.push(invalid(`spec.nodeSelector[${key}]`, spec.nodeSelector?.[key] ?? null, detail))
    }
  }
  return errors
}

/** What a new status may not say. */
export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors: FieldError[] = []
  const { status } = pod
  if (pod.spec.nodeName !== old.spec.nodeName) {
    errors.push(forbidden('spec.nodeName', 'may not be changed directly'))
  }
  const { restartPolicy } = pod.spec
  for (const list of ['containerStatuses', 'initContainerStatuses'] as const) {
    // Sidecars restart whatever the pod's policy is.
    const restartable = new Set(
      (list === 'containerStatuses' ? pod.spec.containers : (pod.spec.initContainers ?? []))
        .filter(container => container.restartPolicy !== undefined)
        .map(({ name }) => name),
    )
    for (const [path, container] of each(`status.${list}`, status[list])) {
      const before = old.status[list]?.find(({ name }) => name === container.name)
      if (before === undefined || restartable.has(container.name)) continue
      if (isRevived(container, before, restartPolicy)) {
        errors.push(forbidden(`${path}.state`, 'may not be transitioned to non-terminated state'))
      }
    }
  }
  for (const [path, { ip }] of each('status.podIPs', status.podIPs)) must(errors, `${path}.ip`, ip, ipErrors)
  for (const [path, { ip }] of each('status.hostIPs', status.hostIPs)) must(errors, `${path}.ip`, ip, ipErrors)
  return errors
}

/** Does a container run again that its pod's policy lets end for good? */
function isRevived(now: ContainerStatus, before: ContainerStatus, restartPolicy: string | undefined): boolean {
  const ended = before.state.terminated
  if (ended === undefined || now.state.terminated !== undefined) return false
  if (restartPolicy === 'Never') return true
  return restartPolicy === 'OnFailure' && ended.exitCode === 0
}
