// Makes processes from plans: clone(2), then waits for the child's word that it has become its program.
import { readFileSync } from 'node:fs'
import { forkRaw } from '../../sys/clone.ts'
import { closeFd, makePipe, O_RDONLY, openPath, setNonBlocking } from '../../sys/fd.ts'
import { joinNamespace, joinProcessNamespaces } from '../../sys/namespaces.ts'
import { type Watch, watchReadable } from '../../sys/poll.ts'
import {
  type ChildExit,
  copyDescriptor,
  hasExecuted,
  openPidfd,
  processStartTime,
  waitChild,
} from '../../sys/process.ts'
import { blockSignals, changedSignals } from '../../sys/signals.ts'
import { trySyscall } from '../../sys/syscall.ts'
import { type ProcessPlan, type StartedProcess } from '../container/plan.ts'
import { type ChildMessage, describeFailure, liveAsChild, monotonicUs } from './child/child.ts'
import { type Inheritance, openInheritance } from './child/inheritance.ts'
import { type MachineFacts } from './child/run-plan.ts'
import { type ProcessRecord, type StartFailure } from './messages.ts'
import { rehearse } from './rehearsal.ts'

/** A process that runs, as its maker hands it over. */
export interface Birth {
  readonly record: ProcessRecord
  readonly started: StartedProcess
  readonly pidfd: number
}

export type StartOutcome =
  | { readonly kind: 'started'; readonly birth: Birth }
  | { readonly kind: 'failed'; readonly failure: StartFailure }

/** Keeps a process on record from before its program runs. */
export interface BirthRegister {
  save(record: ProcessRecord): void
  remove(id: string): void
}

const maxAttempts = 4

// SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGSEGV: the copy of the interpreter itself broke down.
const crashSignals = new Set([4, 5, 6, 7, 11])

