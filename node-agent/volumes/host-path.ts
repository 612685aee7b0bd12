// A file or directory of the host itself.
import { mkdirSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { VolumeError } from './payload.ts'
import type { PlaceVolume } from './volume.ts'

export const hostPathVolume: PlaceVolume = {
  field: 'hostPath',
  place({ volume }) {
    const { path, type = '' } = volume.hostPath ?? { path: '' }
    checkHostPath(path, type)
    return Promise.resolve(path)
  },
}

const checks: Readonly<Record<string, { readonly is: (stats: Stats) => boolean; readonly what: string }>> = {
  Directory: { is: stats => stats.isDirectory(), what: 'directory' },
  DirectoryOrCreate: { is: stats => stats.isDirectory(), what: 'directory' },
  File: { is: stats => stats.isFile(), what: 'file' },
  FileOrCreate: { is: stats => stats.isFile(), what: 'file' },
  Socket: { is: stats => stats.isSocket(), what: 'socket file' },
  CharDevice: { is: stats => stats.isCharacterDevice(), what: 'character device' },
  BlockDevice: { is: stats => stats.isBlockDevice(), what: 'block device' },
}

/** @throws VolumeError when what is there is not what the type says, or nothing is and the type does not make it */
function checkHostPath(path: string, type: string): void {
  const check = checks[type]
  if (check === undefined) return // The empty type: whatever is there, mounted as it is.
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined && type === 'DirectoryOrCreate') mkdirSync(path, { recursive: true, mode: 0o755 })
  else if (found === undefined && type === 'FileOrCreate') writeFileSync(path, '', { mode: 0o644, flag: 'wx' })
  else if (found === undefined || !check.is(found)) {
    throw new VolumeError(`hostPath type check failed: ${path} is not a ${check.what}`)
  }
}
