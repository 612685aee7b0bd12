// The volumes of one pod, together: made, kept current, handed to containers, and removed.
//
//   <root>/pods/<uid>/volumes/<name>       on disk, and file systems in memory that the pod writes to
//   <root>/memory/<uid>/<name>             in memory, for what must not reach a disk
//   <root>/pods/<uid>/volume-subpaths/<volume>/<container>/<index of the mount>
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Container, VolumeMount } from '../../api/kinds/core-v1/container.ts'
import type { Volume } from '../../api/kinds/core-v1/volumes.ts'
import { removeTree } from '../../lib/remove-tree.ts'
import { writeAtomically } from './atomic-writer.ts'
import { configMapVolume } from './config-map.ts'
import { downwardApiVolume } from './downward-api.ts'
import { emptyDirVolume } from './empty-dir.ts'
import { hostPathVolume, makeMissing } from './host-path.ts'
import { unmountBelow } from './mount.ts'
import { mountedVolumes } from './mounted-volumes.ts'
import { projectedVolume } from './projected.ts'
import { secretVolume } from './secret.ts'
import { bindPart, MakePartError } from './sub-path.ts'
import type { ContentVolume, PlaceVolume, VolumePod, VolumeSources } from './volume.ts'
import { VolumeError } from './volume-error.ts'

const places: readonly PlaceVolume[] = [emptyDirVolume, hostPathVolume]
const contents: readonly ContentVolume[] = [configMapVolume, secretVolume, downwardApiVolume, projectedVolume]

export interface VolumeFailure {
  readonly volume: string
  readonly error: Error
}

/** What a container mounts, on the host. */
export interface MountSource {
  readonly hostPath: string
  /** Whatever the mount asks for: what the API says is not for containers to change. */
  readonly readOnly: boolean
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
   * Makes every volume that a container mounts, or brings it up to date; what is there already stays in place.
   * @returns what failed; empty when all is well
   */
  async prepare(pod: VolumePod, sources: VolumeSources): Promise<VolumeFailure[]> {
    // Volumes are for any user of the pod, and for nobody else on the machine.
    for (const folder of [this.podDir(pod.uid), this.#volumesDir(pod.uid)]) {
      mkdirSync(folder, { recursive: true, mode: 0o750 })
    }
    const mounted = mountedVolumes(pod.spec)
    const outcomes = await Promise.all(
      (pod.spec.volumes ?? []).map(async (volume): Promise<VolumeFailure[]> => {
        if (!mounted.has(volume.name)) return []
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
  hostPath({ uid }: VolumePod, volume: Volume): string {
    if (volume.hostPath) return volume.hostPath.path
    return contentOf(volume)?.inMemory ? this.#memoryDir(uid, volume.name) : this.#diskDir(uid, volume.name)
  }

  /**
   * What a container mounts from, on the host.
   * @param subPath the mount's subPath, its variables already replaced; '' for the whole volume
   * @throws VolumeError; it says nothing of the host, since the pod's owner reads it
   */
  mountSource(pod: VolumePod, container: Container, mount: VolumeMount, subPath: string): MountSource {
    const volume = pod.spec.volumes?.find(({ name }) => name === mount.name)
    if (volume === undefined) {
      throw new VolumeError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`)
    }
    const root = this.hostPath(pod, volume)
    const readOnly = contentOf(volume) !== undefined
    if (subPath === '') {
      if (volume.hostPath && !volume.hostPath.type) makeMissing(root)
      return { hostPath: root, readOnly }
    }
    checkSubPath(subPath)
    const index = container.volumeMounts?.indexOf(mount) ?? 0
    const target = path.join(this.#subPathsDir(pod.uid), volume.name, container.name, String(index))
    try {
      bindPart(root, subPath, target)
    } catch (error) {
      const failed = error instanceof MakePartError ? 'create subPath directory' : 'prepare subPath'
      const message = `failed to ${failed} for volumeMount "${mount.name}" of container "${container.name}"`
      throw new VolumeError(message, { cause: error })
    }
    return { hostPath: target, readOnly }
  }

  /** Unmounts and removes what the pod's volumes held. What a hostPath names is the host's and stays. */
  async release(uid: string): Promise<void> {
    // Never remove through a mount: a sub-path may show what is not the pod's.
    unmountBelow(this.podDir(uid))
    const folders = [this.#subPathsDir(uid), this.#volumesDir(uid), path.join(this.#root, 'memory', uid)]
    for (const folder of folders) await removeTree(folder)
  }

  async #prepareOne(pod: VolumePod, volume: Volume, sources: VolumeSources): Promise<void> {
    const { uid, namespace, spec } = pod
    const { name } = volume
    const place = places.find(({ field }) => volume[field] !== undefined)
    const content = contentOf(volume)
    if (place) place.place({ volume, directory: this.#diskDir(uid, name), spec, sources })
    else if (content) {
      const payload = await content.payload({ volume, namespace, sources })
      // The modes a directory on disk and the root of a file system in memory have.
      const mode = content.inMemory ? 0o1777 : 0o777
      writeAtomically({ path: this.hostPath(pod, volume), mode, gid: spec.securityContext?.fsGroup }, payload)
    } else {
      const asked = Object.keys(volume).find(key => key !== 'name') ?? 'nothing'
      const offered = [...places, ...contents].map(({ field }) => field).join(', ')
      throw new VolumeError(`volume type ${asked} is not offered by this node, which has ${offered}`)
    }
  }

  #volumesDir(uid: string): string {
    return path.join(this.podDir(uid), 'volumes')
  }

  #subPathsDir(uid: string): string {
    return path.join(this.podDir(uid), 'volume-subpaths')
  }

  #diskDir(uid: string, name: string): string {
    return path.join(this.#volumesDir(uid), name)
  }

  #memoryDir(uid: string, name: string): string {
    return path.join(this.#root, 'memory', uid, name)
  }
}

const contentOf = (volume: Volume): ContentVolume | undefined =>
  contents.find(({ field }) => volume[field] !== undefined)

function checkSubPath(subPath: string): void {
  if (subPath.startsWith('/')) throw new VolumeError(`error SubPath \`${subPath}\` must not be an absolute path`)
  if (subPath.split('/').includes('..')) {
    throw new VolumeError(`unable to provision SubPath \`${subPath}\`: must not contain '..'`)
  }
}
