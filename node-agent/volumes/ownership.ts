// The group of a pod's volumes, fsGroup: it owns what they hold and may use it, and what is made in their directories
// belongs to it too. (pkg/volume/volume_linux.go)
import { chmodSync, lchownSync } from 'node:fs'

const setGroupId = 0o2000

/** What a directory's mode becomes when a group owns it. */
export const directoryMode = (mode: number, gid: number | undefined): number =>
  gid === undefined ? mode : mode | setGroupId | 0o550

/** The same, of a directory the group may write to. */
export const writableDirectoryMode = (mode: number, gid: number | undefined): number =>
  gid === undefined ? mode : mode | setGroupId | 0o770

/** What a file's mode becomes: members of the group may read it whatever the mode says to others. */
export const fileMode = (mode: number, gid: number | undefined): number => (gid === undefined ? mode : mode | 0o440)

/** The umask does not count, and changing the owner first keeps the set-group-ID bit. */
export function own(path: string, mode: number, gid: number | undefined): void {
  ownLink(path, gid)
  chmodSync(path, mode)
}

/** A symbolic link has no mode. */
export function ownLink(path: string, gid: number | undefined): void {
  if (gid !== undefined) lchownSync(path, 0, gid)
}
