// The launcher's memory on disk: which processes run and which exits nobody has acknowledged. A file each, replaced by
// rename(2), so a launcher that was killed leaves nothing half-written. Without fsync: a machine that loses power loses
// its containers too.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type ExitRecord, type ProcessRecord } from './messages.ts'

export interface LauncherRecords {
  readonly running: RecordFolder<ProcessRecord>
  readonly exits: RecordFolder<ExitRecord>
}

interface RecordFolder<T extends { readonly id: string }> {
  save(record: T): void
  remove(id: string): void
  all(): T[]
}

export function openRecords(stateDir: string): LauncherRecords {
  return { running: openFolder(path.join(stateDir, 'running')), exits: openFolder(path.join(stateDir, 'exits')) }
}

const suffix = '.json'

function openFolder<T extends { readonly id: string }>(folder: string): RecordFolder<T> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const fileOf = (id: string): string => path.join(folder, `${id}${suffix}`)
  return {
    save(record) {
      const file = fileOf(record.id)
      writeFileSync(`${file}.new`, JSON.stringify(record))
      renameSync(`${file}.new`, file)
    },
    remove(id) {
      rmSync(fileOf(id), { force: true })
    },
    all() {
      return readdirSync(folder)
        .filter(name => name.endsWith(suffix))
        .map(name => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as T)
    },
  }
}
