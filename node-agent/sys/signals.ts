// Signals across a fork: held back while the child is neither its parent nor its program yet.
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { hasCode } from './errno.ts'
import { syscall } from './syscall.ts'

const SIG_SETMASK = 2
const sigsetBytes = 8
const allSignals = new Uint8Array(sigsetBytes).fill(0xff)

/** Holds back every signal of the calling thread. Answers how to undo it. */
export function blockSignals(): () => void {
  const former = new Uint8Array(sigsetBytes)
  syscall('rt_sigprocmask', SIG_SETMASK, allSignals, former, sigsetBytes)
  return () => void syscall('rt_sigprocmask', SIG_SETMASK, former, null, sigsetBytes)
}

/** Bit masks of signals in /proc/PID/status (proc_pid_status(5)). */
const maskIn = (status: string, field: string): bigint =>
  BigInt(`0x${new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`)

/** Who forces what happens: no process can handle or block them. */
const forced: ReadonlySet<number> = new Set([constants.signals.SIGKILL, constants.signals.SIGSTOP])

/**
 * Whether process 1 of a PID namespace gets a signal from outside: the kernel drops what it leaves to its default action or
 * ignores, unless it is blocked, for then the action may change yet, or somebody traces the process.
 * @param pid in the caller's namespace; one that is gone hears everything
 */
export function hearsSignal(pid: number, signal: number): boolean {
  if (forced.has(signal)) return true
  let status: string
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1')
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return true
    throw error
  }
  const heard = maskIn(status, 'SigCgt') | maskIn(status, 'SigBlk')
  return ((heard >> BigInt(signal - 1)) & 1n) === 1n || !/^TracerPid:\s*0$/m.test(status)
}

/** Signals whose action this process has changed: handled or ignored ones, by /proc/self/status. */
export function changedSignals(): readonly number[] {
  const status = readFileSync('/proc/self/status', 'latin1')
  const changed = maskIn(status, 'SigIgn') | maskIn(status, 'SigCgt')
  return Array.from({ length: 64 }, (_, index) => index + 1).filter(signal => (changed >> BigInt(signal - 1)) & 1n)
}

// struct kernel_sigaction: handler (0 is SIG_DFL), flags, restorer, mask; all zero.
const defaultAction = new Uint8Array(32)

/**
 * Default actions for these signals, and none held back: for a program about to be executed, since execve(2) would keep
 * what Node ignores (SIGPIPE), and handlers of this process must not see what waited.
 */
export function releaseSignals(changed: readonly number[]): void {
  for (const signal of changed) syscall('rt_sigaction', signal, defaultAction, null, sigsetBytes)
  syscall('rt_sigprocmask', SIG_SETMASK, new Uint8Array(sigsetBytes), null, sigsetBytes)
}
