// The child's life: from clone(2) to execve(2) or _exit(2). It tells the launcher over a pipe how it went.
import { closeFd, closeOnExecFrom, readSome, writeAll } from '../../../sys/fd.ts'
import { exitNow, setDumpable, setUmask } from '../../../sys/process.ts'
import { type ProcessPlan, type ResolvedUser, type StepReport } from '../../container/plan.ts'
import { type StartFailure } from '../messages.ts'
import { StartRefusal } from './failure.ts'
import { type Inheritance } from './inheritance.ts'
import { type MachineFacts, runPlan, StepError } from './run-plan.ts'

/** Lines of JSON from the child. After `Prepared` the pipe's end means that execve(2) succeeded. */
export type ChildMessage =
  | { readonly type: 'TerminalOpened'; readonly fd: number }
  | {
      readonly type: 'Prepared'
      readonly user: ResolvedUser
      readonly steps: readonly StepReport[]
      readonly warnings: readonly string[]
    }
  | { readonly type: 'Failed'; readonly failure: StartFailure }

export interface ChildChannel {
  /** Where the child reports; closed by a successful execve(2). */
  readonly reportFd: number
  /** The launcher writes one byte here once the process is on record; its end without one means the launcher died. */
  readonly goFd: number
  /** The launcher's ends of these pipes and of others like them: copies would keep an end alive that must count. */
  readonly foreignFds: readonly number[]
}

const setupFailed = 125

/** Never returns. */
export function liveAsChild(
  plan: ProcessPlan,
  channel: ChildChannel,
  facts: MachineFacts,
  inherited: Inheritance,
  startedUs: number,
): never {
  const { reportFd, goFd, foreignFds } = channel
  const report = (message: ChildMessage): void => writeAll(reportFd, Buffer.from(`${JSON.stringify(message)}\n`))
  const nowUs = (): number => monotonicUs() - startedUs
  const bornUs = nowUs()
  try {
    // Not closed at once: V8 still signals its event loop, and libuv aborts when that descriptor is gone.
    closeOnExecFrom(3)
    foreignFds.forEach(closeFd)
    setUmask(0)
    // Nobody in a namespace we are about to join may look into this copy of the launcher.
    setDumpable(false)
    const result = runPlan(plan.steps, facts, inherited, bornUs, nowUs, fd => report({ type: 'TerminalOpened', fd }))
    const { uid, gid, supplementaryGroups } = result.state.user
    report({
      type: 'Prepared',
      user: { uid, gid, supplementaryGroups },
      steps: result.reports,
      warnings: result.state.warnings,
    })
    if (readSome(goFd, new Uint8Array(1)) === 0) exitNow(setupFailed)
    closeFd(goFd)
    return result.execute()
  } catch (error) {
    try {
      report({ type: 'Failed', failure: describeFailure(error) })
    } catch {
      // The launcher is gone: nobody is left to be told.
    }
    exitNow(setupFailed)
  }
}

export function monotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000_000 + Math.round(nanoseconds / 1000)
}

export function describeFailure(error: unknown): StartFailure {
  const step = error instanceof StepError ? error.step : 'execute'
  const cause = error instanceof StepError ? error.cause : error
  if (cause instanceof StartRefusal) {
    return { reason: cause.reason, message: cause.message, step, exitCode: cause.exitCode }
  }
  const message = cause instanceof Error ? cause.message : String(cause)
  return { reason: 'SystemCall', message: `${step}: ${message}`, step, exitCode: 128 }
}
