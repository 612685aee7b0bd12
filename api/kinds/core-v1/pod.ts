import { kind } from '../kind.ts'
import { type Connect, status } from '../subresource.ts'
import { bindings } from './binding.ts'
import { setPodDefaults } from './pod-defaults.ts'
import { qosClass } from './pod-qos.ts'
import { type Pod, podSchema } from './pod-schema.ts'
import { podTable } from './pod-table.ts'
import { validatePodStatusUpdate, validatePodUpdate } from './pod-update-validation.ts'
import { validatePod } from './pod-validation.ts'
import { podWarnings } from './pod-warnings.ts'

export type { Pod } from './pod-schema.ts'
export type { PodSpec } from './pod-spec.ts'

const exec: Connect = {
  is: 'connect',
  name: 'exec',
  verbs: ['connect'],
  body: { group: '', version: 'v1', kind: 'PodExecOptions' },
}

export const pods = kind<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  resource: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  schema: podSchema,
  subresources: [
    { is: 'action', name: 'binding', verbs: ['create'], body: bindings },
    exec,
    { is: 'connect', name: 'log', verbs: ['get'] },
    status({
      prepareForUpdate(pod, old) {
        // The class follows from the spec; whoever reports a status need not know it.
        const { qosClass } = old.status
        if (qosClass !== undefined) pod.status = { ...pod.status, qosClass }
      },
      validateUpdate: validatePodStatusUpdate,
    }),
  ],
  returnDeletedObject: true,
  indexedField: 'spec.nodeName',
  setDefaults: setPodDefaults,
  prepareForCreate(pod) {
    pod.status = { phase: 'Pending', qosClass: qosClass(pod.spec) }
    if ((pod.spec.schedulingGates ?? []).length > 0) {
      const message = 'Scheduling is blocked due to non-empty scheduling gates'
      pod.status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }]
    }
  },
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  // Pods are mostly updated by programs, which nobody reads the warnings of.
  warnings: (pod, old) => (old === undefined ? podWarnings(pod) : []),
  gracePeriodSeconds({ spec, status }, requested) {
    // Nobody runs it: there is nothing to wait for.
    if ((spec.nodeName ?? '') === '' || status.phase === 'Succeeded' || status.phase === 'Failed') return 0
    return requested ?? spec.terminationGracePeriodSeconds ?? 30
  },
  selectableFields,
  table: podTable,
})

function selectableFields({ spec, status }: Pod): Record<string, string> {
  return {
    'spec.nodeName': spec.nodeName ?? '',
    'spec.restartPolicy': spec.restartPolicy ?? '',
    'spec.schedulerName': spec.schedulerName ?? '',
    'spec.serviceAccountName': spec.serviceAccountName ?? '',
    'spec.hostNetwork': String(spec.hostNetwork ?? false),
    'status.phase': status.phase ?? '',
    'status.podIP': status.podIPs?.[0]?.ip ?? status.podIP ?? '',
    'status.podIPs': (status.podIPs ?? []).map(({ ip }) => ip).join(','),
    'status.nominatedNodeName': status.nominatedNodeName ?? '',
  }
}
