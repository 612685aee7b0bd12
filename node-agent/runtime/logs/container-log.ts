// All of one container's output on its way to one log file.
import { mkdirSync, rmdirSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { ignoring } from '../../sys/errno.ts'
import { makeFifo } from '../../sys/fifo.ts'
import { encodeLines, encodeRest, logTimestamp } from './cri-lines.ts'
import { FifoPump, journalOf } from './fifo-pump.ts'
import { LogFile } from './log-file.ts'

/** Where a container's standard streams are, in a folder of its own that lives as long as the machine is up. */
export interface OutputPaths {
  readonly folder: string
  readonly stdin: string
  readonly stdout: string
  readonly stderr: string
}

export function outputPaths(ioDir: string, containerId: string): OutputPaths {
  const folder = path.join(ioDir, containerId)
  return {
    folder,
    stdin: path.join(folder, 'stdin'),
    stdout: path.join(folder, 'stdout'),
    stderr: path.join(folder, 'stderr'),
  }
}

export function makeOutputs(paths: OutputPaths): void {
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 })
  for (const fifo of [paths.stdin, paths.stdout, paths.stderr]) makeFifo(fifo)
}

export function removeOutputs(paths: OutputPaths): void {
  for (const fifo of [paths.stdin, paths.stdout, paths.stderr]) {
    for (const file of [fifo, journalOf(fifo)]) ignoring(['ENOENT'], () => unlinkSync(file))
  }
  ignoring(['ENOENT'], () => rmdirSync(paths.folder))
}

/** Nothing is kept of output whose container has no log path. */
const nowhere = '/dev/null'

export class ContainerLog {
  readonly #file: LogFile
  readonly #pumps: readonly FifoPump[]

  /** Begins to read (or goes on after a restart). @param logPath absolute; undefined throws the output away */
  constructor(paths: OutputPaths, logPath: string | undefined, onDropped: () => void) {
    this.#file = new LogFile(logPath ?? nowhere)
    this.#pumps = [
      new FifoPump('stdout', paths.stdout, this.#file, onDropped),
      new FifoPump('stderr', paths.stderr, this.#file, onDropped),
    ]
  }

  reopen(): void {
    this.#file.reopen()
  }

  /** After the container's exit: writes what is left and closes. */
  finish(): Promise<void> {
    for (const pump of this.#pumps) pump.finish()
    this.#file.close()
    return Promise.resolve()
  }

  /** Stops without finishing: the next runtime goes on. */
  close(): void {
    for (const pump of this.#pumps) pump.close()
    this.#file.close()
  }
}

/** How long a terminal may take to say its last words after its processes have gone. */
const lastWordsMs = 1000

/** The log of a container whose output is a terminal: one stream, with the terminal's line ends. */
export class TerminalLog {
  readonly #file: LogFile
  readonly #terminal: Duplex
  readonly #onDropped: () => void
  #carry: Buffer = Buffer.alloc(0)

  constructor(terminal: Duplex, logPath: string | undefined, onDropped: () => void) {
    this.#file = new LogFile(logPath ?? nowhere)
    this.#terminal = terminal
    this.#onDropped = onDropped
    terminal.on('data', this.#take)
  }

  readonly #take = (chunk: Buffer): void => {
    const { output, carry } = encodeLines('stdout', this.#carry, chunk, logTimestamp(Date.now()))
    this.#carry = carry
    if (!this.#file.append(output)) this.#onDropped()
  }

  reopen(): void {
    this.#file.reopen()
  }

  async finish(): Promise<void> {
    if (!this.#terminal.closed) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, lastWordsMs)
        this.#terminal.once('close', () => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    this.#file.append(encodeRest('stdout', this.#carry, logTimestamp(Date.now())))
    this.close()
  }

  close(): void {
    this.#terminal.off('data', this.#take)
    this.#terminal.destroy()
    this.#file.close()
  }
}
