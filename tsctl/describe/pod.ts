// A pod for people: what it is, what each container does, why it is not running.
import type { Container } from '../../api/kinds/core-v1/container.ts'
import type { ContainerState, ContainerStatus } from '../../api/kinds/core-v1/container-status.ts'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import type { Volume } from '../../api/kinds/core-v1/volumes.ts'
import { none, type Outline, outline, pairs } from './outline.ts'

export function describePod(pod: Pod): Outline {
  const { metadata, spec, status } = pod
  return outline(
    ['Name', metadata.name ?? ''],
    ['Namespace', metadata.namespace ?? ''],
    ['Priority', String(spec.priority ?? 0)],
    ['Service Account', spec.serviceAccountName ?? 'default'],
    ['Node', spec.nodeName === undefined ? none : [spec.nodeName, status.hostIP].filter(Boolean).join('/')],
    ['Start Time', status.startTime ?? none],
    ['Labels', pairs(metadata.labels)],
    ['Annotations', pairs(metadata.annotations, ': ').map(line => line.split('\n')[0] ?? '')],
    [
      'Status',
      metadata.deletionTimestamp === undefined
        ? (status.phase ?? 'Pending')
        : `Terminating (since ${metadata.deletionTimestamp})`,
    ],
    status.reason === undefined ? undefined : ['Reason', status.reason],
    status.message === undefined ? undefined : ['Message', status.message],
    ['IP', status.podIP ?? ''],
    ['IPs', (status.podIPs ?? []).map(({ ip }) => ip)],
    spec.initContainers === undefined
      ? undefined
      : ['Init Containers', containers(spec.initContainers, status.initContainerStatuses)],
    ['Containers', containers(spec.containers, status.containerStatuses)],
    [
      'Conditions',
      outline(
        ...(status.conditions ?? []).map(
          ({ type, status, reason, message }) => [type, [status, reason, message].filter(Boolean).join('  ')] as const,
        ),
      ),
    ],
    ['Volumes', outline(...(spec.volumes ?? []).map(volume => [volume.name, describeVolume(volume)] as const))],
    ['QoS Class', status.qosClass ?? none],
    ['Node-Selectors', pairs(spec.nodeSelector)],
    [
      'Tolerations',
      (spec.tolerations ?? []).map(
        ({ key = '', value, effect, operator, tolerationSeconds }) =>
          `${key}${value === undefined ? '' : `=${value}`}${effect === undefined ? '' : `:${effect}`}${operator === 'Exists' ? ' op=Exists' : ''}${tolerationSeconds === undefined ? '' : ` for ${tolerationSeconds}s`}`,
      ),
    ],
  )
}

function containers(specs: readonly Container[], statuses: readonly ContainerStatus[] = []): Outline {
  return outline(
    ...specs.map(container => {
      const status = statuses.find(({ name }) => name === container.name)
      return [container.name, describeContainer(container, status)] as const
    }),
  )
}

function describeContainer(container: Container, status: ContainerStatus | undefined): Outline {
  const ports = container.ports ?? []
  return outline(
    ['Container ID', status?.containerID ?? ''],
    ['Image', container.image ?? ''],
    ['Image ID', status?.imageID ?? ''],
    [
      'Ports',
      ports.map(
        ({ containerPort, protocol = 'TCP', name }) =>
          `${containerPort}/${protocol}${name === undefined ? '' : ` (${name})`}`,
      ),
    ],
    container.command === undefined ? undefined : ['Command', container.command.flatMap(word => word.split('\n'))],
    container.args === undefined ? undefined : ['Args', container.args.flatMap(word => word.split('\n'))],
    ['State', describeState(status?.state)],
    status?.lastState === undefined || Object.keys(status.lastState).length === 0
      ? undefined
      : ['Last State', describeState(status.lastState)],
    ['Ready', status?.ready ? 'True' : 'False'],
    ['Restart Count', String(status?.restartCount ?? 0)],
    ['Limits', pairs(container.resources.limits, ': ')],
    ['Requests', pairs(container.resources.requests, ': ')],
    [
      'Environment',
      (container.env ?? []).map(
        ({ name, value, valueFrom }) =>
          `${name}: ${valueFrom === undefined ? (value ?? '') : describeSource(valueFrom)}`,
      ),
    ],
    [
      'Mounts',
      (container.volumeMounts ?? []).map(
        ({ mountPath, name, readOnly }) => `${mountPath} from ${name} (${readOnly ? 'ro' : 'rw'})`,
      ),
    ],
  )
}

function describeState(state: ContainerState | undefined): readonly string[] {
  if (state?.running) return ['Running', `started ${state.running.startedAt ?? ''}`]
  if (state?.terminated) {
    const { reason = 'Terminated', exitCode, message, startedAt = '', finishedAt = '' } = state.terminated
    return [
      reason,
      `exit code ${exitCode}`,
      `started ${startedAt}, finished ${finishedAt}`,
      ...(message ? [message] : []),
    ]
  }
  const { reason = 'Waiting', message } = state?.waiting ?? {}
  return ['Waiting', reason, ...(message ? [message] : [])]
}

function describeSource(source: NonNullable<NonNullable<Container['env']>[number]['valueFrom']>): string {
  if (source.fieldRef) return `(${source.fieldRef.apiVersion ?? 'v1'}:${source.fieldRef.fieldPath})`
  if (source.resourceFieldRef) return `(${source.resourceFieldRef.resource})`
  if (source.configMapKeyRef)
    return `<set to the key '${source.configMapKeyRef.key}' of config map '${source.configMapKeyRef.name ?? ''}'>`
  if (source.secretKeyRef)
    return `<set to the key '${source.secretKeyRef.key}' in secret '${source.secretKeyRef.name ?? ''}'>`
  return none
}

/** The one source a volume has, and its plain settings. */
function describeVolume({ name: _, ...sources }: Volume): Outline {
  const [type, settings] = Object.entries(sources)[0] ?? ['emptyDir', {}]
  const plain = Object.entries(settings).filter(([, value]) => typeof value !== 'object')
  return outline(['Type', type], ...plain.map(([key, value]) => [key, String(value)] as const))
}
