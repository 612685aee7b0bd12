// What carrying out a plan needs: the world around a pod, the same for all pods of this node.
import type { Service } from '../../../api/kinds/core-v1/service.ts'
import type { Client } from '../../../client/client.ts'
import type { EventRecorder } from '../../../client/events.ts'
import type { RuntimeClient } from '../../../client/runtime.ts'
import type { Clock } from '../../../lib/clock.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { PodVolumes } from '../../volumes/pod-volumes.ts'
import type { ClusterDns } from '../configuration/dns.ts'
import type { ResourceHost } from '../configuration/resources.ts'
import type { ObjectCache } from '../object-cache.ts'
import type { RuntimeCalls, RuntimeView } from '../observation/runtime-view.ts'
import type { StatusWriter } from '../status/status-writer.ts'
import type { Gate } from './gate.ts'

/** What pods ask of the runtime. */
export type Runtime = RuntimeCalls &
  Pick<
    RuntimeClient,
    | 'runPodSandbox'
    | 'stopPodSandbox'
    | 'removePodSandbox'
    | 'createContainer'
    | 'startContainer'
    | 'stopContainer'
    | 'removeContainer'
    | 'execSync'
    | 'imageStatus'
    | 'pullImage'
    | 'containerStats'
  >

export interface NodeSettings {
  readonly nodeName: string
  /** The agent's state directory. */
  readonly root: string
  readonly logRoot: string
  /** Below it, `<qos>/pod<uid>`, and pods that were promised all they may use. */
  readonly cgroupRoot: string
  /** Where the seccomp profiles are that pods name by `localhostProfile`. */
  readonly seccompRoot: string
  /** See SecuritySettings. */
  readonly hiddenPaths: readonly string[]
  readonly dns: ClusterDns
  readonly host: ResourceHost
  /** Most processes of a pod; 0: no limit. */
  readonly podPidsLimit: number
  /** These may change while the agent runs. The host's resolver configuration, from which pods inherit: */
  resolvConf(): string
  hostIps(): readonly string[]
  allocatable(): Readonly<Record<string, string>>
}

export interface Context {
  readonly runtime: Runtime
  readonly view: RuntimeView
  readonly client: Pick<Client, 'delete'>
  readonly writer: StatusWriter
  readonly volumes: PodVolumes
  readonly objects: ObjectCache
  /** Undefined: the API has not told of them yet. */
  readonly services: () => Iterable<Service> | undefined
  readonly events: EventRecorder
  readonly settings: NodeSettings
  /** Bounds how many sandboxes and containers are made at the same time. */
  readonly gate: Gate
  readonly clock: Clock
  readonly log: Logger
}
