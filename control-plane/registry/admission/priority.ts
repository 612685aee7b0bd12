// From the name of a pod's priority class to its number.
import { StatusError } from '../../../api/errors.ts'
import { type Pod, type PodSpec, pods } from '../../../api/kinds/core-v1/pod.ts'
import { objectOf, writesPod } from './objects.ts'
import type { AdmissionPlugin } from './plugin.ts'

/** The classes every cluster has; others need a PriorityClass, which nobody can make yet. */
const builtInPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

export const priority: AdmissionPlugin = {
  name: 'Priority',
  handles: writesPod,
  mutate({ object, old }) {
    const pod = objectOf(pods, object)
    pod.spec = old === undefined ? withPriority(pod) : keepingPriority(pod.spec, objectOf(pods, old).spec)
  },
}

/** @throws StatusError 403 when the class is unknown or the number is not its own */
function withPriority({ metadata: { name = '' }, spec }: Pod): PodSpec {
  const { priorityClassName = '' } = spec
  const priority = priorityClassName === '' ? 0 : builtInPriorities[priorityClassName]
  if (priority === undefined) {
    throw StatusError.forbidden(pods, name, `no PriorityClass with name ${priorityClassName} was found`)
  }
  if (spec.priority !== undefined && spec.priority !== priority) {
    throw StatusError.forbidden(
      pods,
      name,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    )
  }
  return { ...spec, priority, preemptionPolicy: spec.preemptionPolicy ?? 'PreemptLowerPriority' }
}

function keepingPriority(spec: PodSpec, { priority, preemptionPolicy }: PodSpec): PodSpec {
  return {
    ...spec,
    ...(spec.priority === undefined && priority !== undefined && { priority }),
    ...(spec.preemptionPolicy === undefined && preemptionPolicy !== undefined && { preemptionPolicy }),
  }
}
