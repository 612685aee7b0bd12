// What a pod takes of its node's disk: emptyDirs and ConfigMaps, and of containers that run what they write outside
// volumes and their logs.
import path from 'node:path'
import type { Volume } from '../../../api/kinds/core-v1/volumes.ts'
import { isNotFound } from '../../../client/runtime.ts'
import { diskUsage } from '../../../lib/disk-usage.ts'
import type { Pace } from '../../../lib/walk-tree.ts'
import { hostsPath, volumePod } from '../configuration/mounts.ts'
import type { ObservedContainer } from '../observation/observation.ts'
import type { Pod } from '../planning/situation.ts'
import type { Context } from '../steps/context.ts'
import type { StorageLimits, StorageUsage } from './storage-limits.ts'

type Sources = Pick<Context, 'runtime' | 'view' | 'volumes'>

/** Measures as much as the limits need. Rejects when the runtime does not tell. */
export async function storageUsage(
  sources: Sources,
  pod: Pod,
  limits: StorageLimits,
  pace: Pace,
): Promise<StorageUsage> {
  const volumes = new Map<string, number>()
  for (const volume of pod.spec.volumes ?? []) {
    const counts = limits.volumes.has(volume.name) || (limits.pod && isOnDisk(volume))
    if (counts) volumes.set(volume.name, await bytesOf(sources.volumes.hostPath(volumePod(pod), volume), pace))
  }
  if (limits.pod === undefined) return { volumes, containers: new Map(), pod: 0 }
  const { uid } = pod.metadata
  const containers = new Map<string, number>()
  for (const container of sources.view.observed(uid).containers) {
    if (container.state === 'running') containers.set(container.name, await containerBytes(sources, container, pace))
  }
  const own = await bytesOf(hostsPath(sources.volumes.podDir(uid)), pace)
  return { volumes, containers, pod: total(volumes) + total(containers) + own }
}

/** Kubernetes' local ephemeral volumes. */
const isOnDisk = ({ emptyDir, configMap }: Volume): boolean =>
  configMap !== undefined || (emptyDir !== undefined && (emptyDir.medium ?? '') === '')

async function containerBytes({ runtime }: Sources, { id, logPath }: ObservedContainer, pace: Pace): Promise<number> {
  const logs = logPath === '' ? 0 : await bytesOf(path.dirname(logPath), pace)
  return (await writtenBytes(runtime, id)) + logs
}

async function writtenBytes(runtime: Sources['runtime'], containerId: string): Promise<number> {
  try {
    const { stats } = await runtime.containerStats({ containerId })
    return stats?.writableLayer?.usedBytes?.value ?? 0
  } catch (error) {
    if (isNotFound(error)) return 0
    throw error
  }
}

const bytesOf = async (folder: string, pace: Pace): Promise<number> => (await diskUsage(folder, pace)).bytes

const total = (bytes: ReadonlyMap<string, number>): number => [...bytes.values()].reduce((sum, value) => sum + value, 0)
