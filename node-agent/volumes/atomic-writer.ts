// Replaces the files of a directory all at once, while others read them. The files live in a directory with a name of
// its own, `..data` points to it, and each name users see points through `..data`; exchanging that one link exchanges
// everything:
//
//   app.conf → ..data/app.conf      ..data → ..2026_01_31_12_00_00.1234567890
//
// The layout is Kubernetes', which programs that watch their configuration rely on: when `..data` changes, every name
// is there.
import { randomInt } from 'node:crypto'
import {
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
import { directoryMode, fileMode, own, ownLink, writableDirectoryMode } from './ownership.ts'
import { cleanPath, type Payload, type PayloadFile } from './payload.ts'

const dataLink = '..data'
const nextLink = '..data_tmp'

export interface AtomicDirectory {
  readonly path: string
  /** Before a group owns it. */
  readonly mode: number
  /** Owns the directory and all in it, when set: the pod's fsGroup. */
  readonly gid: number | undefined
}

/**
 * Makes the directory hold exactly the payload. A killed writer leaves the old content or the new, and what it left
 * lying is swept by the next.
 * @returns whether anything changed
 * @throws VolumeError for a path that leaves the directory
 */
export function writeAtomically(directory: AtomicDirectory, payload: Payload): boolean {
  const files = cleaned(payload)
  const { path: root, gid } = directory
  mkdirSync(root, { recursive: true })
  own(root, writableDirectoryMode(directory.mode, gid), gid)
  const current = currentData(root)
  if (current !== undefined && holds(path.join(root, current), files, gid)) {
    addNames(root, files, gid)
    removeNames(root, files)
    return false
  }
  const fresh = freshName()
  writeFiles(path.join(root, fresh), files, gid)
  addNames(root, files, gid)
  const next = path.join(root, nextLink)
  rmSync(next, { force: true })
  symlinkSync(fresh, next)
  ownLink(next, gid)
  renameSync(next, path.join(root, dataLink))
  removeNames(root, files)
  sweep(root, fresh)
  return true
}

const cleaned = (payload: Payload): Payload => new Map([...payload].map(([name, file]) => [cleanPath(name), file]))

function currentData(root: string): string | undefined {
  try {
    return readlinkSync(path.join(root, dataLink))
  } catch {
    return undefined
  }
}

/** A name per write, sorted by time, that no file of the payload can have. */
function freshName(): string {
  const time = new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_')
  return `..${time}.${randomInt(2 ** 32)}`
}

function writeFiles(data: string, payload: Payload, gid: number | undefined): void {
  makeDirectory(data, gid)
  for (const [name, file] of payload) {
    let folder = data
    for (const part of name.split('/').slice(0, -1)) {
      folder = path.join(folder, part)
      makeDirectory(folder, gid)
    }
    const at = path.join(data, name)
    writeFileSync(at, file.data)
    own(at, fileMode(file.mode, gid), gid)
  }
}

function makeDirectory(directory: string, gid: number | undefined): void {
  mkdirSync(directory, { recursive: true })
  own(directory, directoryMode(0o755, gid), gid)
}

/** Whether a written directory holds exactly these files, with these bytes and modes. */
function holds(data: string, payload: Payload, gid: number | undefined): boolean {
  try {
    const present = readdirSync(data, { recursive: true, withFileTypes: true }).filter(entry => !entry.isDirectory())
    return (
      present.length === payload.size &&
      present.every(entry => {
        const file = path.join(entry.parentPath, entry.name)
        const wanted = payload.get(path.relative(data, file))
        return wanted !== undefined && entry.isFile() && isWritten(file, wanted, gid)
      })
    )
  } catch {
    return false
  }
}

function isWritten(file: string, wanted: PayloadFile, gid: number | undefined): boolean {
  const status = lstatSync(file)
  const owned = gid === undefined || status.gid === gid
  return owned && (status.mode & 0o7777) === fileMode(wanted.mode, gid) && readFileSync(file).equals(wanted.data)
}

/** The names users see: the first element of every path. */
const visibleNames = (payload: Payload): Set<string> =>
  new Set([...payload.keys()].map(name => name.split('/')[0] ?? name))

function addNames(root: string, payload: Payload, gid: number | undefined): void {
  const present = new Set(readdirSync(root))
  for (const name of visibleNames(payload)) {
    if (present.has(name)) continue
    symlinkSync(path.join(dataLink, name), path.join(root, name))
    ownLink(path.join(root, name), gid)
  }
}

/** What is no link stays: somebody mounts it by subPath, a key that was not there. */
function removeNames(root: string, payload: Payload): void {
  const wanted = visibleNames(payload)
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const { name } = entry
    if (entry.isSymbolicLink() && !name.startsWith('..') && !wanted.has(name)) unlinkSync(path.join(root, name))
  }
}

/** Directories of earlier writes, finished or not. */
function sweep(root: string, keep: string): void {
  for (const name of readdirSync(root)) {
    if (/^\.\.\d{4}_/.test(name) && name !== keep) rmSync(path.join(root, name), { recursive: true, force: true })
  }
}
