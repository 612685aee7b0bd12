// Mounts, by the descriptor-based calls (fsopen(2), open_tree(2), move_mount(2), mount_setattr(2); Linux 5.12): a mount
// is made and configured detached, and appears at its target whole.
import { SyscallError } from './errno.ts'
import { AT_EMPTY_PATH, AT_FDCWD, closeFd, O_DIRECTORY, O_PATH, openPath, readSome } from './fd.ts'
import { cString, syscall, syscallOn, trySyscall } from './syscall.ts'

export interface MountAttributes {
  readonly readOnly?: boolean
  readonly noSuid?: boolean
  readonly noDev?: boolean
  readonly noExec?: boolean
}

export type MountPropagation = 'private' | 'slave' | 'shared'

const AT_RECURSIVE = 0x8000
const OPEN_TREE_CLONE = 1
const OPEN_TREE_CLOEXEC = 0o2000000
const MOVE_MOUNT_F_EMPTY_PATH = 4
const MOVE_MOUNT_T_EMPTY_PATH = 0x40
const FSOPEN_CLOEXEC = 1
const FSCONFIG_SET_FLAG = 0
const FSCONFIG_SET_STRING = 1
const FSCONFIG_CMD_CREATE = 6
const FSMOUNT_CLOEXEC = 1
const MNT_DETACH = 2
const UMOUNT_NOFOLLOW = 8

const propagationFlags: Readonly<Record<MountPropagation, number>> = {
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
}

function attributeBits(attributes: MountAttributes): number {
  return (
    (attributes.readOnly ? 1 : 0) |
    (attributes.noSuid ? 2 : 0) |
    (attributes.noDev ? 4 : 0) |
    (attributes.noExec ? 8 : 0)
  )
}

/** A detached copy of what is mounted at a path, as a descriptor. */
export function cloneTree(path: string, options: { recursive: boolean; directoryFd?: number }): number {
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (options.recursive ? AT_RECURSIVE : 0)
  const { directoryFd } = options
  return directoryFd === undefined
    ? syscall('open_tree', AT_FDCWD, path, flags)
    : syscallOn('open_tree', path, directoryFd, '', flags | AT_EMPTY_PATH)
}

/** Adds attributes to a mount, and sets its propagation. Throws with `subject` as what it was done to. */
export function setMountAttributes(
  mountFd: number,
  change: {
    readonly attributes: MountAttributes
    readonly propagation?: MountPropagation
    readonly recursive?: boolean
  },
  subject: string,
): void {
  // struct mount_attr: attr_set, attr_clr, propagation, userns_fd
  const attr = new BigUint64Array([
    BigInt(attributeBits(change.attributes)),
    0n,
    BigInt(change.propagation === undefined ? 0 : propagationFlags[change.propagation]),
    0n,
  ])
  const flags = AT_EMPTY_PATH | (change.recursive === true ? AT_RECURSIVE : 0)
  syscallOn('mount_setattr', subject, mountFd, '', flags, new Uint8Array(attr.buffer), attr.byteLength)
}

/** Attaches a detached mount, or moves an attached one, to what the target descriptor refers to. */
export function attachMount(mountFd: number, targetFd: number, subject: string): void {
  const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
  syscallOn('move_mount', subject, mountFd, '', targetFd, cString(''), flags)
}

const MOVE_MOUNT_SET_GROUP = 0x100

/**
 * Lets a private mount share with the peer group of another one of the same file system (move_mount(2), Linux 5.15). False
 * when that one is in no group.
 */
export function joinPeerGroup(peerFd: number, mountFd: number): boolean {
  const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_SET_GROUP
  const result = trySyscall('move_mount', peerFd, '', mountFd, cString(''), flags)
  if (result === -22) return false
  if (result < 0) throw new SyscallError('move_mount', -result, 'into a peer group')
  return true
}

/** Attaches a detached mount to a path of the caller's own making. */
export function attachMountAt(mountFd: number, path: string): void {
  syscallOn('move_mount', path, mountFd, '', AT_FDCWD, cString(path), MOVE_MOUNT_F_EMPTY_PATH)
}

/** Makes the kernel load a file system type's module, as mounting it would. False when it knows none of that name. */
export function loadFileSystem(type: string): boolean {
  const context = trySyscall('fsopen', type, FSOPEN_CLOEXEC)
  if (context >= 0) closeFd(context)
  return context >= 0
}

