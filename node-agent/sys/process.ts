// Processes: waiting, signalling, pidfds, prctl(2), execve(2).
import { readFileSync } from 'node:fs'
import { hasCode, SyscallError } from './errno.ts'
import { closeFd } from './fd.ts'
import { cString, pointerArray, syscall, syscallOn, trySyscall } from './syscall.ts'

const WNOHANG = 1
const ECHILD = 10
const P_SIGNAL_MASK = 0x7f

export interface ExitStatus {
  /** 0 to 255; 128 + signal when killed by one. */
  readonly exitCode: number
  readonly signal?: number
}

export interface ChildExit extends ExitStatus {
  readonly pid: number
}

/** One ended child, reaped; undefined when none has ended (or there is none). */
export function reapChild(pid = -1): ChildExit | undefined {
  const status = new Int32Array(1)
  const result = trySyscall('wait4', pid, new Uint8Array(status.buffer), WNOHANG, null)
  if (result === -ECHILD || result === 0) return undefined
  if (result < 0) throw new SyscallError('wait4', -result)
  return { pid: result, ...decodeStatus(status[0] ?? 0) }
}

/** Waits for one child, blocking. */
export function waitChild(pid: number): ChildExit {
  const status = new Int32Array(1)
  syscallOn('wait4', `process ${pid}`, pid, new Uint8Array(status.buffer), 0, null)
  return { pid, ...decodeStatus(status[0] ?? 0) }
}

function decodeStatus(status: number): ExitStatus {
  const signal = status & P_SIGNAL_MASK
  return signal === 0 ? { exitCode: (status >> 8) & 0xff } : { exitCode: 128 + signal, signal }
}

/** Fields of /proc/PID/stat from the third on; undefined when there is no such process. */
function statFields(pid: number | 'self'): string[] | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined
    throw error
  }
  // The second field, the name in brackets, may hold spaces and brackets itself.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Positions in `statFields`: proc_pid_stat(5) counts from 1 and two fields are cut off. */
const STATE = 0
const FLAGS = 9 - 3
const START_TIME = 22 - 3
const EXIT_CODE = 52 - 3

/** Clock ticks after boot; undefined when there is no such process (or only a zombie). */
export function processStartTime(pid: number | 'self'): number | undefined {
  const fields = statFields(pid)
  return fields === undefined || /[ZX]/.test(fields[STATE] ?? '') ? undefined : Number(fields[START_TIME])
}

const PF_FORKNOEXEC = 0x40

/** Whether a child (not yet waited for, dead or alive) has got as far as execve(2). */
export function hasExecuted(pid: number): boolean {
  return (Number(statFields(pid)?.[FLAGS]) & PF_FORKNOEXEC) === 0
}

/** How a process ended that its parent has not reaped yet; undefined when that one isn't there as a zombie. */
function zombieExitStatus(pid: number, startTime: number): ExitStatus | undefined {
  const fields = statFields(pid)
  if (fields?.[STATE] !== 'Z' || Number(fields[START_TIME]) !== startTime) return undefined
  return decodeStatus(Number(fields[EXIT_CODE]))
}

/** A descriptor that refers to the process and to no later one. Close-on-exec. Throws ESRCH when it is gone. */
export function openPidfd(pid: number): number {
  return syscallOn('pidfd_open', `process ${pid}`, pid, 0)
}

/**
 * A pidfd of the process that has this number and start time; undefined when that one is gone. The start time is read
 * after the pidfd was opened, so the descriptor cannot belong to a successor.
 */
export function openIdentifiedPidfd(pid: number, startTime: number): number | undefined {
  let pidfd: number
  try {
    pidfd = openPidfd(pid)
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return undefined
    throw error
  }
  if (processStartTime(pid) === startTime) return pidfd
  closeFd(pidfd)
  return undefined
}

/** False when the process is gone. */
export function signalPidfd(pidfd: number, signal: number): boolean {
  const result = trySyscall('pidfd_send_signal', pidfd, signal, null, 0)
  if (result === 0) return true
  if (result === -3) return false
  throw new SyscallError('pidfd_send_signal', -result, `signal ${signal}`)
}

