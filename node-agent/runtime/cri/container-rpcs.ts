// Containers by CRI.
import type { ContainerFilter, RuntimeServiceDefinition } from '../../../proto/gen/cri.ts'
import { RuntimeError } from '../errors.ts'
import { createContainer } from '../lifecycle/create-container.ts'
import { madeContainers, needContainer } from '../lifecycle/ids.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import { startContainer } from '../lifecycle/start-container.ts'
import { removeContainer, stopContainer } from '../lifecycle/stop.ts'
import { updateContainerResources } from '../lifecycle/update-resources.ts'
import type { ContainerRecord } from '../records/records.ts'
import { execSync } from '../streaming/exec-sync.ts'
import { matchesContainer } from '../translation/filters.ts'
import { container, containerStatus } from '../translation/messages.ts'
import { containerInfo } from '../translation/verbose.ts'
import { streamEach } from './list-stream.ts'
import type { Handlers } from './service.ts'

export function containerHandlers(runtime: Runtime): Handlers<RuntimeServiceDefinition> {
  const matching = (filter: ContainerFilter | undefined): ContainerRecord[] =>
    madeContainers(runtime).filter(record => matchesContainer(record, filter))
  return {
    CreateContainer: ({ podSandboxId, config }) => {
      if (!config) throw new RuntimeError('invalid', 'config: is missing')
      return { containerId: createContainer(runtime, { sandboxId: podSandboxId, config }).id }
    },
    StartContainer: async ({ containerId }) => {
      await startContainer(runtime, containerId)
      return {}
    },
    StopContainer: async ({ containerId, timeout = 0 }) => {
      await stopContainer(runtime, containerId, timeout * 1000)
      return {}
    },
    RemoveContainer: async ({ containerId }) => {
      await removeContainer(runtime, containerId)
      return {}
    },
    ContainerStatus: ({ containerId, verbose }) => {
      const record = needContainer(runtime, containerId)
      const status = containerStatus(record, runtime.images.get(record.imageId))
      return { status, info: verbose ? containerInfo(record) : {} }
    },
    ListContainers: ({ filter }) => ({ containers: matching(filter).map(container) }),
    StreamContainers: ({ filter }, client) =>
      streamEach(matching(filter), client, record => ({ containers: [container(record)] })),
    UpdateContainerResources: async ({ containerId, linux }) => {
      await updateContainerResources(runtime, needContainer(runtime, containerId).id, linux ?? {})
      return {}
    },
    ReopenContainerLog: ({ containerId }) => {
      const { id } = needContainer(runtime, containerId)
      if (!runtime.logs.reopen(id)) throw new RuntimeError('state', `container ${id} is not running: its log is closed`)
      return {}
    },
    ExecSync: ({ containerId, cmd = [], timeout = 0 }, signal) =>
      execSync(runtime, containerId, cmd, { timeoutMs: timeout * 1000, signal }),
  }
}
