// The launcher's processes from birth to acknowledged exit.
import { closeFd } from '../../sys/fd.ts'
import { type Watch, watchReadable } from '../../sys/poll.ts'
import { foreignExitStatus, openIdentifiedPidfd, reapChild, signalPidfd } from '../../sys/process.ts'
import { type Birth } from './fork-server.ts'
import { holdOutputs, releaseOutputs } from './held-outputs.ts'
import { type ExitRecord, type ProcessRecord } from './messages.ts'
import { type LauncherRecords } from './records.ts'

interface Entry {
  readonly record: ProcessRecord
  readonly pidfd: number
  /** Somebody else's child (init's): a launcher before this one made it. */
  readonly adopted: boolean
}

/** The exit code of a process whose end nobody saw. */
const unknownExitCode = 255

export class ProcessTable {
  readonly #records: LauncherRecords
  readonly #onExit: (exit: ExitRecord) => void
  readonly #running = new Map<string, Entry>()
  readonly #exits = new Map<string, ExitRecord>()
  readonly #terminals = new Map<string, number>()
  readonly #outputs = new Map<string, readonly number[]>()

  constructor(records: LauncherRecords, onExit: (exit: ExitRecord) => void) {
    this.#records = records
    this.#onExit = onExit
  }

  /** Takes up what an earlier launcher left: its exits, and its processes as foreign ones. */
  adopt(): void {
    for (const exit of this.#records.exits.all()) this.#exits.set(exit.id, exit)
    for (const stored of this.#records.running.all()) {
      // Its exit was recorded, and only the removal of this record was cut off.
      if (this.#exits.has(stored.id)) {
        this.#records.running.remove(stored.id)
        continue
      }
      const { terminalFd: _closed, ...record } = stored
      const pidfd = openIdentifiedPidfd(record.pid, record.startTime)
      if (pidfd === undefined) this.#record(exitOf(record, { exitCode: unknownExitCode, lost: true }))
      else {
        this.#outputs.set(record.id, holdOutputs(record.outputs ?? []))
        this.#watch({ record, pidfd, adopted: true })
      }
    }
  }

  has(id: string): boolean {
    return this.#running.has(id) || this.#exits.has(id)
  }

  add(birth: Birth): void {
    const { terminalFd } = birth.record
    if (terminalFd !== undefined) this.#terminals.set(birth.record.id, terminalFd)
    this.#outputs.set(birth.record.id, birth.outputFds)
    this.#watch({ record: birth.record, pidfd: birth.pidfd, adopted: false })
  }

  running(): readonly ProcessRecord[] {
    return [...this.#running.values()].map(entry => entry.record)
  }

  exits(): readonly ExitRecord[] {
    return [...this.#exits.values()]
  }

  /** False when the process has ended or was never there. */
  signal(id: string, signal: number): boolean {
    const entry = this.#running.get(id)
    return entry !== undefined && signalPidfd(entry.pidfd, signal)
  }

  acknowledge(ids: readonly string[]): void {
    for (const id of ids) {
      if (!this.#exits.delete(id)) continue
      this.#records.exits.remove(id)
      // Kept until now, so that the last output can still be read.
      const terminal = this.#terminals.get(id)
      if (terminal !== undefined) closeFd(terminal)
      this.#terminals.delete(id)
      releaseOutputs(this.#outputs.get(id) ?? [])
      this.#outputs.delete(id)
    }
  }

  #watch(entry: Entry): void {
    this.#running.set(entry.record.id, entry)
    // A pidfd is readable once its process has ended.
    const watch: Watch = watchReadable(entry.pidfd, () => {
      const end = entry.adopted ? foreignEnd(entry) : reapChild(entry.record.pid)
      // A thread of the process ended, not the process.
      if (end === undefined) return
      watch.close()
      closeFd(entry.pidfd)
      this.#running.delete(entry.record.id)
      this.#record(exitOf(entry.record, end))
    })
  }

  /** On disk first, so that no client hears of an exit that a crash could make unheard. */
  #record(exit: ExitRecord): void {
    this.#records.exits.save(exit)
    this.#records.running.remove(exit.id)
    this.#exits.set(exit.id, exit)
    this.#onExit(exit)
  }
}

type End = Pick<ExitRecord, 'exitCode' | 'signal' | 'lost'>

function exitOf(record: ProcessRecord, end: End): ExitRecord {
  const { id, kind, pid, startTime, startedAtMs } = record
  const { exitCode, signal, lost } = end
  return {
    id,
    kind,
    pid,
    startTime,
    startedAtMs,
    exitedAtMs: Date.now(),
    exitCode,
    ...(signal !== undefined && { signal }),
    ...(lost === true && { lost }),
  }
}

function foreignEnd({ pidfd, record }: Entry): End {
  return foreignExitStatus(pidfd, record.pid, record.startTime) ?? { exitCode: unknownExitCode, lost: true }
}
