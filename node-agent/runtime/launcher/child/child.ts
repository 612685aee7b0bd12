// The child's life: from clone(2) to execve(2) or _exit(2). It gets its plan over one pipe and tells over another how it
// went. It may have been made long before its plan was known.
import { closeAllFrom, closeOnExecFrom, writeAll } from '../../../sys/fd.ts'
import { exitNow, newSession, setDumpable, setUmask } from '../../../sys/process.ts'
import { type ProcessPlan, type ResolvedUser, type StepReport } from '../../container/plan.ts'
import { type StartFailure } from '../messages.ts'
import { StartRefusal } from './failure.ts'
import { FileSystems } from './file-systems.ts'
import { inheritFrom } from './inheritance.ts'
import { awaitGo, awaitOrders } from './orders.ts'
import { ProgramRefusal } from './program.ts'
import { type MachineFacts, type PlanResult, runPlan, StepError } from './run-plan.ts'
import { type Preparations } from './state.ts'

/** Lines of JSON from the child. After `Prepared` alone the pipe's end means that execve(2) succeeded. */
export type ChildMessage =
  | { readonly type: 'TerminalOpened'; readonly fd: number }
  | {
      readonly type: 'Prepared'
      readonly user: ResolvedUser
      readonly steps: readonly StepReport[]
      readonly warnings: readonly string[]
    }
  /** execve(2) failed, and so does the program, which by then counts as started: it complains and ends. */
  | { readonly type: 'ProgramRefused' }
  | { readonly type: 'Failed'; readonly failure: StartFailure }

export interface ChildPipes {
  /** Where the plan comes from. */
  readonly ordersFd: number
  /** Where the child reports; closed by a successful execve(2). */
  readonly reportFd: number
  /** All that the child needs of what it has inherited, these included. */
  readonly keep: readonly number[]
  /** Of the launcher, for what it lends. */
  readonly launcherPidfd: number
}

const setupFailed = 125
const programRefused = 1

/** Never returns. */
export function liveAsChild(pipes: ChildPipes, facts: MachineFacts, prepare: (ahead: Preparations) => void): never {
  const preparations: Preparations = { fileSystems: new FileSystems() }
  try {
    closeAllFrom(3, pipes.keep)
    closeOnExecFrom(3)
    // Nobody in a namespace we are about to join may look into this copy of the launcher.
    setDumpable(false)
    setUmask(0)
    newSession()
    prepare(preparations)
  } catch (error) {
    writeAll(2, Buffer.from(`launcher: a child failed before its plan: ${String(error)}\n`))
    exitNow(setupFailed)
  }
  carryOutPlan(pipes, facts, preparations)
}

/** Waits for the plan and carries it out. Never returns. */
export function carryOutPlan(
  { ordersFd, reportFd, launcherPidfd }: ChildPipes,
  facts: MachineFacts,
  preparations: Preparations,
): never {
  const report = (message: ChildMessage): void => writeAll(reportFd, Buffer.from(`${JSON.stringify(message)}\n`))
  try {
    const orders = awaitOrders(ordersFd)
    if (orders === undefined) exitNow(setupFailed)
    const { plan, lent } = orders
    const nowUs = (): number => monotonicUs() - lent.startedUs
    const inherited = inheritFrom(launcherPidfd, lent)
    const result = runPlan(plan.steps, facts, inherited, preparations, nowUs, fd =>
      report({ type: 'TerminalOpened', fd }),
    )
    const { state, steps } = result
    const { uid, gid, supplementaryGroups } = state.user
    report({ type: 'Prepared', user: { uid, gid, supplementaryGroups }, steps, warnings: state.warnings })
    if (!awaitGo(ordersFd)) exitNow(setupFailed)
    return becomeProgram(result, plan.kind, report)
  } catch (error) {
    try {
      report({ type: 'Failed', failure: describeFailure(error) })
    } catch {
      // The launcher is gone: nobody is left to be told.
    }
    exitNow(setupFailed)
  }
}

/**
 * What cannot be executed ends a container the way its users know from other runtimes: started, and ended with a
 * complaint in its log (runc's `runc init`; 1 is its exit code up to 1.1). The client of an exec is told instead.
 */
function becomeProgram(
  { execute }: PlanResult,
  kind: ProcessPlan['kind'],
  report: (message: ChildMessage) => void,
): never {
  try {
    return execute()
  } catch (error) {
    const cause = error instanceof StepError ? error.cause : error
    if (kind !== 'container' || !(cause instanceof ProgramRefusal)) throw error
    report({ type: 'ProgramRefused' })
    writeAll(2, Buffer.from(`${cause.complaint}\n`))
    exitNow(programRefused)
  }
}

export function monotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000_000 + Math.round(nanoseconds / 1000)
}

/** An error as the runtime is told of it. */
export function describeFailure(error: unknown): StartFailure {
  const step = error instanceof StepError ? error.step : undefined
  const cause = error instanceof StepError ? error.cause : error
  const where = step === undefined ? {} : { step }
  if (cause instanceof StartRefusal) {
    return { reason: cause.reason, message: cause.message, exitCode: cause.exitCode, ...where }
  }
  const message = cause instanceof Error ? cause.message : String(cause)
  return {
    reason: 'SystemCall',
    message: step === undefined ? message : `${step}: ${message}`,
    exitCode: 128,
    ...where,
  }
}
