// Filling a directory tree from an archive, with what Node's fs lacks. Names and paths are bytes, as the kernel has
// them: an archive's need not be UTF-8.
import { SyscallError } from './errno.ts'
import { AT_EMPTY_PATH, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_PATH } from './fd.ts'
import { syscallOn, trySyscall } from './syscall.ts'

const RESOLVE_NO_MAGICLINKS = 0x02
const RESOLVE_NO_SYMLINKS = 0x04
const RESOLVE_BENEATH = 0x08
const AT_SYMLINK_NOFOLLOW = 0x100
const ENOENT = 2
const ENOTDIR = 20
const nodeTypes = { fifo: 0o010000, char: 0o020000, block: 0o060000 } as const

function terminated(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length + 1)
  result.set(bytes)
  return result
}

const readable = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

// struct open_how: flags, mode, resolve
const how = (flags: number): Uint8Array =>
  new Uint8Array(
    new BigUint64Array([
      BigInt(flags | O_PATH | O_NOFOLLOW | O_CLOEXEC),
      0n,
      BigInt(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS),
    ]).buffer,
  )
const anything = how(0)
const directories = how(O_DIRECTORY)

/**
 * Opens (O_PATH) a directory at a path below another. No part of the path may be a symbolic link (ELOOP, or ENOTDIR for
 * the last), and none leads above the starting point (EXDEV). "." is that directory itself.
 */
export function openDirectoryIn(rootFd: number, path: Uint8Array): number {
  return syscallOn('openat2', readable(path), rootFd, terminated(path), directories, directories.length)
}

/** As `openDirectoryIn`, for anything that lies there, a symbolic link itself included; undefined when nothing does. */
export function openAnythingIn(rootFd: number, path: Uint8Array): number | undefined {
  const fd = trySyscall('openat2', rootFd, terminated(path), anything, anything.length)
  if (fd === -ENOENT || fd === -ENOTDIR) return undefined
  if (fd < 0) throw new SyscallError('openat2', -fd, readable(path))
  return fd
}

/** What the symbolic link that an O_PATH descriptor refers to says. */
export function readLinkOf(fd: number): Buffer {
  // PATH_MAX: no link says more.
  const target = Buffer.alloc(4096)
  const length = syscallOn('readlinkat', `descriptor ${fd}`, fd, new Uint8Array(1), target, target.length)
  return target.subarray(0, length)
}

/** mknodat(2). The mode passes through the umask. */
export function makeNodeAt(
  directoryFd: number,
  name: Uint8Array,
  node: { readonly type: keyof typeof nodeTypes; readonly mode: number; readonly device: number },
): void {
  syscallOn('mknodat', readable(name), directoryFd, terminated(name), nodeTypes[node.type] | node.mode, node.device)
}

/** A moment before or after 1970: whole seconds rounded down, and what is above them. */
export interface FileTime {
  readonly seconds: number
  /** 0 to 999,999,999 */
  readonly nanoseconds: number
}

// struct timespec, of the access and of the modification
const times = Buffer.alloc(32)

/**
 * Sets both times of a name in a directory, of a symbolic link itself; an empty name is what the descriptor refers to.
 * utimensat(2) takes what Node's utimes can't: nanoseconds, and times before 1970.
 */
export function setTimesAt(directoryFd: number, name: Uint8Array, time: FileTime): void {
  for (const offset of [0, 16]) {
    times.writeBigInt64LE(BigInt(time.seconds), offset)
    times.writeBigInt64LE(BigInt(time.nanoseconds), offset + 8)
  }
  const flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH
  syscallOn('utimensat', readable(name), directoryFd, terminated(name), times, flags)
}

/** syncfs(2): everything written so far to the file system that holds the descriptor's file. */
export function syncFileSystem(fd: number): void {
  syscallOn('syncfs', `descriptor ${fd}`, fd)
}
