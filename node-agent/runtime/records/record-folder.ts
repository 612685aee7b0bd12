// Records as files: FOLDER/ID/N.record.json, with the subject's own files beside it. Each state of a record is a file of
// its own with the next number, and the last one that is whole counts: a new file costs half of what replacing one does,
// and a kill in the middle of writing leaves the state before. Without fsync: records describe processes and namespaces,
// and a machine that lost power has none of them left.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { removeTree } from '../../../lib/remove-tree.ts'
import { hasCode } from '../../sys/errno.ts'

interface Identified {
  readonly id: string
}

interface Entry<T> {
  readonly record: T
  readonly number: number
}

const suffix = '.record.json'
/** States kept before older ones are deleted. */
const keptStates = 8

export class RecordFolder<T extends Identified> {
  readonly #folder: string
  readonly #trash: string
  readonly #entries = new Map<string, Entry<T>>()

  /** Loads what is there. What has no record was being removed, or not made yet: it goes. */
  constructor(folder: string) {
    this.#folder = folder
    this.#trash = `${folder}.trash`
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    mkdirSync(this.#trash, { recursive: true, mode: 0o700 })
    for (const id of readdirSync(folder)) {
      const entry = this.#read(id)
      if (entry) this.#entries.set(id, entry)
      else this.#discard(id)
    }
    for (const name of readdirSync(this.#trash)) this.#burn(name)
  }

  get(id: string): T | undefined {
    return this.#entries.get(id)?.record
  }

  list(): T[] {
    return [...this.#entries.values()].map(entry => entry.record)
  }

  ids(): ReadonlySet<string> {
    return new Set(this.#entries.keys())
  }

  /** The subject's own folder, made with its first record. */
  folderOf(id: string): string {
    return path.join(this.#folder, id)
  }

  save(record: T): void {
    const { id } = record
    const last = this.#entries.get(id)
    if (!last) mkdirSync(this.folderOf(id), { mode: 0o700 })
    const number = (last?.number ?? 0) + 1
    writeFileSync(this.#file(id, number), JSON.stringify(record), { mode: 0o600 })
    this.#entries.set(id, { record, number })
    if (number % keptStates === 0) this.#forgetStatesBefore(id, number)
  }

  /** Forgets a record; its folder disappears at once and is deleted in the background. */
  delete(id: string): void {
    this.#entries.delete(id)
    this.#discard(id)
  }

  #file(id: string, number: number): string {
    return path.join(this.folderOf(id), `${number}${suffix}`)
  }

  #read(id: string): Entry<T> | undefined {
    for (const number of this.#numbers(id).sort((left, right) => right - left)) {
      try {
        return { record: JSON.parse(readFileSync(this.#file(id, number), 'utf8')) as T, number }
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
        // Its writing was cut off: so that the next state does not take its number for whole.
        unlinkSync(this.#file(id, number))
      }
    }
    return undefined
  }

  #numbers(id: string): number[] {
    try {
      return readdirSync(this.folderOf(id))
        .filter(name => name.endsWith(suffix))
        .map(name => Number(name.slice(0, -suffix.length)))
    } catch (error) {
      if (hasCode(error, 'ENOTDIR')) return []
      throw error
    }
  }

  #forgetStatesBefore(id: string, number: number): void {
    for (const old of this.#numbers(id)) if (old < number) unlinkSync(this.#file(id, old))
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
    this.#burn(id)
  }

  #burn(name: string): void {
    // What a container wrote may be deeper than paths reach.
    void removeTree(path.join(this.#trash, name)).catch(() => undefined)
  }
}
