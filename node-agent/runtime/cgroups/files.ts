// A cgroup's files: small texts that the kernel answers and takes, each write one system call.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { hasCode } from '../../sys/errno.ts'
import { type LimitName, writeError } from './cgroup-error.ts'

/** One value for one file of a cgroup. */
export interface CgroupWrite {
  readonly file: string
  readonly value: string
  /** What asks for it; absent for what this runtime itself needs. */
  readonly limit?: LimitName
  /** What the machine may lack: a missing file is then told as a warning instead of an error. */
  readonly optional?: boolean
}

/** @returns a warning, when an optional file is not there */
export function write(folder: string, { file, value, limit, optional }: CgroupWrite): string | undefined {
  try {
    writeFileSync(path.join(folder, file), value)
    return undefined
  } catch (error) {
    if (optional && hasCode(error, 'ENOENT'))
      return `${file}: this kernel has no such file, so ${value} is not enforced`
    throw writeError(file, value, limit, error)
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
