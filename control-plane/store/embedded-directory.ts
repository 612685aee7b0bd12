// The folder the embedded store lives in: opened by one process at a time, checked before LMDB maps
// it (LMDB takes the file's word for its own structure and would crash the process on a damaged one).
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statfsSync,
  truncateSync,
} from 'node:fs'
import path from 'node:path'
import type { Database, RootDatabase } from 'lmdb'
import { DamagedRecordError, formatVersion, readLive, readRecord, writeNumber } from './embedded-records.ts'
import { StoreUnavailableError } from './store.ts'

export type Table = Database<Buffer, Buffer>

export interface Tables {
  readonly root: RootDatabase<Buffer, Buffer>
  readonly keys: Table
  readonly history: Table
  readonly expiry: Table
  readonly meta: Table
}

/** Address space, not disk: the file grows as it is used. */
const mapBytes = 64 * 2 ** 30
const binary = { encoding: 'binary', keyEncoding: 'binary' } as const
const ownerKey = Buffer.from('owner')
const formatKey = Buffer.from('format')

/**
 * Opens the tables and takes ownership of the directory, which is made when it is missing.
 * @throws Error that says what stands in the way: no permission, another process, damage.
 */
export async function openTables(directory: string): Promise<Tables> {
  const file = path.join(directory, 'data.mdb')
  prepare(directory, file)
  const missing = checkFile(directory, file)
  // Reading a mapped page behind the end of the file is a SIGBUS; reading a page of zeros is an error.
  if (missing) truncateSync(file, missing.fullBytes)
  const { open } = await import('lmdb')
  let root: RootDatabase<Buffer, Buffer> | undefined
  try {
    // Measured for a lone write: a commit that waits for its own flush (no overlapping) and starts at
    // once (no batching by event turn) takes 0.5 ms at the median and 0.9 ms at p99; the defaults 0.6
    // and 8 ms. Grouping is done by EmbeddedStore, which keeps one transaction in flight.
    const opened = open<Buffer, Buffer>(directory, {
      ...binary,
      noSubdir: false,
      mapSize: mapBytes,
      overlappingSync: false,
      eventTurnBatching: false,
    })
    root = opened
    const table = (name: string): Table => opened.openDB<Buffer, Buffer>(name, binary)
    const tables = {
      root,
      keys: table('keys'),
      history: table('history'),
      expiry: table('expiry'),
      meta: table('meta'),
    }
    if (missing) readEverything(tables)
    takeOwnership(directory, tables)
    return tables
  } catch (error) {
    await root?.close()
    if (missing) truncateSync(file, missing.actualBytes)
    throw storageError(directory, error)
  }
}

/** Gives the directory back and closes its tables. */
export async function closeTables(tables: Tables): Promise<void> {
  try {
    await tables.root.transaction(() => tables.meta.removeSync(ownerKey))
  } finally {
    await tables.root.close()
  }
}

function prepare(directory: string, file: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK)
  } catch (error) {
    throw new StoreUnavailableError(
      `cannot use ${directory} for the store: ${messageOf(error)}; choose a directory this user can write to`,
      { cause: error },
    )
  }
}

// The layout of a meta page (struct MDB_meta behind a page header of 24 bytes, little endian).
const metaMagic = 0xbeefc0de
const magicAt = 24
const pageSizeAt = 48
const rootsAt = [88, 136]
const lastPageAt = 144
const metaBytes = 168
const noPage = 2n ** 64n - 1n

/**
 * Refuses a file that is not LMDB's or lacks pages that its tables begin in.
 * @returns the sizes of a file that ends before its last page. LMDB leaves it so when the last pages
 *   are free, but it is also what a truncated copy looks like: the caller reads everything once.
 */
function checkFile(directory: string, file: string): { fullBytes: number; actualBytes: number } | undefined {
  if (!existsSync(file)) return undefined
  const fd = openSync(file, 'r')
  let fullBytes = 0
  try {
    const { size } = fstatSync(fd)
    if (size === 0) return undefined
    const page = Buffer.alloc(metaBytes)
    for (let number = 0, pageBytes = 0; number < 2; number++) {
      const read = readSync(fd, page, 0, metaBytes, number * pageBytes)
      if (read < metaBytes || page.readUInt32LE(magicAt) !== metaMagic) {
        throw damaged(directory, 'data.mdb does not begin as a store does')
      }
      pageBytes = page.readUInt32LE(pageSizeAt)
      const pages = BigInt(Math.floor(size / pageBytes))
      for (const at of rootsAt) {
        const root = page.readBigUInt64LE(at)
        if (root !== noPage && root >= pages) throw damaged(directory, 'data.mdb has been cut short')
      }
      fullBytes = Math.max(fullBytes, Number(page.readBigUInt64LE(lastPageAt) + 1n) * pageBytes)
    }
    return size < fullBytes ? { fullBytes, actualBytes: size } : undefined
  } finally {
    closeSync(fd)
  }
}

function readEverything(tables: Tables): void {
  for (const { value } of tables.history.getRange({})) readRecord(value)
  for (const { value } of tables.keys.getRange({})) {
    if (!tables.history.doesExist(writeNumber(readLive(value).revision))) {
      throw new DamagedRecordError('a key has lost its value')
    }
  }
}

interface Owner {
  readonly pid: number
  readonly startTime: string
  readonly bootId: string
}

/** A transaction is atomic among processes, so of two that start together one sees the other. */
function takeOwnership(directory: string, tables: Tables): void {
  const self: Owner = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '', bootId: bootId() }
  tables.root.transactionSync(() => {
    const format = tables.meta.get(formatKey)?.toString()
    if (format !== undefined && format !== formatVersion) {
      throw new StoreUnavailableError(
        `the store in ${directory} has format ${format}, this program reads ${formatVersion}: use the program that wrote it`,
      )
    }
    const bytes = tables.meta.get(ownerKey)
    const owner = bytes && (JSON.parse(bytes.toString()) as Owner)
    if (owner && owner.bootId === self.bootId && startTimeOf(owner.pid) === owner.startTime) {
      throw new StoreUnavailableError(
        `the store in ${directory} is in use by process ${owner.pid}: stop that one first, or choose another directory`,
      )
    }
    tables.meta.putSync(formatKey, Buffer.from(formatVersion))
    tables.meta.putSync(ownerKey, Buffer.from(JSON.stringify(self)))
  })
}

/** When a process was started, in clock ticks since boot (proc(5), stat field 22); undefined: it is gone. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

// errno(3) and LMDB's own codes (lmdb.h).
const eio = 5
const enospc = 28
const edquot = 122
const corruption = new Set([-30797, -30796, -30795, -30794, -30793])

/** What LMDB reports, as what is wrong and what to do. Nothing of a failed transaction is kept. */
export function storageError(directory: string, error: unknown): Error {
  if (error instanceof StoreUnavailableError) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  // LMDB reports a write that was cut short, which is how a disk fills up, as EIO.
  if (code === enospc || code === edquot || (code === eio && freeBytes(directory) < 2 ** 20)) {
    return new StoreUnavailableError(
      `the disk of the store in ${directory} is full: nothing was written; free some space, then it works again`,
      { cause: error },
    )
  }
  if (error instanceof DamagedRecordError || (typeof code === 'number' && corruption.has(code))) {
    return damaged(directory, messageOf(error))
  }
  return new StoreUnavailableError(`the store in ${directory} failed: ${messageOf(error)}`, { cause: error })
}

function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}

function damaged(directory: string, what: string): StoreUnavailableError {
  return new StoreUnavailableError(
    `the store in ${directory} is damaged (${what}): restore it from a backup, or move it away to start empty`,
  )
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
