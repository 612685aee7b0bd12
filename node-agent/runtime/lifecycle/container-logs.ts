// The logs of the containers that run, by container.
import type { Logger } from '../../../lib/logger.ts'
import { messageOf } from '../errors.ts'
import { openTerminal } from '../launcher/terminal.ts'
import { ContainerLog, outputPaths, TerminalLog } from '../logs/container-log.ts'
import type { ContainerRecord } from '../records/records.ts'

type Log = ContainerLog | TerminalLog

/** Between two complaints about the same container's log. */
const complaintEveryMs = 60_000

export class ContainerLogs {
  readonly #open = new Map<string, Log>()
  readonly #ioDir: string
  readonly #logger: Logger

  constructor(ioDir: string, logger: Logger) {
    this.#ioDir = ioDir
    this.#logger = logger
  }

  /** Begins to read a container's FIFOs, before it starts or after this process has. */
  openFifos(record: ContainerRecord): void {
    if (this.#open.has(record.id)) return
    const log = new ContainerLog(outputPaths(this.#ioDir, record.id), record.logPath, this.#complain(record))
    this.#open.set(record.id, log)
  }

  /** @param launcherPid who holds the terminal */
  openTerminal(record: ContainerRecord, launcherPid: number, terminalFd: number): void {
    if (this.#open.has(record.id)) return
    const terminal = openTerminal(launcherPid, terminalFd)
    this.#open.set(record.id, new TerminalLog(terminal.stream, record.logPath, this.#complain(record)))
  }

  /** Answers false for a container without a log. */
  reopen(id: string): boolean {
    const log = this.#open.get(id)
    log?.reopen()
    return log !== undefined
  }

  /** Writes what is left of a container that has ended. */
  async finish(id: string): Promise<void> {
    const log = this.#open.get(id)
    this.#open.delete(id)
    try {
      await log?.finish()
    } catch (error) {
      this.#logger.warn({ container: id, error: messageOf(error) }, 'the last lines of a log could not be written')
    }
  }

  /** Leaves everything to the next runtime. */
  close(): void {
    for (const log of this.#open.values()) log.close()
    this.#open.clear()
  }

  #complain(record: ContainerRecord): () => void {
    let last = 0
    return () => {
      if (Date.now() - last < complaintEveryMs) return
      last = Date.now()
      this.#logger.warn({ container: record.id, log: record.logPath }, 'log lines are lost: the log cannot be written')
    }
  }
}
