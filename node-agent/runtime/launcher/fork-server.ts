// Makes processes from plans: gives a plan to a child made before, and waits for its word that it has become its program.
import { readFileSync } from 'node:fs'
import { closeFd, setNonBlocking } from '../../sys/fd.ts'
import { type Watch, watchReadable } from '../../sys/poll.ts'
import { type ChildExit, copyDescriptor, hasExecuted, waitChild } from '../../sys/process.ts'
import { changedSignals } from '../../sys/signals.ts'
import { trySyscall } from '../../sys/syscall.ts'
import { type ProcessIdentity, type ProcessPlan, type StartedProcess } from '../container/plan.ts'
import { type ChildMessage, describeFailure, liveAsChild, monotonicUs } from './child/child.ts'
import { type FileSystem, fileSystemsOf } from './child/file-systems.ts'
import { openLoan, openProcess } from './child/inheritance.ts'
import { type DescriptorsLent } from './child/orders.ts'
import { type MachineFacts } from './child/run-plan.ts'
import { Stage } from './child/stage.ts'
import { type Preparations } from './child/state.ts'
import { type ForkedChild, forkChild } from './forked-child.ts'
import { encodeFrame } from './frames.ts'
import { holdOutputs, outputsOf, releaseOutputs } from './held-outputs.ts'
import { type ProcessRecord, type StartFailure } from './messages.ts'
import { rehearse } from './rehearsal.ts'

/** A process that runs, as its maker hands it over. */
export interface Birth {
  readonly record: ProcessRecord
  readonly started: StartedProcess
  readonly pidfd: number
  /** Descriptors of `record.outputs`. */
  readonly outputFds: readonly number[]
}

export type StartOutcome =
  | { readonly kind: 'started'; readonly birth: Birth }
  | { readonly kind: 'failed'; readonly failure: StartFailure }

type AttemptOutcome =
  | { readonly kind: 'started'; readonly birth: Omit<Birth, 'outputFds'> }
  | { readonly kind: 'failed'; readonly failure: StartFailure }
  | { readonly kind: 'crashed'; readonly exit: ChildExit }

/** Keeps a process on record from before its program runs. */
export interface BirthRegister {
  save(record: ProcessRecord): void
  remove(id: string): void
}

const maxAttempts = 4

// SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGSEGV: the copy of the interpreter itself broke down.
const crashSignals = new Set([4, 5, 6, 7, 11])

const spareDelayMs = 5

/** For V8 to learn the types and compile what is hot. */
const rehearsals = 60

export class ForkServer {
  readonly #register: BirthRegister
  readonly #facts: MachineFacts
  /** What the latest container mounted, and the next one probably will. */
  #usual: readonly FileSystem[] = []
  #spareTimer: NodeJS.Timeout | undefined
  #spare: { readonly child: ForkedChild; readonly watch: Watch } | undefined
  starts = 0
  retries = 0

  constructor(register: BirthRegister) {
    this.#register = register
    this.#facts = {
      lastCapability: Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1')),
      changedSignals: changedSignals(),
    }
    rehearse(this.#facts, rehearsals)
    this.#makeSpare()
  }

  /** @param frame the plan as it came, for the child to take it from */
  async start(plan: ProcessPlan, frame: Buffer): Promise<StartOutcome> {
    let outputFds: readonly number[]
    try {
      outputFds = holdOutputs(outputsOf(plan))
    } catch (error) {
      return { kind: 'failed', failure: describeFailure(error) }
    }
    const outcome = await this.#tryToStart(plan, frame)
    if (outcome.kind === 'started') return { kind: 'started', birth: { ...outcome.birth, outputFds } }
    releaseOutputs(outputFds)
    return outcome
  }

