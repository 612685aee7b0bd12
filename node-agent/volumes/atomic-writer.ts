// Replaces the files of a directory all at once, while others read them. The files live in a directory with a name of
// its own, `..data` points to it, and each name users see points through `..data`; exchanging that one link exchanges
// everything:
//
//   app.conf → ..data/app.conf      ..data → ..2026_01_31_12_00_00.123456789
//
// The layout is Kubernetes', which programs that watch their configuration rely on.

import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { Payload } from './payload.ts'

const dataLink = '..data'
const nextLink = '..data_tmp'

/**
 * Makes the directory hold exactly the payload. A killed writer leaves the old content or the new, and what it left
 * lying is swept by the next.
 * @param gid owns the files, when set: the pod's fsGroup
 * @returns whether anything changed
 */
export function writeAtomically(directory: string, payload: Payload, gid?: number): boolean {
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  chmodSync(directory, gid === undefined ? 0o755 : 0o2775)
  if (gid !== undefined) chownSync(directory, 0, gid)
  const current = currentData(directory)
  if (current !== undefined && holds(path.join(directory, current), payload)) {
    linkNames(directory, payload)
    return false
  }
  const fresh = freshName()
  writeFiles(path.join(directory, fresh), payload, gid)
  rmSync(path.join(directory, nextLink), { force: true })
  symlinkSync(fresh, path.join(directory, nextLink))
  renameSync(path.join(directory, nextLink), path.join(directory, dataLink))
  linkNames(directory, payload)
  sweep(directory, fresh)
  return true
}

function currentData(directory: string): string | undefined {
  try {
    return readlinkSync(path.join(directory, dataLink))
  } catch {
    return undefined
  }
}

/** A name per write, sorted by time, that no file of the payload can have. */
function freshName(): string {
  const time = new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_')
  return `..${time}.${randomBytes(5).toString('hex')}`
}

function writeFiles(root: string, payload: Payload, gid: number | undefined): void {
  makeDirectory(root, gid)
  for (const [name, { data, mode }] of payload) {
    let folder = root
    for (const part of name.split('/').slice(0, -1)) {
      folder = path.join(folder, part)
      makeDirectory(folder, gid)
    }
    const file = path.join(root, name)
    writeFileSync(file, data)
    if (gid !== undefined) chownSync(file, 0, gid)
    // Members of fsGroup may read whatever the mode says to others.
    chmodSync(file, gid === undefined ? mode : mode | 0o440)
  }
}

function makeDirectory(directory: string, gid: number | undefined): void {
  mkdirSync(directory, { recursive: true })
  if (gid !== undefined) chownSync(directory, 0, gid)
  chmodSync(directory, gid === undefined ? 0o755 : 0o2775)
}

/** Whether a written directory holds exactly these files, with these bytes and modes. */
function holds(root: string, payload: Payload): boolean {
  try {
    const present = readdirSync(root, { recursive: true, withFileTypes: true }).filter(entry => !entry.isDirectory())
    if (present.length !== payload.size) return false
    return present.every(entry => {
      const file = path.join(entry.parentPath, entry.name)
      const wanted = payload.get(path.relative(root, file))
      if (wanted === undefined || !entry.isFile()) return false
      const { mode } = lstatSync(file)
      return (
        (mode & wanted.mode) === wanted.mode &&
        (mode & 0o333 & ~wanted.mode) === 0 &&
        readFileSync(file).equals(wanted.data)
      )
    })
  } catch {
    return false
  }
}

/** The names users see: the first element of every path. */
function linkNames(directory: string, payload: Payload): void {
  const wanted = new Set([...payload.keys()].map(name => name.split('/')[0] ?? name))
  const present = new Set(readdirSync(directory).filter(name => !name.startsWith('..')))
  for (const name of wanted) {
    if (!present.has(name)) symlinkSync(path.join(dataLink, name), path.join(directory, name))
  }
  for (const name of present) if (!wanted.has(name)) unlinkSync(path.join(directory, name))
}

/** Directories of earlier writes, finished or not. */
function sweep(directory: string, keep: string): void {
  for (const name of readdirSync(directory)) {
    if (/^\.\.\d{4}_/.test(name) && name !== keep) rmSync(path.join(directory, name), { recursive: true, force: true })
  }
}
