// Extended attributes; those that are read, without following a final symbolic link.
import { SyscallError } from './errno.ts'
import { cString, trySyscall } from './syscall.ts'

const ENODATA = 61
/** XATTR_SIZE_MAX */
const maxValueBytes = 65536

/** lgetxattr(2); undefined when the file has no such attribute. */
export function getXattr(path: string, name: string): Buffer | undefined {
  const buffer = Buffer.alloc(maxValueBytes)
  const length = trySyscall('lgetxattr', path, cString(name), buffer, buffer.length)
  if (length >= 0) return buffer.subarray(0, length)
  if (length === -ENODATA) return undefined
  throw new SyscallError('lgetxattr', -length, `${name} of ${path}`)
}

/** setxattr(2): makes an attribute, or changes it. */
export function setXattr(path: string, name: string, value: Buffer): void {
  const result = trySyscall('setxattr', path, cString(name), value, value.length, 0)
  if (result < 0) throw new SyscallError('setxattr', -result, `${name} of ${path}`)
}