/** Keys of fsconfig(2), values of at most 255 bytes; `true` sets a flag, a list sets a key once for each. */
export type FileSystemOptions = Readonly<Record<string, string | true | readonly string[]>>

/** A new file system, detached. The error carries the kernel's own explanation where the file system gives one. */
export function createFileSystem(
  type: string,
  source: string,
  options: FileSystemOptions,
  attributes: MountAttributes,
): number {
  const context = syscall('fsopen', type, FSOPEN_CLOEXEC)
  try {
    setOption(context, type, 'source', source)
    for (const [key, value] of Object.entries(options)) {
      if (typeof value === 'string' || value === true) setOption(context, type, key, value)
      else for (const each of value) setOption(context, type, key, each)
    }
    const created = trySyscall('fsconfig', context, FSCONFIG_CMD_CREATE, null, null, 0)
    if (created < 0) throw new SyscallError('fsconfig', -created, `${type}${contextLog(context)}`)
    return syscallOn('fsmount', type, context, FSMOUNT_CLOEXEC, attributeBits(attributes))
  } finally {
    closeFd(context)
  }
}

function setOption(context: number, type: string, key: string, value: string | true): void {
  const result =
    value === true
      ? trySyscall('fsconfig', context, FSCONFIG_SET_FLAG, key, null, 0)
      : trySyscall('fsconfig', context, FSCONFIG_SET_STRING, key, cString(value), 0)
  if (result < 0) {
    const option = value === true ? key : `${key}=${value}`
    throw new SyscallError('fsconfig', -result, `${type} ${option}${contextLog(context)}`)
  }
}

/** Messages the kernel left in the context: "e overlay: …". */
function contextLog(context: number): string {
  const buffer = new Uint8Array(1024)
  try {
    const length = readSome(context, buffer)
    return ` (${Buffer.from(buffer.subarray(0, length)).toString().trim()})`
  } catch {
    // ENODATA: it has nothing to say.
    return ''
  }
}

/** mount(2), for file systems whose options exceed fsconfig(2). @param data at most a page, 4095 bytes */
export function mountFileSystem(type: string, source: string, target: string, data: string): void {
  syscallOn('mount', `${type} on ${target}`, cString(source), cString(target), cString(type), 0, cString(data))
}

/** Makes a file or directory appear at another path too (mount(2) with MS_BIND): what open_tree(2) refuses to copy, nsfs. */
export function bindMount(source: string, target: string): void {
  const MS_BIND = 0x1000
  syscallOn('mount', `${source} on ${target}`, cString(source), cString(target), null, MS_BIND, null)
}

/** Sets the propagation of every mount below a path, itself included. */
export function setTreePropagation(path: string, propagation: MountPropagation): void {
  const MS_REC = 0x4000
  syscallOn(
    'mount',
    `${path} (${propagation})`,
    null,
    cString(path),
    null,
    MS_REC | propagationFlags[propagation],
    null,
  )
}

/** Detaches what is mounted at a path; false when nothing is. Never follows a final symbolic link. */
function unmount(path: string): boolean {
  const result = trySyscall('umount2', path, MNT_DETACH | UMOUNT_NOFOLLOW)
  if (result === 0) return true
  if (result === -22 || result === -2) return false
  throw new SyscallError('umount2', -result, path)
}

/** Detaches all that is mounted at a path, however often. */
export function unmountAll(path: string): void {
  while (unmount(path));
}

/**
 * Makes an attached mount the root of the mount namespace and takes all others away. Nothing of the old root may be
 * shared with another namespace. Waits for a grace period of RCU: up to some milliseconds.
 */
export function keepOnly(mountFd: number): void {
  // pivot_root(".", "."), as pivot_root(2) describes: the old root is then mounted on top of the new one.
  const oldRoot = openPath('/', O_PATH | O_DIRECTORY)
  try {
    syscallOn('fchdir', 'the new root', mountFd)
    syscall('pivot_root', '.', '.')
    syscallOn('fchdir', 'the old root', oldRoot)
    syscall('umount2', '.', MNT_DETACH)
  } finally {
    closeFd(oldRoot)
  }
}
