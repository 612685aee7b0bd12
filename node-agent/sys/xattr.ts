// Extended attributes, without following a final symbolic link.
import { SyscallError } from './errno.ts'
import { cString, syscallOn, trySyscall } from './syscall.ts'

/** lsetxattr(2): creates or replaces. */
export function setXattr(path: string, name: string, value: Uint8Array): void {
  syscallOn('lsetxattr', `${name} of ${path}`, path, cString(name), value, value.length, 0)
}

/** lgetxattr(2); undefined when the file has no such attribute. */
export function getXattr(path: string, name: string): Buffer | undefined {
  const buffer = Buffer.alloc(65536)
  const length = trySyscall('lgetxattr', path, cString(name), buffer, buffer.length)
  if (length >= 0) return buffer.subarray(0, length)
  if (length === -61) return undefined
  throw new SyscallError('lgetxattr', -length, `${name} of ${path}`)
}
