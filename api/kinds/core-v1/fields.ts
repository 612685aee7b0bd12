// By which fields objects can be selected, besides metadata.name and metadata.namespace.
import type { Event } from './event.ts'
import type { Namespace } from './namespace.ts'
import type { Node } from './node.ts'
import type { Pod } from './pod.ts'
import type { Secret } from './secret.ts'
import type { Service } from './service.ts'

type SelectableFields = Readonly<Record<string, string>>

export function podFields({ spec, status }: Pod): SelectableFields {
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

export function nodeFields({ spec }: Node): SelectableFields {
  return { 'spec.unschedulable': String(spec.unschedulable ?? false) }
}

export function namespaceFields({ metadata, status }: Namespace): SelectableFields {
  return { name: metadata.name ?? '', 'status.phase': status.phase ?? '' }
}

export function secretFields({ type }: Secret): SelectableFields {
  return { type: type ?? '' }
}

export function serviceFields({ spec }: Service): SelectableFields {
  return { 'spec.clusterIP': spec.clusterIP ?? '', 'spec.type': spec.type ?? '' }
}

export function eventFields(event: Event): SelectableFields {
  const { involvedObject, source } = event
  return {
    'involvedObject.kind': involvedObject.kind ?? '',
    'involvedObject.namespace': involvedObject.namespace ?? '',
    'involvedObject.name': involvedObject.name ?? '',
    'involvedObject.uid': involvedObject.uid ?? '',
    'involvedObject.apiVersion': involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': involvedObject.fieldPath ?? '',
    reason: event.reason ?? '',
    reportingComponent: event.reportingComponent ?? '',
    source: source.component ?? event.reportingComponent ?? '',
    type: event.type ?? '',
  }
}
