// CRI's RuntimeService: which RPC does what.
import {
  CgroupDriver,
  type ContainerEventResponse,
  ContainerEventType,
  type RuntimeServiceDefinition,
} from '../../../proto/gen/cri.ts'
import { messageOf, RuntimeError } from '../errors.ts'
import { createContainer } from '../lifecycle/create-container.ts'
import type { ContainerEvent, ContainerEventKind } from '../lifecycle/events.ts'
import { need } from '../lifecycle/ids.ts'
import type { Parts } from '../lifecycle/parts.ts'
import { runSandbox } from '../lifecycle/run-sandbox.ts'
import { startContainer } from '../lifecycle/start-container.ts'
import { removeContainer, removeSandbox, stopContainer, stopSandbox } from '../lifecycle/stop.ts'
import type { ContainerRecord } from '../records/records.ts'
import { execSync } from '../streaming/exec-sync.ts'
import { matchesContainer, matchesSandbox } from '../translation/filters.ts'
import { container, containerStatus, nanoseconds, podSandbox, podSandboxStatus } from '../translation/messages.ts'
import { cgroupLimits, limiting, mergeResources, podLimits } from '../translation/resources.ts'
import type { Handlers } from './service.ts'
import { Stats } from './stats.ts'

export interface ServiceOptions {
  readonly version: string
  /** Sets the pod CIDR and remembers it. */
  readonly configureNetwork: (podCidr: string) => void
}

const eventTypes: Record<ContainerEventKind, ContainerEventType> = {
  created: ContainerEventType.CONTAINER_CREATED_EVENT,
  started: ContainerEventType.CONTAINER_STARTED_EVENT,
  stopped: ContainerEventType.CONTAINER_STOPPED_EVENT,
  deleted: ContainerEventType.CONTAINER_DELETED_EVENT,
}

