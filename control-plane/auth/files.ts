// Files that are there whole or not at all, and secret ones that only their owner reads.
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'

const secret = 0o600
const open = 0o644

/** Replaces a file's content in one step. @param mode default 0600 */
export function writeWhole(file: string, content: string, mode = secret): void {
  const temporary = writeTemporary(file, content, mode)
  renameSync(temporary, file)
  syncDirectory(file)
}

/** Makes the file unless it exists; answers what it then holds, whoever wrote it. */
export function createOnce(file: string, content: () => string, mode = secret): string {
  const present = readIfThere(file)
  if (present !== undefined) return present
  const temporary = writeTemporary(file, content(), mode)
  try {
    // link(2), unlike rename, fails when another process was faster.
    linkSync(temporary, file)
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
  } finally {
    rmSync(temporary, { force: true })
  }
  syncDirectory(file)
  return readFileSync(file, 'utf8')
}

export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

export const publicMode = open

function writeTemporary(file: string, content: string, mode: number): string {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}.new`
  rmSync(temporary, { force: true })
  const fd = openSync(temporary, 'wx', mode)
  try {
    writeSync(fd, content)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return temporary
}

function syncDirectory(file: string): void {
  const fd = openSync(path.dirname(file), 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
