// A part of a volume, mounted by itself. Who can write to the volume must not lead the mount out of it: paths are
// resolved by openat2(2) below the volume's root, whatever changes meanwhile, and what is handed on is a mount of the
// very file that was opened, not a name that could change its meaning. (CVE-2017-1002101, CVE-2021-25741.)
import { chmodSync, fstatSync, lstatSync, mkdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { hasCode, ignoring } from '../sys/errno.ts'
import { closeFd, O_DIRECTORY, O_PATH } from '../sys/fd.ts'
import { unmountAll } from '../sys/mount.ts'
import { makeDirectoryAt, openInRoot, openRoot } from '../sys/rooted.ts'
import { bindDescriptor } from './mount.ts'

/** Directories of a part that are missing could not be made in the volume. */
export class MakePartError extends Error {
  override readonly name = 'MakePartError'
}

/**
 * Opens a part of a volume. Symbolic links are followed as long as they stay inside the volume; directories that are
 * missing are made, and may be used by whoever may use the volume.
 * @param subPath relative, without ".."
 * @returns a descriptor (O_PATH), to be closed by the caller
 * @throws SyscallError EXDEV when a link leads out of the volume; MakePartError
 */
export function openPart(volume: string, subPath: string): number {
  const root = openRoot(volume)
  try {
    const mode = fstatSync(root).mode & 0o7777
    return openOrMake(root, elements(subPath), mode)
  } finally {
    closeFd(root)
  }
}

const elements = (subPath: string): string[] => subPath.split('/').filter(name => name !== '' && name !== '.')

function openOrMake(root: number, names: readonly string[], mode: number): number {
  try {
    return openInRoot(root, names.join('/'), { beneath: true })
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
  const parent = openOrMake(root, names.slice(0, -1), mode)
  const name = names.at(-1) ?? ''
  try {
    const made = ignoring(['EEXIST'], () => makeDirectoryAt(parent, name, mode))
    const fd = openInRoot(parent, name, { strict: true, beneath: true, flags: O_PATH | O_DIRECTORY })
    if (made) chmodSync(`/proc/self/fd/${fd}`, mode) // The umask took some away.
    return fd
  } catch (error) {
    throw new MakePartError(`cannot make ${JSON.stringify(name)}`, { cause: error })
  } finally {
    closeFd(parent)
  }
}

/**
 * Mounts a part of a volume onto a place of the pod's own. What an earlier start mounted there goes: the file may have
 * been replaced since.
 * @param target the place, made here
 * @throws as openPart
 */
export function bindPart(volume: string, subPath: string, target: string): void {
  const fd = openPart(volume, subPath)
  try {
    unmountAll(target)
    makePlace(target, fstatSync(fd).isDirectory())
    bindDescriptor(fd, target)
  } finally {
    closeFd(fd)
  }
}

/** A place of the kind that is mounted there: a directory on a directory, anything else on a file. */
function makePlace(target: string, isDirectory: boolean): void {
  const present = lstatSync(target, { throwIfNoEntry: false })
  if (present?.isDirectory() === isDirectory) return
  // Empty, or something is mounted on it after all: neither removes more than the place.
  if (present?.isDirectory()) rmdirSync(target)
  else if (present) unlinkSync(target)
  mkdirSync(path.dirname(target), { recursive: true, mode: 0o750 })
  if (isDirectory) mkdirSync(target, { mode: 0o750 })
  else writeFileSync(target, '', { mode: 0o640 })
}
