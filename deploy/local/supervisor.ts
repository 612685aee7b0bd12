// Keeps the programs of a local cluster running: starts them in order, restarts what ends with a growing
// delay, stops them in the opposite order. Its record tells others which processes are the cluster's.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { aborted, processSignal, sleep } from '../../lib/abort.ts'
import { Backoff } from '../../lib/backoff.ts'
import type { Program } from './layout.ts'
import { endProcess, processIdentity } from './process-identity.ts'
import { type ProgramRecord, readRecord, type SupervisorConfig, type SupervisorRecord } from './supervisor-record.ts'

/** Time a program gets to end by itself before it is killed. */
const stopTimeoutMs = 10_000
/** A program that ran this long starts over with the shortest delay. */
const healthyMs = 10_000

async function supervise(config: SupervisorConfig, signal: AbortSignal): Promise<void> {
  mkdirSync(path.dirname(config.record), { recursive: true, mode: 0o700 })
  mkdirSync(config.logs, { recursive: true })
  await endLeftovers(config.record)
  const record = new RecordFile(config.record)
  const stops: (() => Promise<void>)[] = []
  for (const program of config.programs) stops.push(keepRunning(program, config.logs, record))
  await aborted(signal)
  for (const stop of stops.reverse()) await stop()
  rmSync(config.record, { force: true })
}

/** A supervisor that was killed left its programs behind; two of one kind would fight over ports and sockets. */
async function endLeftovers(file: string): Promise<void> {
  const previous = readRecord(file)
  if (previous === undefined) return
  for (const { pid, startTime } of Object.values(previous.programs)) {
    if (pid !== undefined && startTime !== undefined) await endProcess({ pid, startTime }, stopTimeoutMs)
  }
}

class RecordFile {
  readonly #programs: Record<string, ProgramRecord> = {}
  readonly #file: string

  constructor(file: string) {
    this.#file = file
    this.set('', undefined)
  }

  set(name: string, program: ProgramRecord | undefined): void {
    if (program) this.#programs[name] = program
    const record: SupervisorRecord = { ...processIdentity(process.pid), programs: this.#programs }
    writeFileSync(`${this.#file}.new`, JSON.stringify(record, undefined, 2))
    renameSync(`${this.#file}.new`, this.#file)
  }
}

/** @returns how to stop the program and its restarts */
function keepRunning(program: Program, logs: string, record: RecordFile): () => Promise<void> {
  const stop = new AbortController()
  const backoff = new Backoff({ initialMs: 100, maxMs: 10_000 })
  let child: ChildProcess | undefined
  let restarts = 0

  const loop = (async () => {
    while (!stop.signal.aborted) {
      const started = performance.now()
      // Each run appends; what a crashed run said last stays readable.
      const log = openSync(path.join(logs, `${program.name}.log`), 'a')
      child = spawn(program.command, program.args, { stdio: ['ignore', log, log], detached: true })
      closeSync(log)
      const exit = exitOf(child)
      if (child.pid !== undefined) record.set(program.name, { ...processIdentity(child.pid), restarts })
      const lastExit = await exit
      restarts++
      record.set(program.name, { restarts, lastExit })
      if (performance.now() - started > healthyMs) backoff.reset(program.name)
      await sleep(backoff.next(program.name), stop.signal)
    }
  })()

  return async () => {
    stop.abort()
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      await endProcess(processIdentity(child.pid), stopTimeoutMs)
    }
    await loop
  }
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.on('error', error => resolve(error.message))
    child.on('exit', (code, signal) => resolve(signal ?? `exit code ${String(code)}`))
  })
}

if (process.argv[1] === import.meta.filename) {
  await supervise(JSON.parse(process.argv[2] ?? '') as SupervisorConfig, processSignal())
}
