// A cgroup's files: small texts that the kernel answers and takes, each write one system call.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { hasCode } from '../../sys/errno.ts'

/** A cgroup file refused a value. The message names the file, the value and what to do where that is known. */
export class CgroupError extends Error {
  override readonly name = 'CgroupError'
}

/** One value for one file of a cgroup. */
export interface CgroupWrite {
  readonly file: string
  readonly value: string
  /** What the machine may lack: a missing file is then told as a warning instead of an error. */
  readonly optional?: boolean
}

/** @returns a warning, when an optional file is not there */
export function write(folder: string, { file, value, optional }: CgroupWrite): string | undefined {
  const target = path.join(folder, file)
  try {
    writeFileSync(target, value)
    return undefined
  } catch (error) {
    if (optional && hasCode(error, 'ENOENT'))
      return `${target}: this kernel has no such file, so ${value} is not enforced`
    throw new CgroupError(`writing ${JSON.stringify(value)} to ${target}: ${reason(error)}`, { cause: error })
  }
}

/** @returns undefined when there is no such file */
export function read(folder: string, file: string): string | undefined {
  try {
    return readFileSync(path.join(folder, file), 'utf8')
  } catch (error) {
    // ENODEV: the cgroup was removed while its file was open.
    if (hasCode(error, 'ENOENT', 'ENODEV')) return undefined
    throw error
  }
}

export function readNumber(folder: string, file: string): number | undefined {
  const text = read(folder, file)?.trim()
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text)
}

/** A file of `key value` lines, such as memory.stat. */
export function readFlat(folder: string, file: string): ReadonlyMap<string, number> {
  const lines = read(folder, file)?.trim().split('\n') ?? []
  return new Map(lines.map(line => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]))
}

/** Names of the cgroups directly inside; none when there is no such cgroup. */
export function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENODEV')) return []
    throw error
  }
}

function reason(error: unknown): string {
  if (hasCode(error, 'EBUSY')) return 'EBUSY: more is in use than the new limit allows'
  if (hasCode(error, 'EINVAL')) return 'EINVAL: the kernel does not accept this value here (a parent may allow less)'
  if (hasCode(error, 'EACCES', 'EROFS')) return 'the hierarchy is not writable: run as root where cgroups are delegated'
  return error instanceof Error ? error.message : String(error)
}
