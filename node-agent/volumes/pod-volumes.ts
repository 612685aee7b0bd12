// The volumes of one pod, together: made, kept current, handed to containers, and removed.
//
//   <root>/pods/<uid>/volumes/<name>       on disk
//   <root>/memory/<uid>/<name>             in memory, for what must not reach a disk
//   <root>/pods/<uid>/sub-paths/<container>/<index>
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Container, PodSpec, Volume, VolumeMount } from '../../api/kinds/core-v1.ts'
import { writeAtomically } from './atomic-writer.ts'
import { configMapVolume } from './config-map.ts'
import { downwardApiVolume } from './downward-api.ts'
import { emptyDirVolume } from './empty-dir.ts'
import { hostPathVolume } from './host-path.ts'
import { mountsBelow, unmount } from './mount.ts'
import { VolumeError } from './payload.ts'
import { projectedVolume } from './projected.ts'
import { secretVolume } from './secret.ts'
import { bindSubPath } from './sub-path.ts'
import type { ContentVolume, PlaceVolume, VolumeSources } from './volume.ts'

const places: readonly PlaceVolume[] = [emptyDirVolume, hostPathVolume]
const contents: readonly ContentVolume[] = [configMapVolume, secretVolume, downwardApiVolume, projectedVolume]

/** What of a pod its volumes are made from. */
export interface VolumePod {
  readonly uid: string
  readonly namespace: string
  readonly spec: Pick<PodSpec, 'volumes' | 'securityContext'>
}

export interface VolumeFailure {
  readonly volume: string
  readonly error: Error
}

export class PodVolumes {
  readonly #root: string

  /** @param root the agent's state directory, as an absolute path */
  constructor(root: string) {
    this.#root = root
  }

  podDir(uid: string): string {
    return path.join(this.#root, 'pods', uid)
  }

  /**
   * Makes every volume, or brings it up to date; what is there already stays in place.
   * @returns what failed; empty when all is well
   */
  async prepare(pod: VolumePod, sources: VolumeSources): Promise<VolumeFailure[]> {
    const outcomes = await Promise.all(
      (pod.spec.volumes ?? []).map(async (volume): Promise<VolumeFailure[]> => {
        try {
          await this.#prepareOne(pod, volume, sources)
          return []
        } catch (error) {
          return [{ volume: volume.name, error: error instanceof Error ? error : new Error(String(error)) }]
        }
      }),
    )
    return outcomes.flat()
  }

  /** Where a volume is on the host. */
  hostPath(pod: VolumePod, name: string): string {
    const volume = pod.spec.volumes?.find(candidate => candidate.name === name)
    if (volume === undefined) throw new VolumeError(`volume "${name}" is not among the pod's volumes`)
    if (volume.hostPath) return volume.hostPath.path
    return contentOf(volume)?.inMemory ? this.#memoryDir(pod.uid, name) : this.#diskDir(pod.uid, name)
  }

  /**
   * What a container mounts from, on the host.
   * @param subPath the mount's subPath, its variables already replaced; '' for the whole volume
   */
  mountSource(pod: VolumePod, container: Container, mount: VolumeMount, subPath: string): Promise<string> {
    const root = this.hostPath(pod, mount.name)
    if (subPath === '') return Promise.resolve(root)
    const index = container.volumeMounts?.indexOf(mount) ?? 0
    return bindSubPath(root, subPath, path.join(this.podDir(pod.uid), 'sub-paths', container.name, String(index)))
  }

  /** Unmounts and removes what the pod's volumes held. What a hostPath names is the host's and stays. */
  async release(uid: string): Promise<void> {
    const folders = [path.join(this.podDir(uid), 'sub-paths'), path.join(this.podDir(uid), 'volumes')]
    if (folders.some(existsSync)) {
      // Never remove through a mount: a sub-path may show what is not the pod's.
      await unmount(folders.flatMap(mountsBelow))
      for (const folder of folders) await rm(folder, { recursive: true, force: true })
    }
    await rm(path.join(this.#root, 'memory', uid), { recursive: true, force: true })
  }

  async #prepareOne(pod: VolumePod, volume: Volume, sources: VolumeSources): Promise<void> {
    const { name } = volume
    const gid = pod.spec.securityContext?.fsGroup
    const diskDir = this.#diskDir(pod.uid, name)
    const memoryDir = this.#memoryDir(pod.uid, name)
    const request = { volume, namespace: pod.namespace, sources, diskDir, memoryDir, gid }
    const place = places.find(({ field }) => volume[field] !== undefined)
    const content = contentOf(volume)
    if (place) await place.place(request)
    else if (content) writeAtomically(content.inMemory ? memoryDir : diskDir, await content.payload(request), gid)
    else {
      const asked = Object.keys(volume).find(key => key !== 'name') ?? 'nothing'
      const offered = [...places, ...contents].map(({ field }) => field).join(', ')
      throw new VolumeError(`volume type ${asked} is not offered by this node, which has ${offered}`)
    }
  }

  #diskDir(uid: string, name: string): string {
    return path.join(this.podDir(uid), 'volumes', name)
  }

  #memoryDir(uid: string, name: string): string {
    return path.join(this.#root, 'memory', uid, name)
  }
}

const contentOf = (volume: Volume): ContentVolume | undefined =>
  contents.find(({ field }) => volume[field] !== undefined)
