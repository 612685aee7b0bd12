// A part of a volume, mounted by itself. Who can write to the volume must not lead the mount out of it: the path is
// opened one element at a time without following links, each relative to the one before through /proc/self/fd, and
// what is handed on is a bind mount of the very file that was opened, not a name that could change its meaning.
// (CVE-2017-1002101, CVE-2021-25741.)
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { bindMount, isMountPoint } from './mount.ts'
import { VolumeError } from './payload.ts'

/** Linux' O_PATH, which Node does not name: opens what can't be read, and blocks on nothing. */
const oPath = 0o10000000

/**
 * Opens a path inside a volume; directories that are missing are made.
 * @returns a descriptor, to be closed by the caller
 * @throws VolumeError when the path leaves the volume
 */
export function openInVolume(root: string, subPath: string): number {
  const relative = settled(root, subPath)
  let fd = openSync(root, oPath | constants.O_DIRECTORY)
  // Whoever may write to the volume may write to the parts made of it.
  const mode = fstatSync(fd).mode & 0o7777
  try {
    for (const name of relative === '' ? [] : relative.split('/')) {
      const next = openChild(fd, name, mode)
      closeSync(fd)
      fd = next
    }
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/**
 * Mounts part of a volume onto a place of the pod's own.
 * @param target the place, made here
 * @returns the target
 */
export async function bindSubPath(root: string, subPath: string, target: string): Promise<string> {
  if (isMountPoint(target)) return target
  const fd = openInVolume(root, subPath)
  try {
    mkdirSync(path.dirname(target), { recursive: true, mode: 0o750 })
    if (fstatSync(fd).isDirectory()) mkdirSync(target, { recursive: true, mode: 0o750 })
    else writeFileSync(target, '', { mode: 0o640 })
    await bindMount(`/proc/${process.pid}/fd/${fd}`, target)
    return target
  } finally {
    closeSync(fd)
  }
}

/**
 * Links inside the volume may be followed as long as they end inside it (`app.conf → ..data/app.conf`), and are gone
 * from what is opened. What does not exist yet has no links to follow.
 */
function settled(root: string, subPath: string): string {
  if (path.isAbsolute(subPath) || subPath.split('/').includes('..')) {
    throw new VolumeError(`subPath ${JSON.stringify(subPath)} must be relative and must not contain ".."`)
  }
  const realRoot = realpathSync(root)
  let existing = path.join(root, subPath)
  const missing: string[] = []
  while (existing !== root && lstatSync(existing, { throwIfNoEntry: false }) === undefined) {
    missing.unshift(path.basename(existing))
    existing = path.dirname(existing)
  }
  const real = path.join(realpathSync(existing), ...missing)
  if (real !== realRoot && !real.startsWith(`${realRoot}/`)) {
    throw new VolumeError(`subPath ${JSON.stringify(subPath)} leads out of its volume`)
  }
  return path.relative(realRoot, real)
}

function openChild(parent: number, name: string, mode: number): number {
  const child = `/proc/self/fd/${parent}/${name}`
  const flags = oPath | constants.O_NOFOLLOW
  let fd: number
  try {
    fd = openSync(child, flags)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    mkdirSync(child, { mode })
    fd = openSync(child, flags)
    if (!fstatSync(fd).isSymbolicLink()) chmodSync(`/proc/self/fd/${fd}`, mode) // The umask took some away.
  }
  if (!fstatSync(fd).isSymbolicLink()) return fd
  closeSync(fd)
  throw new VolumeError(`subPath element ${JSON.stringify(name)} became a symbolic link while it was opened`)
}
