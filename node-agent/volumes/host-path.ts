// A file or directory of the host itself.
import { mkdirSync, type Stats, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Volume } from '../../api/kinds/core-v1/volumes.ts'
import { hasCode } from '../sys/errno.ts'
import type { PlaceVolume } from './volume.ts'
import { VolumeError } from './volume-error.ts'

export const hostPathVolume: PlaceVolume = {
  field: 'hostPath',
  place({ volume }) {
    const { hostPath } = volume
    if (hostPath?.type) checkHostPath(hostPath.path, hostPath.type)
  },
}

type HostPathType = Exclude<NonNullable<NonNullable<Volume['hostPath']>['type']>, ''>

interface Check {
  readonly is: (stats: Stats) => boolean
  readonly what: string
  readonly make?: (path: string) => void
}

const directory: Check = { is: stats => stats.isDirectory(), what: 'directory' }
const file: Check = { is: stats => stats.isFile(), what: 'file' }

const checks: Readonly<Record<HostPathType, Check>> = {
  Directory: directory,
  DirectoryOrCreate: { ...directory, make: makeDirectory },
  File: file,
  FileOrCreate: { ...file, make: makeFile },
  Socket: { is: stats => stats.isSocket(), what: 'socket file' },
  CharDevice: { is: stats => stats.isCharacterDevice(), what: 'character device' },
  BlockDevice: { is: stats => stats.isBlockDevice(), what: 'block device' },
}

/** @throws VolumeError when what is there is not what the type says, or nothing is and the type does not make it */
function checkHostPath(host: string, type: HostPathType): void {
  const check = checks[type]
  const found = look(host)
  if (found === undefined && check.make) check.make(host)
  else if (found === undefined || !check.is(found)) {
    throw new VolumeError(`hostPath type check failed: ${host} is not a ${check.what}`)
  }
}

/** Undefined for what is not there, or can't be looked at. */
function look(host: string): Stats | undefined {
  try {
    return statSync(host)
  } catch {
    return undefined
  }
}

/** A path without a type that leads nowhere becomes a directory when a container mounts it. @throws VolumeError */
export function makeMissing(host: string): void {
  if (look(host) === undefined) makeDirectory(host)
}

function makeDirectory(host: string): void {
  try {
    mkdirSync(host, { recursive: true, mode: 0o755 })
  } catch (error) {
    throw failure('mkdir', nearest(host), error)
  }
}

/** Its directory has to be there. */
function makeFile(host: string): void {
  try {
    writeFileSync(host, '', { mode: 0o644, flag: 'wx' })
  } catch (error) {
    throw failure('open', host, error)
  }
}

/** The lowest part of a path that exists: what its missing parts could not be made in. */
function nearest(host: string): string {
  const parent = path.dirname(host)
  return parent === host || look(host) !== undefined ? host : nearest(parent)
}

const words: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left on device',
}

/** Worded as the C library words errors, which is how people look them up: `open /a/b: no such file or directory`. */
function failure(operation: string, host: string, error: unknown): VolumeError {
  const code = Object.keys(words).find(name => hasCode(error, name))
  const why = code === undefined ? String(error) : words[code]
  return new VolumeError(`${operation} ${host}: ${why}`, { cause: error })
}
