// What containers and pods use, as CRI tells it.
import path from 'node:path'
import { diskUsage } from '../../../lib/disk-usage.ts'
import { Pace } from '../../../lib/walk-tree.ts'
import type { ContainerStats, CpuUsage, FilesystemUsage, MemoryUsage, PodSandboxStats } from '../../../proto/gen/cri.ts'
import type { CgroupStats } from '../cgroups/cgroups.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import type { ContainerRecord, SandboxRecord } from '../records/records.ts'
import { nanoseconds } from '../translation/messages.ts'

interface Sample {
  readonly timestampMs: number
  readonly usageNs: number
  readonly nanoCores: number | undefined
}

/** Two samples closer than this make no rate. */
const leastIntervalMs = 100
/** Walking a container's files is not done more often than this. */
const diskEveryMs = 10_000

/** Remembers samples, since rates need two. */
export class Stats {
  readonly #runtime: Runtime
  readonly #cpu = new Map<string, Sample>()
  readonly #disk = new Map<string, { readonly atMs: number; readonly usage: FilesystemUsage }>()
  readonly #pace = new Pace()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  async container(record: ContainerRecord): Promise<ContainerStats> {
    const { id, config } = record
    const used = this.#runtime.cgroups.open(record.cgroupPath).stats()
    return {
      attributes: { id, metadata: config.metadata, labels: config.labels, annotations: config.annotations },
      ...(used.cpuUsageNs !== undefined && { cpu: this.#cpuUsage(id, used.timestampMs, used.cpuUsageNs) }),
      ...(used.memory && { memory: memoryUsage(used.timestampMs, used.memory) }),
      writableLayer: await this.writableLayer(record),
    }
  }

  async sandbox(record: SandboxRecord): Promise<PodSandboxStats> {
    const { id, config, state } = record
    const used = this.#runtime.cgroups.open(record.cgroupParent).stats()
    const running = this.#runtime.containerRecords
      .list()
      .filter(container => container.sandboxId === id && container.start && !container.exit)
    const net = state && !record.notReady ? this.#runtime.sandboxes.networkStats(state) : undefined
    const timestamp = nanoseconds(used.timestampMs)
    return {
      attributes: { id, metadata: config.metadata, labels: config.labels, annotations: config.annotations },
      linux: {
        ...(used.cpuUsageNs !== undefined && { cpu: this.#cpuUsage(id, used.timestampMs, used.cpuUsageNs) }),
        ...(used.memory && { memory: memoryUsage(used.timestampMs, used.memory) }),
        ...(net && {
          network: {
            timestamp,
            defaultInterface: {
              name: net.interface,
              rxBytes: { value: net.rxBytes },
              rxErrors: { value: net.rxErrors },
              txBytes: { value: net.txBytes },
              txErrors: { value: net.txErrors },
            },
          },
        }),
        ...(used.pids !== undefined && { process: { timestamp, processCount: { value: used.pids } } }),
        containers: await Promise.all(running.map(container => this.container(container))),
      },
    }
  }

  /** Forgets what no longer exists. */
  prune(known: ReadonlySet<string>): void {
    for (const map of [this.#cpu, this.#disk]) for (const id of map.keys()) if (!known.has(id)) map.delete(id)
  }

  #cpuUsage(id: string, timestampMs: number, usageNs: number): CpuUsage {
    const last = this.#cpu.get(id)
    const elapsedMs = last ? timestampMs - last.timestampMs : 0
    const fresh = last && elapsedMs >= leastIntervalMs
    const nanoCores = fresh ? Math.max(0, ((usageNs - last.usageNs) / elapsedMs) * 1000) : last?.nanoCores
    if (!last || fresh) this.#cpu.set(id, { timestampMs, usageNs, nanoCores })
    return {
      timestamp: nanoseconds(timestampMs),
      usageCoreNanoSeconds: { value: usageNs },
      ...(nanoCores !== undefined && { usageNanoCores: { value: Math.round(nanoCores) } }),
    }
  }

  /** What the container has written to its root; looked at every few seconds at most. */
  async writableLayer(record: ContainerRecord): Promise<FilesystemUsage> {
    const cached = this.#disk.get(record.id)
    const now = Date.now()
    if (cached && now - cached.atMs < diskEveryMs) return cached.usage
    const upper = path.join(this.#runtime.containerRecords.folderOf(record.id), 'upper')
    const { bytes, inodes } = await diskUsage(upper, this.#pace)
    const usage: FilesystemUsage = {
      timestamp: nanoseconds(now),
      fsId: { mountpoint: upper },
      usedBytes: { value: bytes },
      inodesUsed: { value: inodes },
    }
    this.#disk.set(record.id, { atMs: now, usage })
    return usage
  }
}

function memoryUsage(timestampMs: number, memory: NonNullable<CgroupStats['memory']>): MemoryUsage {
  const { limitBytes, workingSetBytes } = memory
  return {
    timestamp: nanoseconds(timestampMs),
    workingSetBytes: { value: workingSetBytes },
    usageBytes: { value: memory.usageBytes },
    rssBytes: { value: memory.rssBytes },
    pageFaults: { value: memory.pageFaults },
    majorPageFaults: { value: memory.majorPageFaults },
    ...(limitBytes !== undefined && { availableBytes: { value: Math.max(0, limitBytes - workingSetBytes) } }),
  }
}