export class ForkServer {
  readonly #register: BirthRegister
  readonly #ownPidNamespace = openPath('/proc/self/ns/pid', O_RDONLY)
  readonly #facts: MachineFacts = {
    lastCapability: Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1')),
    changedSignals: changedSignals(),
  }
  /** Write ends of the pipes on which children wait to be let go. */
  readonly #held = new Set<number>()
  starts = 0
  retries = 0

  constructor(register: BirthRegister) {
    this.#register = register
    rehearse(this.#facts)
  }

  async start(plan: ProcessPlan): Promise<StartOutcome> {
    const startedUs = monotonicUs()
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(plan, startedUs)
      if (outcome.kind !== 'crashed') {
        this.starts++
        return outcome
      }
      const { exit } = outcome
      if (attempt === maxAttempts || !crashSignals.has(exit.signal ?? 0)) return crashed(exit, attempt)
      this.retries++
    }
  }

  #attempt(
    plan: ProcessPlan,
    startedUs: number,
  ): Promise<StartOutcome | { readonly kind: 'crashed'; readonly exit: ChildExit }> {
    let inherited: ReturnType<typeof openInheritance>
    try {
      inherited = openInheritance(plan)
    } catch (error) {
      return Promise.resolve({ kind: 'failed', failure: describeFailure(error) })
    }
    const report = makePipe()
    const go = makePipe()
    this.#held.add(go.writeEnd)
    let pid: number
    try {
      pid = this.#fork(plan, inherited, () => {
        const foreignFds = [report.readEnd, ...this.#held]
        liveAsChild(
          plan,
          { reportFd: report.writeEnd, goFd: go.readEnd, foreignFds },
          this.#facts,
          inherited,
          startedUs,
        )
      })
    } catch (error) {
      closeFd(report.readEnd)
      this.#close(go.writeEnd)
      return Promise.resolve({ kind: 'failed', failure: describeFailure(error) })
    } finally {
      closeFd(report.writeEnd)
      closeFd(go.readEnd)
      inherited.close()
    }
    // Our own child, not yet waited for: both exist, even if it has died already.
    const pidfd = openPidfd(pid)
    const startTime = processStartTime(pid) ?? 0
    const newborn = { id: plan.id, kind: plan.kind, pid, startTime, startedAtMs: Date.now() }
    this.#register.save(newborn)
    const waitsForTerminal = plan.steps.some(step => step.do === 'openTerminal')
    if (!waitsForTerminal) this.#letGo(go.writeEnd)
    return new Promise(resolve => {
      let terminalFd: number | undefined
      let prepared: Extract<ChildMessage, { type: 'Prepared' }> | undefined
      let failure: StartFailure | undefined
      readLines(report.readEnd, {
        line: text => {
          const message = JSON.parse(text) as ChildMessage
          if (message.type === 'Prepared') prepared = message
          else if (message.type === 'Failed') failure = message.failure
          else {
            terminalFd = copyDescriptor(pidfd, message.fd)
            this.#register.save({ ...newborn, terminalFd })
            this.#letGo(go.writeEnd)
          }
        },
        end: () => {
          if (prepared !== undefined && failure === undefined && hasExecuted(pid)) {
            const { user, steps, warnings } = prepared
            const record: ProcessRecord = { ...newborn, ...(terminalFd !== undefined && { terminalFd }) }
            const { id, startedAtMs } = record
            const terminal = terminalFd !== undefined && { terminalFd }
            const started: StartedProcess = { id, pid, startTime, startedAtMs, user, steps, warnings, ...terminal }
            resolve({ kind: 'started', birth: { record, started, pidfd } })
            return
          }
          // The child has closed its last descriptor: it has ended, or does so in this moment.
          const exit = waitChild(pid)
          this.#register.remove(plan.id)
          closeFd(pidfd)
          if (terminalFd !== undefined) closeFd(terminalFd)
          resolve(failure === undefined ? { kind: 'crashed', exit } : { kind: 'failed', failure })
        },
      })
    })
  }

  #letGo(goFd: number): void {
    // EPIPE: the child has died, which its report tells.
    trySyscall('write', goFd, new Uint8Array(1), 1)
    this.#close(goFd)
  }

  #close(goFd: number): void {
    this.#held.delete(goFd)
    closeFd(goFd)
  }

  /** The child's number. The child itself lives and ends in `live`. */
  #fork(plan: ProcessPlan, inherited: Inheritance, live: () => void): number {
    const join = plan.pidNamespaceOf
    // A joined PID namespace counts for children only, so the launcher enters it for the moment of the clone.
    if (join !== undefined) joinProcessNamespaces(inherited.processFd(join), ['pid'], `process ${join.pid}`)
    const unblock = blockSignals()
    try {
      const pid = forkRaw(plan.clone)
      if (pid === 0) live()
      return pid
    } finally {
      unblock()
      if (join !== undefined) joinNamespace(this.#ownPidNamespace, 'pid', 'the own PID namespace')
    }
  }
}

function crashed(exit: ChildExit, attempts: number): StartOutcome {
  const how = exit.signal === undefined ? `with exit code ${exit.exitCode}` : `by signal ${exit.signal}`
  const hint = exit.signal === 9 ? ': killed from outside, or its memory limit is too low to start in' : ''
  const message = `the process ended ${how} before its program ran (attempt ${attempts})${hint}`
  return { kind: 'failed', failure: { reason: 'Crashed', message, exitCode: 128 } }
}

interface LineListener {
  line(text: string): void
  end(): void
}

const chunk = Buffer.allocUnsafeSlow(65536)

/** Reads a pipe to its end on the event loop, and closes it. */
function readLines(fd: number, listener: LineListener): void {
  setNonBlocking(fd, true)
  let rest = ''
  const watch: Watch = watchReadable(fd, () => {
    for (;;) {
      const length = trySyscall('read', fd, chunk, chunk.length)
      if (length < 0) return
      if (length === 0) {
        watch.close()
        closeFd(fd)
        listener.end()
        return
      }
      const lines = (rest + chunk.toString('utf8', 0, length)).split('\n')
      rest = lines.pop() ?? ''
      lines.forEach(listener.line)
    }
  })
}