/** A copy of another process's descriptor. Close-on-exec. */
export function copyDescriptor(pidfd: number, fd: number): number {
  return syscallOn('pidfd_getfd', `descriptor ${fd}`, pidfd, fd, 0)
}

/** As `copyDescriptor`, by process number. */
export function copyDescriptorOf(pid: number, fd: number): number {
  const pidfd = openPidfd(pid)
  try {
    return copyDescriptor(pidfd, fd)
  } finally {
    closeFd(pidfd)
  }
}

/** _exit(2): no exit handlers, no flushing. What a forked child ends with. */
export function exitNow(code: number): never {
  trySyscall('exit_group', code)
  // A seccomp filter does not let it go.
  process.abort()
}

/** execve(2): returns only by throwing. */
export function execute(path: string, argv: readonly string[], env: readonly string[]): never {
  const args = pointerArray(argv.map(text => cString(text, 'execve')))
  const vars = pointerArray(env.map(text => cString(text, 'execve')))
  syscall('execve', path, args.pointers, vars.pointers)
  // Not reached; it keeps what the pointers refer to alive until here.
  throw new Error(`execve returned (${args.items.length + vars.items.length})`)
}

export function newSession(): void {
  syscall('setsid')
}

/** Answers the former mask. */
export function setUmask(mask: number): number {
  return syscall('umask', mask)
}

const PR_SET_DUMPABLE = 4
const PR_SET_KEEPCAPS = 8
const PR_SET_NAME = 15
const PR_CAPBSET_DROP = 24
const PR_SET_NO_NEW_PRIVS = 38
const PR_CAP_AMBIENT = 47
const PR_CAP_AMBIENT_RAISE = 2
const PR_CAP_AMBIENT_CLEAR_ALL = 4

/** Off: processes without CAP_SYS_PTRACE in the outer user namespace can neither trace this one nor look into it. */
export function setDumpable(on: boolean): void {
  syscallOn('prctl', 'PR_SET_DUMPABLE', PR_SET_DUMPABLE, on ? 1 : 0, 0, 0, 0)
}

/** Whether permitted capabilities survive the change from root to another user. */
export function setKeepCapabilities(on: boolean): void {
  syscallOn('prctl', 'PR_SET_KEEPCAPS', PR_SET_KEEPCAPS, on ? 1 : 0, 0, 0, 0)
}

export function setNoNewPrivileges(): void {
  syscallOn('prctl', 'PR_SET_NO_NEW_PRIVS', PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

export function setProcessName(name: string): void {
  syscallOn('prctl', 'PR_SET_NAME', PR_SET_NAME, cString(name.slice(0, 15)), 0, 0, 0)
}

export function dropBoundingCapability(capability: number): void {
  syscallOn('prctl', `PR_CAPBSET_DROP ${capability}`, PR_CAPBSET_DROP, capability, 0, 0, 0)
}

export function clearAmbientCapabilities(): void {
  syscallOn('prctl', 'PR_CAP_AMBIENT', PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
}

export function raiseAmbientCapability(capability: number): void {
  syscallOn('prctl', `PR_CAP_AMBIENT ${capability}`, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
}

const PIDFD_GET_INFO = 0xc040_ff0b
const PIDFD_INFO_EXIT = 8n

/** How a process that was reaped ended, by a pidfd opened before (Linux 6.15). */
function reapedExitStatus(pidfd: number): ExitStatus | undefined {
  // struct pidfd_info: u64 mask, …, at 60 s32 exit_code (include/uapi/linux/pidfd.h)
  const info = Buffer.alloc(64)
  info.writeBigUInt64LE(PIDFD_INFO_EXIT, 0)
  if (trySyscall('ioctl', pidfd, PIDFD_GET_INFO, info) < 0) return undefined
  if ((info.readBigUInt64LE(0) & PIDFD_INFO_EXIT) === 0n) return undefined
  return decodeStatus(info.readInt32LE(60))
}

/**
 * How somebody else's child ended: readable while it is a zombie, and on newer kernels after that. Undefined where it was
 * reaped and the kernel keeps no word of it.
 */
export function foreignExitStatus(pidfd: number, pid: number, startTime: number): ExitStatus | undefined {
  return reapedExitStatus(pidfd) ?? zombieExitStatus(pid, startTime) ?? reapedExitStatus(pidfd)
}
