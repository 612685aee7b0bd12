// Pod sandboxes by CRI.
import type { ContainerStatus, PodSandboxFilter, RuntimeServiceDefinition } from '../../../proto/gen/cri.ts'
import { RuntimeError } from '../errors.ts'
import { madeContainers, madeSandboxes, needSandbox } from '../lifecycle/ids.ts'
import { runSandbox } from '../lifecycle/run-sandbox.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import { removeSandbox, stopSandbox } from '../lifecycle/stop.ts'
import { updateSandboxResources } from '../lifecycle/update-resources.ts'
import type { SandboxRecord } from '../records/records.ts'
import { matchesSandbox } from '../translation/filters.ts'
import { containerStatus, nanoseconds, podSandbox, podSandboxStatus } from '../translation/messages.ts'
import { sandboxInfo } from '../translation/verbose.ts'
import { streamEach } from './list-stream.ts'
import type { Handlers } from './service.ts'

export function sandboxHandlers(runtime: Runtime): Handlers<RuntimeServiceDefinition> {
  const matching = (filter: PodSandboxFilter | undefined): SandboxRecord[] =>
    madeSandboxes(runtime).filter(record => matchesSandbox(record, filter))
  return {
    RunPodSandbox: async ({ config, runtimeHandler = '' }) => {
      if (!config) throw new RuntimeError('invalid', 'config: is missing')
      return { podSandboxId: (await runSandbox(runtime, config, runtimeHandler)).id }
    },
    StopPodSandbox: async ({ podSandboxId }) => {
      await stopSandbox(runtime, podSandboxId)
      return {}
    },
    RemovePodSandbox: async ({ podSandboxId }) => {
      await removeSandbox(runtime, podSandboxId)
      return {}
    },
    PodSandboxStatus: ({ podSandboxId, verbose }) => {
      const record = needSandbox(runtime, podSandboxId)
      return {
        status: podSandboxStatus(record),
        info: verbose ? sandboxInfo(record) : {},
        containersStatuses: statusesOf(runtime, record.id),
        timestamp: nanoseconds(Date.now()),
      }
    },
    ListPodSandbox: ({ filter }) => ({ items: matching(filter).map(podSandbox) }),
    StreamPodSandboxes: ({ filter }, client) =>
      streamEach(matching(filter), client, record => ({ podSandboxes: [podSandbox(record)] })),
    UpdatePodSandboxResources: ({ podSandboxId, resources, overhead }) => {
      updateSandboxResources(runtime, needSandbox(runtime, podSandboxId), { resources, overhead })
      return {}
    },
  }
}

/** Of a sandbox's containers. */
export function statusesOf(runtime: Runtime, sandboxId: string): ContainerStatus[] {
  return madeContainers(runtime)
    .filter(record => record.sandboxId === sandboxId)
    .map(record => containerStatus(record, runtime.images.get(record.imageId)))
}
