// What the runtime is asked for when a pod's sandbox is made: a pure function of the pod, so that it can be said again,
// word for word, with each container.
import path from 'node:path'
import { dottedSysctl } from '../../../api/values/sysctls.ts'
import type { DNSConfig, PodSandboxConfig, PortMapping } from '../../../proto/gen/cri.ts'
import { Protocol } from '../../../proto/gen/cri.ts'
import { labels } from '../observation/observation.ts'
import { isSidecar } from '../planning/restart.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'
import { cgroupParent, podOverhead, podResources, type ResourceHost } from './resources.ts'
import { sandboxSecurity } from './security.ts'

export interface SandboxSettings {
  readonly attempt: number
  /** Empty: the host's. */
  readonly hostname: string
  readonly dns: DNSConfig
  readonly logRoot: string
  readonly cgroupRoot: string
  readonly host: ResourceHost
  /** Most processes of the pod; 0: no limit. */
  readonly podPidsLimit: number
}

export function sandboxConfig(pod: Pod, settings: SandboxSettings): PodSandboxConfig {
  const { metadata, spec } = pod
  return {
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace ?? '',
      uid: metadata.uid,
      attempt: settings.attempt,
    },
    hostname: settings.hostname,
    logDirectory: podLogDirectory(settings.logRoot, pod),
    dnsConfig: settings.dns,
    portMappings: portMappings(pod),
    labels: { ...metadata.labels, ...podLabels(pod) },
    annotations: { ...metadata.annotations },
    linux: {
      cgroupParent: cgroupParent(settings.cgroupRoot, pod),
      securityContext: sandboxSecurity(pod),
      sysctls: Object.fromEntries(
        (spec.securityContext?.sysctls ?? []).map(({ name, value }) => [dottedSysctl(name), value]),
      ),
      resources: podResources(pod, settings.host, settings.podPidsLimit),
      overhead: podOverhead(pod),
    },
  }
}

/** What a restarted agent finds its pods by. */
export const podLabels = ({ metadata }: Pod): Record<string, string> => ({
  [labels.podName]: metadata.name,
  [labels.podNamespace]: metadata.namespace ?? '',
  [labels.podUid]: metadata.uid,
})

/** `<root>/<namespace>_<name>_<uid>`; below it, `<container>/<attempt>.log`. */
export const podLogDirectory = (
  root: string,
  { metadata }: { readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid: string } },
): string => path.join(root, `${metadata.namespace ?? ''}_${metadata.name}_${metadata.uid}`)

export const containerLogPath = (container: string, attempt: number): string => `${container}/${attempt}.log`

function portMappings(pod: Pod): PortMapping[] {
  if (pod.spec.hostNetwork) return []
  return [...initContainers(pod).filter(isSidecar), ...appContainers(pod)].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map(({ containerPort, hostPort, protocol = 'TCP', hostIP }) => ({
        protocol: Protocol[protocol],
        containerPort,
        hostPort,
        ...(hostIP !== undefined && { hostIp: hostIP }),
      })),
  )
}
