// What the runtime is asked for when a container is made.
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { ContainerConfig, LinuxContainerResources, Mount } from '../../../proto/gen/cri.ts'
import { Signal } from '../../../proto/gen/cri.ts'
import { annotations, labels } from '../observation/observation.ts'
import { containerHash } from '../planning/container-hash.ts'
import type { Pod } from '../planning/situation.ts'
import { ConfigError } from './environment.ts'
import { expand } from './expansion.ts'
import { containerLogPath, podLabels } from './sandbox-config.ts'
import { containerSecurity, type SecuritySettings } from './security.ts'

export interface ContainerSettings extends SecuritySettings {
  readonly attempt: number
  /** See restart.ts. */
  readonly backoffMs: number
  /** The image as the runtime knows it. */
  readonly imageRef: string
  readonly environment: ReadonlyMap<string, string>
  readonly mounts: readonly Mount[]
  readonly resources: LinuxContainerResources
}

/** @throws ConfigError when the spec can't be carried out */
export function containerConfig(pod: Pod, container: Container, settings: ContainerSettings): ContainerConfig {
  const variables = (name: string): string | undefined => settings.environment.get(name)
  const { stopSignal } = container.lifecycle ?? {}
  return {
    metadata: { name: container.name, attempt: settings.attempt },
    image: { image: settings.imageRef, userSpecifiedImage: container.image ?? '' },
    command: (container.command ?? []).map(word => expand(word, variables)),
    args: (container.args ?? []).map(word => expand(word, variables)),
    workingDir: container.workingDir ?? '',
    envs: [...settings.environment].map(([key, value]) => ({ key, value })),
    mounts: [...settings.mounts],
    labels: { ...podLabels(pod), [labels.containerName]: container.name },
    annotations: {
      [annotations.hash]: containerHash(container),
      [annotations.terminationMessagePolicy]: container.terminationMessagePolicy ?? 'File',
      [annotations.backoff]: String(settings.backoffMs),
    },
    logPath: containerLogPath(container.name, settings.attempt),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: {
      resources: settings.resources,
      securityContext: containerSecurity(pod, container, settings),
    },
    ...(stopSignal !== undefined && { stopSignal: signalOf(stopSignal) }),
  }
}

function signalOf(name: string): Signal {
  // CRI writes SIGRTMIN+3 as SIGRTMINPLUS3.
  const key = name.replace('+', 'PLUS').replace('-', 'MINUS')
  const found = Object.entries(Signal).find(([signal]) => signal === key)
  if (found === undefined) throw new ConfigError(`lifecycle.stopSignal ${JSON.stringify(name)} is no signal`)
  return found[1]
}
