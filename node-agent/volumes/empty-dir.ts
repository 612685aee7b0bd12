// A directory that lives as long as its pod; with medium Memory, a file system of its own. Any user of the pod may
// write to it, and what they do to it is theirs: it is made whole in one step, and what is there is not touched again.
import { lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Volume } from '../../api/kinds/core-v1.ts'
import { Quantity } from '../../api/values/quantity.ts'
import { isMountPoint, mountMemoryFileSystem, mountShared } from './mount.ts'
import { own, writableDirectoryMode } from './ownership.ts'
import type { PlaceVolume } from './volume.ts'
import { VolumeError } from './volume-error.ts'

export const emptyDirVolume: PlaceVolume = {
  field: 'emptyDir',
  place({ volume, directory, gid, propagates, sources }) {
    const source = volume.emptyDir ?? {}
    switch (source.medium ?? '') {
      case '':
        makeOnDisk(directory, gid)
        if (propagates && !isMountPoint(directory)) mountShared(directory)
        return
      case 'Memory':
        if (isMountPoint(directory)) return
        mkdirSync(directory, { recursive: true })
        mountMemoryFileSystem(directory, {
          mode: writableDirectoryMode(0o1777, gid),
          gid,
          sizeBytes: memorySizeBytes(source, sources.memoryBytes),
          propagates,
        })
        return
      default:
        throw new VolumeError(`unknown storage medium ${JSON.stringify(source.medium)}`)
    }
  },
}

/** It appears under its name when it is done. */
function makeOnDisk(directory: string, gid: number | undefined): void {
  if (lstatSync(directory, { throwIfNoEntry: false }) !== undefined) return
  // No volume has such a name: they are DNS labels.
  const unfinished = path.join(path.dirname(directory), `..${path.basename(directory)}`)
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished)
  own(unfinished, writableDirectoryMode(0o777, gid), gid)
  renameSync(unfinished, directory)
}

/** What a volume in memory may hold: its limit, and never more than its pod (KEP-1967). */
export function memorySizeBytes({ sizeLimit }: NonNullable<Volume['emptyDir']>, mostBytes: number): number {
  const limit = sizeLimit === undefined ? 0 : Quantity.parse(sizeLimit).value()
  return limit > 0 ? Math.min(limit, mostBytes) : mostBytes
}
