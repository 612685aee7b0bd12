// Metrics of pods and containers as CRI tells them: the table's rows, read.
import { readdirSync, readlinkSync, statfsSync } from 'node:fs'
import path from 'node:path'
import type { Metric, MetricDescriptor, PodSandboxMetrics } from '../../../proto/gen/cri.ts'
import { hasCode } from '../../sys/errno.ts'
import { madeContainers } from '../lifecycle/ids.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import { type ContainerReading, containerMetrics, type MetricRow, networkMetrics } from './metric-table.ts'
import type { Stats } from './stats.ts'

/** As the kubelet names whose a metric is; a metric's own labels follow. */
const labelKeys = ['container', 'id', 'image', 'name', 'namespace', 'pod']

export const metricDescriptors: MetricDescriptor[] = [...containerMetrics, ...networkMetrics].map(
  ({ name, help, labels }) => ({ name, help, labelKeys: [...labelKeys, ...labels] }),
)

export async function sandboxMetrics(
  runtime: Runtime,
  stats: Stats,
  sandbox: SandboxRecord,
): Promise<PodSandboxMetrics> {
  const { id, config, cgroupParent, state } = sandbox
  const { name: pod = '', namespace = '' } = config.metadata ?? {}
  const running = madeContainers(runtime).filter(
    container => container.sandboxId === id && container.start !== undefined && container.exit === undefined,
  )
  const network = state && runtime.sandboxes.networkStats(state)
  const own = ['', `/${cgroupParent}`, '', id, namespace, pod]
  return {
    podSandboxId: id,
    metrics: network ? metrics(networkMetrics, network, own) : [],
    containerMetrics: await Promise.all(
      running.map(async container => {
        const { metadata, image } = container.config
        const imageName = image?.userSpecifiedImage || image?.image || ''
        const labels = [metadata?.name ?? '', `/${container.cgroupPath}`, imageName, container.id, namespace, pod]
        return {
          containerId: container.id,
          metrics: metrics(containerMetrics, await readContainer(runtime, stats, container), labels),
        }
      }),
    ),
  }
}

/** Read just now, so their timestamps are 0, as CRI has it. */
function metrics<Reading>(rows: readonly MetricRow<Reading>[], reading: Reading, labels: readonly string[]): Metric[] {
  return rows.flatMap(({ name, type, read }) =>
    read(reading).map(sample => ({
      name,
      timestamp: 0,
      metricType: type,
      labelValues: [...labels, ...(sample.labels ?? [])],
      value: { value: sample.value },
    })),
  )
}

async function readContainer(runtime: Runtime, stats: Stats, record: ContainerRecord): Promise<ContainerReading> {
  const cgroup = runtime.cgroups.open(record.cgroupPath)
  const { usedBytes } = await stats.writableLayer(record)
  const { bsize, blocks, files, ffree } = statfsSync(runtime.containerRecords.folderOf(record.id))
  return {
    cgroup: cgroup.metrics(),
    oomKills: cgroup.oomKills(),
    processes: openFiles(cgroup.processes()),
    disk: { usedBytes: usedBytes?.value ?? 0, limitBytes: bsize * blocks, inodes: files, inodesFree: ffree },
    startedAtMs: record.start?.startedAtMs ?? 0,
    nowMs: Date.now(),
    resources: record.config.linux?.resources ?? {},
  }
}

/** Processes that end meanwhile are left out. */
function openFiles(pids: readonly number[]): ContainerReading['processes'] {
  const targets = pids.flatMap(pid => {
    const folder = `/proc/${pid}/fd`
    return unlessGone(() => readdirSync(folder), []).map(fd =>
      unlessGone(() => readlinkSync(path.join(folder, fd)), ''),
    )
  })
  const sockets = targets.filter(target => target.startsWith('socket:'))
  return { count: pids.length, fileDescriptors: targets.length, sockets: sockets.length }
}

function unlessGone<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return otherwise
    throw error
  }
}
