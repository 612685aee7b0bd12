// A directory that lives as long as its pod; with medium Memory or HugePages, a file system of its own. Any user of the
// pod may write to it, and what they do to it is theirs: it is made whole in one step, and what is there is not touched
// again.
import { lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Volume } from '../../api/kinds/core-v1/volumes.ts'
import { Quantity } from '../../api/values/quantity.ts'
import { hugePageBytes, isHugePages } from './huge-pages.ts'
import { isMountPoint, mountHugePages, mountMemoryFileSystem, mountShared } from './mount.ts'
import { propagates } from './mounted-volumes.ts'
import { own, writableDirectoryMode } from './ownership.ts'
import type { PlaceRequest, PlaceVolume } from './volume.ts'
import { VolumeError } from './volume-error.ts'

export const emptyDirVolume: PlaceVolume = {
  field: 'emptyDir',
  place(request) {
    const medium = request.volume.emptyDir?.medium ?? ''
    if (medium === '') placeOnDisk(request)
    else if (medium === 'Memory') placeInMemory(request)
    else if (isHugePages(medium)) placeInHugePages(request, medium)
    else throw new VolumeError(`unknown storage medium ${JSON.stringify(medium)}`)
  },
}

/** It appears under its name when it is done. */
function placeOnDisk({ volume, directory, spec }: PlaceRequest): void {
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) {
    // No volume has such a name: they are DNS labels.
    const unfinished = path.join(path.dirname(directory), `..${path.basename(directory)}`)
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(unfinished)
    const gid = spec.securityContext?.fsGroup
    own(unfinished, writableDirectoryMode(0o777, gid), gid)
    renameSync(unfinished, directory)
  }
  if (propagates(spec, volume.name) && !isMountPoint(directory)) mountShared(directory)
}

function placeInMemory({ volume, directory, spec, sources }: PlaceRequest): void {
  if (isMountPoint(directory)) return
  mkdirSync(directory, { recursive: true })
  const gid = spec.securityContext?.fsGroup
  mountMemoryFileSystem(directory, {
    mode: writableDirectoryMode(0o1777, gid),
    gid,
    sizeBytes: memorySizeBytes(volume.emptyDir ?? {}, sources.memoryBytes),
    propagates: propagates(spec, volume.name),
  })
}

/** What a volume in memory may hold: its limit, and never more than its pod (KEP-1967). */
export function memorySizeBytes({ sizeLimit }: NonNullable<Volume['emptyDir']>, mostBytes: number): number {
  const limit = sizeLimit === undefined ? 0 : Quantity.parse(sizeLimit).value()
  return limit > 0 ? Math.min(limit, mostBytes) : mostBytes
}

function placeInHugePages({ directory, spec }: PlaceRequest, medium: string): void {
  if (isMountPoint(directory)) return
  const pageBytes = hugePageBytes(medium, spec)
  mkdirSync(directory, { recursive: true })
  const gid = spec.securityContext?.fsGroup
  mountHugePages(directory, { mode: writableDirectoryMode(0o755, gid), gid, pageBytes })
}
