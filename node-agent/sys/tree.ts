// Filling a directory tree from an archive, with what Node's fs lacks. Names and paths are bytes, as the kernel has
// them: an archive's need not be UTF-8.
import { O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_PATH } from './fd.ts'
import { cString, syscallOn } from './syscall.ts'

const RESOLVE_NO_MAGICLINKS = 0x02
const RESOLVE_IN_ROOT = 0x10
const nodeTypes = { fifo: 0o010000, char: 0o020000, block: 0o060000 } as const

function terminated(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length + 1)
  result.set(bytes)
  return result
}

/**
 * Opens (O_PATH) a directory below a root as if that were the root of everything: links on the way are followed inside
 * it, a final one only when asked for. Throws ENOENT, ENOTDIR, ELOOP.
 */
export function openDirectoryIn(rootFd: number, path: Uint8Array, followFinal: boolean): number {
  const flags = O_PATH | O_DIRECTORY | O_CLOEXEC | (followFinal ? 0 : O_NOFOLLOW)
  // struct open_how: flags, mode, resolve
  const how = new BigUint64Array([BigInt(flags), 0n, BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)])
  const bytes = new Uint8Array(how.buffer)
  return syscallOn('openat2', Buffer.from(path).toString(), rootFd, terminated(path), bytes, bytes.length)
}

/** mknodat(2). The mode passes through the umask. */
export function makeNodeAt(
  directoryFd: number,
  name: Uint8Array,
  node: { readonly type: keyof typeof nodeTypes; readonly mode: number; readonly device: number },
): void {
  const subject = Buffer.from(name).toString()
  syscallOn('mknodat', subject, directoryFd, terminated(name), nodeTypes[node.type] | node.mode, node.device)
}

/** Creates or replaces an extended attribute of what a descriptor (O_PATH too) refers to. */
export function setXattrOf(fd: number, name: string, value: Uint8Array): void {
  // By its magic link: fsetxattr(2) refuses O_PATH descriptors.
  syscallOn('setxattr', name, `/proc/self/fd/${fd}`, cString(name), value, value.length, 0)
}

/** syncfs(2): everything written so far to the file system that holds the descriptor's file. */
export function syncFileSystem(fd: number): void {
  syscallOn('syncfs', `descriptor ${fd}`, fd)
}
