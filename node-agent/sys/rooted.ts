// A directory tree somebody else has filled (an image, a volume), in which paths are resolved as if it were the root:
// no symbolic link, "..", or magic link leads out of it. Every lookup is one openat2(2) with RESOLVE_IN_ROOT, and what
// follows uses the descriptor, so nothing can be exchanged between looking and doing.
import { ignoring, SyscallError } from './errno.ts'
import {
  closeFd,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  openPath,
  readText,
} from './fd.ts'
import { cString, syscallOn, trySyscall } from './syscall.ts'

const RESOLVE_NO_MAGICLINKS = 0x02
const RESOLVE_NO_SYMLINKS = 0x04
const RESOLVE_BENEATH = 0x08
const RESOLVE_IN_ROOT = 0x10

const ENOENT = 2
const EINTR = 4
const EAGAIN = 11
const ENOTDIR = 20

const PROC_SUPER_MAGIC = 0x9fa0

export interface LookupOptions {
  /** Refuses symbolic links anywhere in the path (ELOOP). */
  readonly strict?: boolean
  /** Refuses what leads out of the tree, absolute links among it (EXDEV), instead of turning it back at the root. */
  readonly beneath?: boolean
  /** openat2(2) flags; default O_PATH. */
  readonly flags?: number
}

const hows = new Map<string, Uint8Array>()

/** struct open_how: flags, mode, resolve. There are a few different ones, asked for all the time. */
function openHow(flags: number, resolve: number): Uint8Array {
  const key = `${flags} ${resolve}`
  const how = hows.get(key) ?? new Uint8Array(new BigUint64Array([BigInt(flags), 0n, BigInt(resolve)]).buffer)
  hows.set(key, how)
  return how
}

/** The descriptor, or the negated errno: a failed look is common, and an exception costs more than the call. */
function look(
  rootFd: number,
  path: string,
  { strict = false, beneath = false, flags = O_PATH }: LookupOptions,
): number {
  const scope = beneath ? RESOLVE_BENEATH : RESOLVE_IN_ROOT
  const resolve = scope | RESOLVE_NO_MAGICLINKS | (strict ? RESOLVE_NO_SYMLINKS : 0)
  const how = openHow(flags | O_CLOEXEC, resolve)
  // "." for the root itself: an empty path is ENOENT.
  const relative = path.replace(/^\/+/, '') || '.'
  for (;;) {
    const fd = trySyscall('openat2', rootFd, relative, how, how.length)
    // EAGAIN: something was renamed during a lookup with "..", so it could not be proven safe (openat2(2)).
    if (fd !== -EINTR && fd !== -EAGAIN) return fd
  }
}

/** Opens a path inside the tree `rootFd` refers to; a leading slash means that tree's root. Close-on-exec. */
export function openInRoot(rootFd: number, path: string, options: LookupOptions = {}): number {
  const fd = look(rootFd, path, options)
  if (fd < 0) throw new SyscallError('openat2', -fd, path)
  return fd
}

/** As `openInRoot`; undefined when the path (or part of it) does not exist. */
export function tryOpenInRoot(rootFd: number, path: string, options: LookupOptions = {}): number | undefined {
  const fd = look(rootFd, path, options)
  if (fd === -ENOENT || fd === -ENOTDIR) return undefined
  if (fd < 0) throw new SyscallError('openat2', -fd, path)
  return fd
}

/** Path components; "." and empty ones dropped, ".." kept for the kernel to resolve. */
function components(path: string): string[] {
  return path.split('/').filter(part => part !== '' && part !== '.')
}

/**
 * Opens a directory (O_PATH), making the missing ones on the way. Existing symbolic links are followed inside the root;
 * a dangling one is an error, as mkdir(2) would have it.
 */
export function makeDirectoryInRoot(rootFd: number, path: string, mode = 0o755, strict = false): number {
  const options = { strict, flags: O_PATH | O_DIRECTORY }
  const existing = look(rootFd, path, options)
  if (existing >= 0) return existing
  const parts = components(path)
  const name = parts.pop()
  if (existing !== -ENOENT || name === undefined) throw new SyscallError('openat2', -existing, path)
  const parent = makeDirectoryInRoot(rootFd, parts.join('/'), mode, strict)
  try {
    // The parent was reached by name inside the root, and a single name (".." always exists) goes below it.
    ignoring(['EEXIST'], () => makeDirectoryAt(parent, name, mode))
  } finally {
    closeFd(parent)
  }
  return openInRoot(rootFd, path, options)
}

/** Opens a file's parent directory (made when missing) and answers it with the file's name. */
function openParentInRoot(rootFd: number, path: string): { readonly fd: number; readonly name: string } {
  const parts = components(path)
  const name = parts.pop()
  if (name === undefined || name === '..') throw new SyscallError('openat2', 22, path)
  return { fd: makeDirectoryInRoot(rootFd, parts.join('/')), name }
}

/** Opens a regular file (O_PATH), making an empty one and the directories on the way when missing. */
export function makeFileInRoot(rootFd: number, path: string): number {
  const existing = tryOpenInRoot(rootFd, path)
  if (existing !== undefined) return existing
  const parent = openParentInRoot(rootFd, path)
  try {
    const flags = O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC
    closeFd(syscallOn('openat', path, parent.fd, cString(parent.name), flags, 0o644))
  } finally {
    closeFd(parent.fd)
  }
  return openInRoot(rootFd, path)
}

/** A file's text, at most 1 MiB; undefined when it does not exist. Opened without blocking on a FIFO. */
export function readFileInRoot(rootFd: number, path: string): string | undefined {
  const fd = tryOpenInRoot(rootFd, path, { flags: O_RDONLY | 0o4000 })
  if (fd === undefined) return undefined
  try {
    return readText(fd)
  } finally {
    closeFd(fd)
  }
}

/** Whether what the descriptor refers to lies on a procfs. */
export function isOnProcfs(fd: number): boolean {
  return fileSystemType(fd) === PROC_SUPER_MAGIC
}

/** statfs(2)'s f_type. */
export function fileSystemType(fd: number): number {
  const buffer = Buffer.alloc(120)
  syscallOn('fstatfs', `descriptor ${fd}`, fd, buffer)
  return Number(buffer.readBigInt64LE(0))
}

/** Opens a directory as a root for the functions above. */
export function openRoot(path: string): number {
  return openPath(path, O_PATH | O_DIRECTORY)
}

export function makeSymlinkAt(directoryFd: number, name: string, target: string): void {
  syscallOn('symlinkat', name, cString(target), directoryFd, cString(name))
}

export function changeOwnerAt(directoryFd: number, name: string, uid: number, gid: number): void {
  const AT_SYMLINK_NOFOLLOW = 0x100
  syscallOn('fchownat', name, directoryFd, cString(name), uid, gid, AT_SYMLINK_NOFOLLOW)
}

/** fchdir(2). */
export function changeDirectory(fd: number, subject: string): void {
  syscallOn('fchdir', subject, fd)
}

/** Makes a directory the process's working and root directory (chroot(2)); it may lie in another mount namespace. */
export function changeRoot(fd: number, subject: string): void {
  changeDirectory(fd, subject)
  syscallOn('chroot', subject, cString('.'))
}

export function makeDirectoryAt(directoryFd: number, name: string, mode: number): void {
  syscallOn('mkdirat', name, directoryFd, cString(name), mode)
}
