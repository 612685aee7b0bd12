// What the launcher and its clients say to each other over the unix socket: frames of a 4-byte little-endian length and
// that much JSON. A request carries a number the answer repeats; what the launcher says of its own accord has none.
// What runs is never stopped for an upgrade, so a runtime may meet a launcher of another build: see `launcherProtocol`.
import { type ProcessIdentity, type ProcessPlan, type StartedProcess, type StepName } from '../container/plan.ts'

/**
 * The number of what launcher and runtime must agree on to start processes: the plan, its steps and what they mean, and
 * this file. Raise it with every change by which one side could misunderstand the other.
 *
 * Frames and the messages List, Signal, Info, ExitsAcknowledged and Exited only ever gain fields: with these a runtime
 * looks after what an older or newer launcher holds.
 */
export const launcherProtocol = 3

/** How a process ended; kept by the launcher, on disk too, until a client acknowledges it. */
export interface ExitRecord extends ProcessIdentity {
  readonly id: string
  readonly kind: ProcessPlan['kind']
  readonly startedAtMs: number
  /** Milliseconds since 1970. */
  readonly exitedAtMs: number
  /** 0 to 255; 128 + signal when a signal ended it; 255 when nobody could see it (`lost`). */
  readonly exitCode: number
  /** The signal's number when one ended it. */
  readonly signal?: number
  /** The launcher was not there when the process ended: when and how is unknown. */
  readonly lost?: boolean
}

export interface ProcessRecord extends ProcessIdentity {
  readonly id: string
  readonly kind: ProcessPlan['kind']
  readonly startedAtMs: number
  readonly terminalFd?: number
  /** Output FIFOs that the launcher holds open until the exit is acknowledged. */
  readonly outputs?: readonly string[]
}

export interface LauncherInfo {
  readonly pid: number
  readonly startedAtMs: number
  readonly rssBytes: number
  /** Processes started, and starts repeated because the forked child crashed before it had done anything. */
  readonly starts: number
  readonly retries: number
  /** Its `launcherProtocol`. */
  readonly protocol: number
}

export type StartFailureReason =
  /** The program does not exist (exit code 127) or cannot be executed (126). */
  | 'ProgramNotFound'
  | 'ProgramNotExecutable'
  /** The plan asks for what cannot be: a user not in /etc/passwd, a mount target that is no directory. */
  | 'InvalidPlan'
  /** A system call failed. */
  | 'SystemCall'
  /** The child died on the way, several times, or was killed (out of memory). */
  | 'Crashed'
  /** A process of that id runs already, or its exit is not acknowledged yet. */
  | 'AlreadyExists'

export interface StartFailure {
  readonly reason: StartFailureReason
  readonly message: string
  readonly step?: StepName
  /** What a shell would exit with: 127, 126, else 128. */
  readonly exitCode: number
}

export type ClientMessage =
  | { readonly type: 'StartRequested'; readonly seq: number; readonly plan: ProcessPlan }
  | { readonly type: 'SignalRequested'; readonly seq: number; readonly id: string; readonly signal: number }
  | { readonly type: 'ListRequested'; readonly seq: number }
  | { readonly type: 'InfoRequested'; readonly seq: number }
  | { readonly type: 'ExitsAcknowledged'; readonly seq: number; readonly ids: readonly string[] }

export type LauncherMessage =
  | { readonly type: 'Started'; readonly seq: number; readonly process: StartedProcess }
  | { readonly type: 'StartFailed'; readonly seq: number; readonly failure: StartFailure }
  | { readonly type: 'Signalled'; readonly seq: number; readonly found: boolean }
  | {
      readonly type: 'Listed'
      readonly seq: number
      readonly running: readonly ProcessRecord[]
      readonly exits: readonly ExitRecord[]
    }
  | { readonly type: 'Told'; readonly seq: number; readonly info: LauncherInfo }
  | { readonly type: 'Forgotten'; readonly seq: number }
  | { readonly type: 'Refused'; readonly seq: number; readonly message: string }
  /** Of its own accord, to every client. */
  | { readonly type: 'Exited'; readonly exit: ExitRecord }
