// A directory that lives as long as its pod; with medium Memory, a file system of its own.
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { Quantity } from '../../api/values/quantity.ts'
import { isMountPoint, mountTmpfs } from './mount.ts'
import { VolumeError } from './payload.ts'
import type { PlaceVolume } from './volume.ts'

export const emptyDirVolume: PlaceVolume = {
  field: 'emptyDir',
  async place({ volume, diskDir, gid }) {
    const { medium = '', sizeLimit } = volume.emptyDir ?? {}
    if (medium !== '' && medium !== 'Memory') {
      throw new VolumeError(`emptyDir medium ${JSON.stringify(medium)} is not offered here; use "" or Memory`)
    }
    mkdirSync(diskDir, { recursive: true })
    if (medium === 'Memory' && !isMountPoint(diskDir)) {
      const size = sizeLimit === undefined ? [] : [`size=${Quantity.parse(sizeLimit).value()}`]
      await mountTmpfs(diskDir, ['mode=777', 'nosuid', 'nodev', ...size])
    }
    // Any user of the pod may write; what they make belongs to the pod's group.
    chmodSync(diskDir, gid === undefined ? 0o777 : 0o2777)
    if (gid !== undefined) chownSync(diskDir, 0, gid)
    return diskDir
  },
}
