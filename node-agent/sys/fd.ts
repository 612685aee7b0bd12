// File descriptors.
import { readdirSync } from 'node:fs'
import { SyscallError } from './errno.ts'
import { syscall, syscallOn, trySyscall } from './syscall.ts'

const O_ARM = process.arch === 'arm64'
export const O_RDONLY = 0
export const O_WRONLY = 1
export const O_RDWR = 2
export const O_CREAT = 0o100
export const O_NOCTTY = 0o400
export const O_NONBLOCK = 0o4000
// These two trade places between the architectures (arch/arm64/include/uapi/asm/fcntl.h).
export const O_DIRECTORY = O_ARM ? 0o40000 : 0o200000
export const O_NOFOLLOW = O_ARM ? 0o100000 : 0o400000
export const O_CLOEXEC = 0o2000000
export const O_PATH = 0o10000000

export const AT_FDCWD = -100
export const AT_EMPTY_PATH = 0x1000

const F_GETFD = 1
const F_SETFD = 2
const F_GETFL = 3
const F_SETFL = 4

/** openat(2) relative to the working directory. Always close-on-exec. */
export function openPath(path: string, flags: number): number {
  return syscall('openat', AT_FDCWD, path, flags | O_CLOEXEC, 0)
}

/** openat(2) relative to a directory. Always close-on-exec. */
export function openPathAt(directoryFd: number, path: string, flags: number): number {
  return syscall('openat', directoryFd, path, flags | O_CLOEXEC, 0)
}

/** close(2). Linux releases the number even when it reports an error, so none is reported here. */
export function closeFd(fd: number): void {
  trySyscall('close', fd)
}

const CLOSE_RANGE_CLOEXEC = 4

/** Lets no descriptor from `first` on survive execve(2). */
export function closeOnExecFrom(first: number): void {
  syscall('close_range', first, 0xffffffff, CLOSE_RANGE_CLOEXEC)
}

/** Closes every descriptor from `first` on but those in `keep`. */
export function closeAllFrom(first: number, keep: readonly number[]): void {
  let from = first
  for (const fd of [...keep].sort((a, b) => a - b)) {
    if (fd > from) syscall('close_range', from, fd - 1, 0)
    from = Math.max(from, fd + 1)
  }
  syscall('close_range', from, 0xffffffff, 0)
}

/** Every open descriptor of this process. */
export function openDescriptors(): number[] {
  const listed = readdirSync('/proc/self/fd').map(Number)
  // The one the listing itself used is gone by now.
  return listed.filter(fd => trySyscall('fcntl', fd, F_GETFD, 0) >= 0)
}

/** Makes `target` a copy of `fd` that execve(2) keeps. */
export function dupOnto(fd: number, target: number): void {
  if (fd === target) syscallOn('fcntl', `fd ${fd}`, fd, F_SETFD, 0)
  else syscallOn('dup3', `fd ${fd}`, fd, target, 0)
}

export function setNonBlocking(fd: number, on: boolean): void {
  const flags = syscallOn('fcntl', `fd ${fd}`, fd, F_GETFL, 0)
  syscallOn('fcntl', `fd ${fd}`, fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK)
}

/** A pipe, both ends close-on-exec. */
export function makePipe(): { readonly readEnd: number; readonly writeEnd: number } {
  const ends = new Int32Array(2)
  syscall('pipe2', new Uint8Array(ends.buffer), O_CLOEXEC)
  const [readEnd = -1, writeEnd = -1] = ends
  return { readEnd, writeEnd }
}

/** Writes all of it. */
export function writeAll(fd: number, bytes: Uint8Array, subject?: string): void {
  for (let offset = 0; offset < bytes.length; ) {
    offset += syscallOn('write', subject ?? `fd ${fd}`, fd, bytes.subarray(offset), bytes.length - offset)
  }
}

/** One read of at most the buffer's length; 0 at the end. */
export function readSome(fd: number, buffer: Uint8Array, subject?: string): number {
  return syscallOn('read', subject ?? `fd ${fd}`, fd, buffer, buffer.length)
}

// One for all reads: allocating in a forked child makes pages of the heap private, which costs more than the read.
const chunk = Buffer.allocUnsafeSlow(16384)

/** Everything up to `limit` bytes, as text. */
export function readText(fd: number, limit = 1 << 20): string {
  let bytes = Buffer.alloc(0)
  while (bytes.length < limit) {
    const length = readSome(fd, chunk)
    if (length === 0) break
    bytes = Buffer.concat([bytes, chunk.subarray(0, length)])
  }
  return bytes.toString()
}

/** Opens, writes and closes a file that exists: cgroup, /proc and sysctl files. */
export function writeFile(path: string, text: string): void {
  const fd = openPath(path, O_WRONLY)
  try {
    writeAll(fd, Buffer.from(text), path)
  } finally {
    closeFd(fd)
  }
}

const LOCK_EX = 2
const LOCK_NB = 4

/** Takes flock(2) on an open file; false when somebody else has it. Held until every copy of the descriptor is closed. */
export function tryLock(fd: number): boolean {
  const result = trySyscall('flock', fd, LOCK_EX | LOCK_NB)
  if (result === 0) return true
  if (result === -11) return false
  throw new SyscallError('flock', -result)
}
