// Pipes and FIFOs beyond reading and writing.
import { hasCode, SyscallError } from './errno.ts'
import { syscallOn, trySyscall } from './syscall.ts'

const F_SETPIPE_SZ = 1031
const SPLICE_F_NONBLOCK = 2
const EAGAIN = 11
const EINTR = 4

/** Sets how much a pipe holds; keeps the size it has where the machine's limits say no. Answers whether it was set. */
export function setPipeSize(fd: number, bytes: number): boolean {
  try {
    syscallOn('fcntl', `pipe ${fd}`, fd, F_SETPIPE_SZ, bytes)
    return true
  } catch (error) {
    if (hasCode(error, 'EPERM', 'EBUSY')) return false
    throw error
  }
}

/**
 * tee(2): copies what stands at the head of one pipe into another without taking it out. Answers how many bytes; 0 when
 * there is nothing (or no room).
 */
export function peekPipe(from: number, to: number, maxBytes: number): number {
  for (;;) {
    const result = trySyscall('tee', from, to, maxBytes, SPLICE_F_NONBLOCK)
    if (result >= 0) return result
    if (result === -EAGAIN) return 0
    if (result !== -EINTR) throw new SyscallError('tee', -result, `pipe ${from}`)
  }
}
