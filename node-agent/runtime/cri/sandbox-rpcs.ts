// Pod sandboxes by CRI.
import type { ContainerStatus, PodSandboxFilter, RuntimeServiceDefinition } from '../../../proto/gen/cri.ts'
import { RuntimeError } from '../errors.ts'
import { madeContainers, madeSandboxes, needSandbox } from '../lifecycle/ids.ts'
import type { Parts } from '../lifecycle/parts.ts'
import { runSandbox } from '../lifecycle/run-sandbox.ts'
import { removeSandbox, stopSandbox } from '../lifecycle/stop.ts'
import { updateSandboxResources } from '../lifecycle/update-resources.ts'
import type { SandboxRecord } from '../records/records.ts'
import { matchesSandbox } from '../translation/filters.ts'
import { containerStatus, nanoseconds, podSandbox, podSandboxStatus } from '../translation/messages.ts'
import { sandboxInfo } from '../translation/verbose.ts'
import { streamEach } from './list-stream.ts'
import type { Handlers } from './service.ts'

export function sandboxHandlers(parts: Parts): Handlers<RuntimeServiceDefinition> {
  const matching = (filter: PodSandboxFilter | undefined): SandboxRecord[] =>
    madeSandboxes(parts).filter(record => matchesSandbox(record, filter))
  return {
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
      const record = needSandbox(parts, podSandboxId)
      return {
        status: podSandboxStatus(record),
        info: verbose ? sandboxInfo(record) : {},
        containersStatuses: statusesOf(parts, record.id),
        timestamp: nanoseconds(Date.now()),
      }
    },
    ListPodSandbox: ({ filter }) => ({ items: matching(filter).map(podSandbox) }),
    StreamPodSandboxes: ({ filter }, client) =>
      streamEach(matching(filter), client, record => ({ podSandboxes: [podSandbox(record)] })),
    UpdatePodSandboxResources: ({ podSandboxId, resources, overhead }) => {
      updateSandboxResources(parts, needSandbox(parts, podSandboxId), { resources, overhead })
      return {}
    },
  }
}

/** Of a sandbox's containers. */
export function statusesOf(parts: Parts, sandboxId: string): ContainerStatus[] {
  return madeContainers(parts)
    .filter(record => record.sandboxId === sandboxId)
    .map(record => containerStatus(record, parts.images.get(record.imageId)))
}