  async #tryToStart(plan: ProcessPlan, frame: Buffer): Promise<Exclude<AttemptOutcome, { kind: 'crashed' }>> {
    const startedUs = monotonicUs()
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(plan, frame, startedUs)
      if (outcome.kind !== 'crashed') {
        this.starts++
        return outcome
      }
      const { exit } = outcome
      if (attempt === maxAttempts || !crashSignals.has(exit.signal ?? 0)) return crashed(exit, attempt)
      this.retries++
    }
  }

  async #attempt(plan: ProcessPlan, frame: Buffer, startedUs: number): Promise<AttemptOutcome> {
    let child: ForkedChild | undefined
    try {
      child = this.#childFor(plan)
      // It reads the plan while what it is lent is opened here.
      child.order(frame)
      using loan = openLoan(plan)
      const { processes, streams } = loan
      child.order(encodeFrame({ type: 'DescriptorsLent', startedUs, processes, streams } satisfies DescriptorsLent))
      const newborn = recordOf(plan, child)
      this.#register.save(newborn)
      if (!plan.steps.some(step => step.do === 'openTerminal')) child.letGo()
      return await this.#follow(child, newborn)
    } catch (error) {
      child?.abandon()
      this.#register.remove(plan.id)
      return { kind: 'failed', failure: describeFailure(error) }
    } finally {
      this.#makeSpareSoon()
    }
  }

  /** Resolves when the child has become its program or has ended. */
  #follow(child: ForkedChild, newborn: ProcessRecord): Promise<AttemptOutcome> {
    return new Promise((resolve, reject) => {
      let record = newborn
      let prepared: Extract<ChildMessage, { type: 'Prepared' }> | undefined
      let refused = false
      let failure: StartFailure | undefined
      const hear = (message: ChildMessage): void => {
        if (message.type === 'Prepared') prepared = message
        else if (message.type === 'ProgramRefused') refused = true
        else if (message.type === 'Failed') failure = message.failure
        else {
          record = { ...newborn, terminalFd: copyDescriptor(child.pidfd, message.fd) }
          this.#register.save(record)
          child.letGo()
        }
      }
      const end = (): void => {
        child.closePipes()
        if (prepared !== undefined && failure === undefined && (refused || hasExecuted(child.pid))) {
          const { user, steps, warnings } = prepared
          const { kind: _kind, ...known } = record
          resolve({
            kind: 'started',
            birth: { record, started: { ...known, user, steps, warnings }, pidfd: child.pidfd },
          })
          return
        }
        // The child has closed its last descriptor: it has ended, or does so in this moment.
        const exit = waitChild(child.pid)
        this.#register.remove(record.id)
        closeFd(child.pidfd)
        if (record.terminalFd !== undefined) closeFd(record.terminalFd)
        resolve(failure === undefined ? { kind: 'crashed', exit } : { kind: 'failed', failure })
      }
      readMessages(child.reportFd, hear, end, reject)
    })
  }

  #childFor(plan: ProcessPlan): ForkedChild {
    const { pidNamespace } = plan
    if (typeof pidNamespace === 'object') return this.#forkInto(pidNamespace)
    if (pidNamespace === 'host') return this.#fork('host', false)
    if (plan.kind === 'container') this.#usual = fileSystemsOf(plan.steps)
    const spare = this.#spare
    this.#spare = undefined
    if (spare === undefined) return this.#fork('new', false)
    spare.watch.close()
    return spare.child
  }

  /** Once no start has asked for the processors for a moment: making a spare child would slow it down. */
  #makeSpareSoon(): void {
    clearTimeout(this.#spareTimer)
    this.#spareTimer = setTimeout(() => this.#makeSpare(), spareDelayMs)
  }

  /** Takes the fork itself, and the first touch of the child's memory, off the path of the next start. */
  #makeSpare(): void {
    if (this.#spare !== undefined) return
    const child = this.#fork('new', true)
    const watch = watchReadable(child.pidfd, () => {
      watch.close()
      this.#spare = undefined
      waitChild(child.pid)
      closeFd(child.pidfd)
      child.closePipes()
    })
    this.#spare = { child, watch }
  }

  #forkInto(process: ProcessIdentity): ForkedChild {
    const pidfd = openProcess(process)
    try {
      return this.#fork({ pidfd }, false)
    } finally {
      closeFd(pidfd)
    }
  }

  #fork(pidNamespace: Parameters<typeof forkChild>[0], warm: boolean): ForkedChild {
    const prepare = (ahead: Preparations): void => {
      ahead.stage = new Stage()
      ahead.fileSystems.prepare(this.#usual)
      warmMemory(() => rehearse(this.#facts, 1))
    }
    return forkChild(pidNamespace, pipes => liveAsChild(pipes, this.#facts, warm ? prepare : () => undefined))
  }
}

/**
 * A child shares its memory with the launcher until it writes to it, page by page at the price of a fault each. So that a
 * plan finds pages that are its own, and no collection interrupts it: work much like the plan's touches one half of the
 * young generation, and two collections (each changes halves) make room in that same half.
 */
function warmMemory(work: () => void): void {
  const collect = (): void => globalThis.gc?.({ type: 'minor' })
  collect()
  work()
  collect()
  collect()
}

function recordOf(plan: ProcessPlan, { pid, startTime }: ForkedChild): ProcessRecord {
  const outputs = outputsOf(plan)
  const held = outputs.length > 0 && { outputs }
  return { id: plan.id, kind: plan.kind, pid, startTime, startedAtMs: Date.now(), ...held }
}

function crashed(exit: ChildExit, attempts: number): Extract<StartOutcome, { kind: 'failed' }> {
  const how = exit.signal === undefined ? `with exit code ${exit.exitCode}` : `by signal ${exit.signal}`
  const hint = exit.signal === 9 ? ': killed from outside, or its memory limit is too low to start in' : ''
  const message = `the process ended ${how} before its program ran (attempt ${attempts})${hint}`
  return { kind: 'failed', failure: { reason: 'Crashed', message, exitCode: 128 } }
}

const chunk = Buffer.allocUnsafeSlow(65536)

/** Reads a child's report to its end on the event loop. */
function readMessages(
  fd: number,
  hear: (message: ChildMessage) => void,
  end: () => void,
  fail: (error: unknown) => void,
): void {
  setNonBlocking(fd, true)
  let rest = ''
  const watch = watchReadable(fd, () => {
    try {
      for (;;) {
        const length = trySyscall('read', fd, chunk, chunk.length)
        if (length < 0) return
        if (length === 0) break
        const lines = (rest + chunk.toString('utf8', 0, length)).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) hear(JSON.parse(line) as ChildMessage)
      }
      watch.close()
      end()
    } catch (error) {
      watch.close()
      fail(error)
    }
  })
}
