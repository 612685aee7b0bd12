// Signal dispositions, reset for a program about to be executed.
import { syscall, trySyscall } from './syscall.ts'

const SIG_SETMASK = 2
const allSignals = new Uint8Array(8).fill(0xff)
const LAST_SIGNAL = 64
const sigsetBytes = 8

/** Every signal's default action, and none blocked: execve(2) would keep what Node ignores (SIGPIPE). */
export function resetSignals(): void {
  // struct kernel_sigaction: handler (0 is SIG_DFL), flags, restorer, mask; all zero.
  const defaultAction = new Uint8Array(32)
  for (let signal = 1; signal <= LAST_SIGNAL; signal++) {
    // EINVAL for SIGKILL and SIGSTOP, whose action is fixed.
    trySyscall('rt_sigaction', signal, defaultAction, null, sigsetBytes)
  }
  syscall('rt_sigprocmask', SIG_SETMASK, new Uint8Array(sigsetBytes), null, sigsetBytes)
}

/** Runs code with every signal held back, so that none reaches a handler of a half-made copy of this process. */
export function withSignalsBlocked<T>(action: () => T): T {
  const former = new Uint8Array(sigsetBytes)
  syscall('rt_sigprocmask', SIG_SETMASK, allSignals, former, sigsetBytes)
  try {
    return action()
  } finally {
    syscall('rt_sigprocmask', SIG_SETMASK, former, null, sigsetBytes)
  }
}

/** Numbers by name, as on x86-64 and arm64. */
export const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
}