export function runtimeHandlers(parts: Parts, options: ServiceOptions): Handlers<RuntimeServiceDefinition> {
  const { sandboxRecords, containerRecords } = parts
  const stats = new Stats(parts)
  const needSandbox = (id: string | undefined) => need(sandboxRecords, id, 'sandbox')
  const needContainer = (id: string | undefined) => need(containerRecords, id, 'container')
  const statusesOf = (sandboxId: string) =>
    containerRecords
      .list()
      .filter(record => record.sandboxId === sandboxId)
      .map(containerStatus)
  return {
    Version: () => ({
      version: '0.1.0',
      runtimeName: 'tessera',
      runtimeVersion: options.version,
      runtimeApiVersion: 'v1',
    }),
    Status: async ({ verbose }) => ({
      status: { conditions: [runtimeCondition(parts), networkCondition(parts)] },
      runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: false } }],
      features: { supplementalGroupsPolicy: true },
      info: verbose
        ? {
            launcher: JSON.stringify(await parts.launcher.info()),
            cgroups: JSON.stringify({ version: parts.cgroups.version, controllers: parts.cgroups.controllers }),
          }
        : {},
    }),
    RuntimeConfig: () => ({ linux: { cgroupDriver: CgroupDriver.CGROUPFS } }),
    UpdateRuntimeConfig: ({ runtimeConfig }) => {
      const podCidr = runtimeConfig?.networkConfig?.podCidr ?? ''
      if (podCidr !== '') configureNetwork(options, podCidr)
      return {}
    },

    RunPodSandbox: async ({ config, runtimeHandler = '' }) => {
      if (!config) throw new RuntimeError('invalid', 'config: is missing')
      return { podSandboxId: (await runSandbox(parts, config, runtimeHandler)).id }
    },
    StopPodSandbox: async ({ podSandboxId }) => {
      await stopSandbox(parts, podSandboxId)
      return {}
    },
    RemovePodSandbox: async ({ podSandboxId }) => {
      await removeSandbox(parts, podSandboxId)
      return {}
    },
    PodSandboxStatus: ({ podSandboxId, verbose }) => {
      const record = needSandbox(podSandboxId)
      return {
        status: podSandboxStatus(record),
        info: verbose ? { info: JSON.stringify(record) } : {},
        containersStatuses: statusesOf(record.id),
        timestamp: nanoseconds(Date.now()),
      }
    },
    ListPodSandbox: ({ filter }) => ({
      items: sandboxRecords
        .list()
        .filter(record => matchesSandbox(record, filter))
        .map(podSandbox),
    }),
    UpdatePodSandboxResources: ({ podSandboxId, ...update }) => {
      const record = needSandbox(podSandboxId)
      const { linux = {} } = record.config
      const resources = mergeResources(linux.resources, update.resources ?? {})
      const overhead = update.overhead ? mergeResources(linux.overhead, update.overhead) : linux.overhead
      const limits = { resources, ...(overhead && { overhead }) }
      limiting('resources', () => parts.cgroups.open(record.cgroupParent).setLimits(podLimits(limits)))
      sandboxRecords.save({ ...record, config: { ...record.config, linux: { ...linux, ...limits } } })
      return {}
    },

    CreateContainer: ({ podSandboxId, config }) => {
      if (!config) throw new RuntimeError('invalid', 'config: is missing')
      return { containerId: createContainer(parts, { sandboxId: podSandboxId, config }).id }
    },
    StartContainer: async ({ containerId }) => {
      await startContainer(parts, containerId)
      return {}
    },
    StopContainer: async ({ containerId, timeout = 0 }) => {
      await stopContainer(parts, containerId, timeout * 1000)
      return {}
    },
    RemoveContainer: async ({ containerId }) => {
      await removeContainer(parts, containerId)
      return {}
    },
    ContainerStatus: ({ containerId, verbose }) => {
      const record = needContainer(containerId)
      return { status: containerStatus(record), info: verbose ? { info: JSON.stringify(record) } : {} }
    },
    ListContainers: ({ filter }) => ({
      containers: containerRecords
        .list()
        .filter(record => matchesContainer(record, filter))
        .map(container),
    }),
    UpdateContainerResources: async ({ containerId, linux }) => {
      const { id } = needContainer(containerId)
      await parts.locks.run(id, () => {
        const record = needContainer(id)
        if (record.exit) throw new RuntimeError('state', `container ${id} has ended`)
        const resources = mergeResources(record.config.linux?.resources, linux ?? {})
        limiting('linux', () => parts.cgroups.open(record.cgroupPath).setLimits(cgroupLimits(resources)))
        containerRecords.save({ ...record, config: { ...record.config, linux: { ...record.config.linux, resources } } })
      })
      return {}
    },
    ReopenContainerLog: ({ containerId }) => {
      const { id } = needContainer(containerId)
      if (!parts.logs.reopen(id)) throw new RuntimeError('state', `container ${id} is not running: its log is closed`)
      return {}
    },
    ExecSync: ({ containerId, cmd = [], timeout = 0 }) => execSync(parts, containerId, cmd, timeout * 1000),

    ContainerStats: async ({ containerId }) => ({ stats: await stats.container(needContainer(containerId)) }),
    ListContainerStats: async ({ filter }) => {
      stats.prune(new Set([...containerRecords.ids(), ...sandboxRecords.ids()]))
      const running = (record: ContainerRecord): boolean => record.start !== undefined && record.exit === undefined
      const wanted = containerRecords.list().filter(record => running(record) && matchesContainer(record, filter))
      return { stats: await Promise.all(wanted.map(record => stats.container(record))) }
    },
    PodSandboxStats: async ({ podSandboxId }) => ({ stats: await stats.sandbox(needSandbox(podSandboxId)) }),
    ListPodSandboxStats: async ({ filter }) => {
      const wanted = sandboxRecords.list().filter(record => !record.notReady && matchesSandbox(record, filter))
      return { stats: await Promise.all(wanted.map(record => stats.sandbox(record))) }
    },

    GetContainerEvents: (_request, listener) =>
      new Promise((resolve, reject) => {
        const toResponse = (event: ContainerEvent): ContainerEventResponse => {
          const sandbox = sandboxRecords.get(event.sandboxId)
          return {
            containerId: event.containerId,
            containerEventType: eventTypes[event.kind],
            createdAt: nanoseconds(event.atMs),
            ...(sandbox && { podSandboxStatus: podSandboxStatus(sandbox) }),
            containersStatuses: statusesOf(event.sandboxId),
          }
        }
        const stop = parts.events.subscribe(event => {
          if (listener.send(toResponse(event))) return
          stop()
          reject(new RuntimeError('limit', 'the reader of events is too slow: list containers and subscribe again'))
        })
        listener.signal.addEventListener('abort', () => {
          stop()
          resolve()
        })
      }),

    Exec: () => refuseStreamingUrl('exec'),
    Attach: () => refuseStreamingUrl('attach'),
    PortForward: () => refuseStreamingUrl('port-forward'),
  }
}

function refuseStreamingUrl(what: string): never {
  const message = `${what} by URL is not offered: use tessera.runtime.v1.Streaming on this socket`
  throw new RuntimeError('unsupported', message)
}

function runtimeCondition({ launcher }: Parts): { type: string; status: boolean; reason: string; message: string } {
  const { mismatch } = launcher
  return {
    type: 'RuntimeReady',
    status: mismatch === undefined,
    reason: mismatch === undefined ? '' : 'LauncherMismatch',
    message: mismatch ?? '',
  }
}

function networkCondition({ sandboxes }: Parts): { type: string; status: boolean; reason: string; message: string } {
  const status = sandboxes.networkReady
  return {
    type: 'NetworkReady',
    status,
    reason: status ? '' : 'NoPodCIDR',
    message: status ? '' : 'no pod CIDR was set yet (UpdateRuntimeConfig)',
  }
}

function configureNetwork(options: ServiceOptions, podCidr: string): void {
  try {
    options.configureNetwork(podCidr)
  } catch (error) {
    throw new RuntimeError('invalid', `pod CIDR ${JSON.stringify(podCidr)}: ${messageOf(error)}`, { cause: error })
  }
}
