// What containers and pods use, by CRI.
import type { ContainerStatsFilter, PodSandboxStatsFilter, RuntimeServiceDefinition } from '../../../proto/gen/cri.ts'
import { madeContainers, madeSandboxes, needContainer, needSandbox } from '../lifecycle/ids.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import { matchesContainer, matchesSandbox } from '../translation/filters.ts'
import { streamEach } from './list-stream.ts'
import { metricDescriptors, sandboxMetrics } from './metrics.ts'
import type { Handlers } from './service.ts'
import { Stats } from './stats.ts'

export function statsHandlers(runtime: Runtime): Handlers<RuntimeServiceDefinition> {
  const stats = new Stats(runtime)
  const running = (filter: ContainerStatsFilter | undefined): ContainerRecord[] => {
    stats.prune(new Set([...runtime.containerRecords.ids(), ...runtime.sandboxRecords.ids()]))
    return madeContainers(runtime).filter(
      record => record.start !== undefined && record.exit === undefined && matchesContainer(record, filter),
    )
  }
  const ready = (filter: PodSandboxStatsFilter | undefined): SandboxRecord[] =>
    madeSandboxes(runtime).filter(record => !record.notReady && matchesSandbox(record, filter))
  return {
    ContainerStats: async ({ containerId }) => ({ stats: await stats.container(needContainer(runtime, containerId)) }),
    ListContainerStats: async ({ filter }) => ({
      stats: await Promise.all(running(filter).map(record => stats.container(record))),
    }),
    StreamContainerStats: ({ filter }, client) =>
      streamEach(running(filter), client, async record => ({ containerStats: [await stats.container(record)] })),
    PodSandboxStats: async ({ podSandboxId }) => ({ stats: await stats.sandbox(needSandbox(runtime, podSandboxId)) }),
    ListPodSandboxStats: async ({ filter }) => ({
      stats: await Promise.all(ready(filter).map(record => stats.sandbox(record))),
    }),
    ListMetricDescriptors: () => ({ descriptors: metricDescriptors }),
    ListPodSandboxMetrics: async () => ({
      podMetrics: await Promise.all(ready({}).map(record => sandboxMetrics(runtime, stats, record))),
    }),
    StreamPodSandboxMetrics: (_request, client) =>
      streamEach(ready({}), client, async record => ({
        podSandboxMetrics: [await sandboxMetrics(runtime, stats, record)],
      })),
    StreamPodSandboxStats: ({ filter }, client) =>
      streamEach(ready(filter), client, async record => ({ podSandboxStats: [await stats.sandbox(record)] })),
  }
}
