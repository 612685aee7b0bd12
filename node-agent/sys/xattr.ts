// Extended attributes.
import { SyscallError } from './errno.ts'
import { cString, syscallOn, trySyscall } from './syscall.ts'

const ERANGE = 34
const ENODATA = 61
/** The file system keeps no attributes at all. */
const EOPNOTSUPP = 95
/** XATTR_SIZE_MAX and XATTR_LIST_MAX */
const maxBytes = 65536
/** Of most values and lists; what is longer is asked for again. */
const usualBytes = 256

/** lgetxattr(2): of a symbolic link itself; undefined when the file has no such attribute. */
export function getXattr(path: string, name: string): Buffer | undefined {
  return read('lgetxattr', `${name} of ${path}`, [cString(path), cString(name)])
}

/** Of what a descriptor (O_PATH too) refers to; undefined when it has no such attribute. */
export function getXattrOf(fd: number, name: string): Buffer | undefined {
  return read('getxattr', `${name} of descriptor ${fd}`, [magicLink(fd), cString(name)])
}

/** The names of all attributes of what a descriptor (O_PATH too) refers to. */
export function listXattrsOf(fd: number): string[] {
  const names = read('listxattr', `descriptor ${fd}`, [magicLink(fd)]) ?? Buffer.alloc(0)
  return names
    .toString()
    .split('\0')
    .filter(name => name !== '')
}

/** setxattr(2): makes an attribute, or changes it. */
export function setXattr(path: string, name: string, value: Uint8Array): void {
  syscallOn('setxattr', `${name} of ${path}`, cString(path), cString(name), value, value.length, 0)
}

/** As `setXattr`, of what a descriptor (O_PATH too) refers to. */
export function setXattrOf(fd: number, name: string, value: Uint8Array): void {
  syscallOn('setxattr', `${name} of descriptor ${fd}`, magicLink(fd), cString(name), value, value.length, 0)
}

/** The calls for descriptors refuse those of O_PATH; a descriptor's magic link leads to the file, be it a symbolic link. */
function magicLink(fd: number): Uint8Array {
  return cString(`/proc/self/fd/${fd}`)
}

function read(
  call: 'lgetxattr' | 'getxattr' | 'listxattr',
  subject: string,
  args: readonly Uint8Array[],
): Buffer | undefined {
  for (let size = usualBytes; ; size = maxBytes) {
    const buffer = Buffer.alloc(size)
    const length = trySyscall(call, ...args, buffer, buffer.length)
    if (length >= 0) return buffer.subarray(0, length)
    if (length === -ENODATA || length === -EOPNOTSUPP) return undefined
    if (length !== -ERANGE || size === maxBytes) throw new SyscallError(call, -length, subject)
  }
}
