// Records as files: FOLDER/ID/record.json, with the subject's own files beside it. Written whole or not at all, without
// fsync: they describe processes and namespaces, and a machine that lost power has none of them left.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { hasCode } from '../../sys/errno.ts'

interface Identified {
  readonly id: string
}

export class RecordFolder<T extends Identified> {
  readonly #folder: string
  readonly #trash: string
  readonly #records = new Map<string, T>()

  /** Loads what is there. What has no record was being removed, or not made yet: it goes. */
  constructor(folder: string) {
    this.#folder = folder
    this.#trash = `${folder}.trash`
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    mkdirSync(this.#trash, { recursive: true, mode: 0o700 })
    for (const id of readdirSync(folder)) {
      const record = this.#read(id)
      if (record) this.#records.set(id, record)
      else this.#discard(id)
    }
    this.#emptyTrash()
  }

  get(id: string): T | undefined {
    return this.#records.get(id)
  }

  list(): T[] {
    return [...this.#records.values()]
  }

  ids(): ReadonlySet<string> {
    return new Set(this.#records.keys())
  }

  /** The subject's own folder, made with its first record. */
  folderOf(id: string): string {
    return path.join(this.#folder, id)
  }

  save(record: T): void {
    const folder = this.folderOf(record.id)
    const file = path.join(folder, 'record.json')
    if (!this.#records.has(record.id)) mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(`${file}.new`, JSON.stringify(record))
    renameSync(`${file}.new`, file)
    this.#records.set(record.id, record)
  }

  /** Forgets a record; its folder disappears at once and is deleted in the background. */
  delete(id: string): void {
    this.#records.delete(id)
    this.#discard(id)
    this.#emptyTrash()
  }

  #read(id: string): T | undefined {
    try {
      return JSON.parse(readFileSync(path.join(this.#folder, id, 'record.json'), 'utf8')) as T
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return undefined
      throw error
    }
  }

  #discard(id: string): void {
    const from = this.folderOf(id)
    try {
      renameSync(from, path.join(this.#trash, id))
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return
      // Its namesake is still in the trash.
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
      rmSync(from, { recursive: true, force: true })
    }
  }

  #emptyTrash(): void {
    for (const name of readdirSync(this.#trash)) {
      void rm(path.join(this.#trash, name), { recursive: true, force: true }).catch(() => undefined)
    }
  }
}
