// Mounts that volumes need, made by descriptors: what is mounted is what was opened, whatever its name means by now.
import { chmodSync, readFileSync } from 'node:fs'
import { hasCode } from '../sys/errno.ts'
import { closeFd } from '../sys/fd.ts'
import {
  attachMountAt,
  cloneTree,
  createFileSystem,
  type FileSystemOptions,
  type MountAttributes,
  setMountAttributes,
  unmountAll,
} from '../sys/mount.ts'

export interface MemoryFileSystem {
  /** Of its root, with the set-group-ID and sticky bits. */
  readonly mode: number
  readonly gid?: number | undefined
  /** Default: half of the machine's memory. */
  readonly sizeBytes?: number | undefined
  readonly attributes?: MountAttributes
  /** Its users see what any of them mounts in it. */
  readonly propagates?: boolean
}

/** Mounts a new file system in memory, of whose content nothing is ever swapped out where the kernel knows how to. */
export function mountMemoryFileSystem(
  target: string,
  { mode, gid, sizeBytes, attributes = {}, propagates = false }: MemoryFileSystem,
): void {
  const options = {
    mode: mode.toString(8),
    ...(gid !== undefined && { gid: String(gid) }),
    ...(sizeBytes !== undefined && { size: String(sizeBytes) }),
  }
  const mount = createTmpfs(options, attributes)
  if (propagates) setMountAttributes(mount, { attributes: {}, propagation: 'shared' }, target)
  attach(mount, target)
}

export interface HugePageFileSystem {
  readonly mode: number
  readonly gid: number | undefined
  readonly pageBytes: number
}

/** Mounts a new file system of the machine's huge pages. */
export function mountHugePages(target: string, { mode, gid, pageBytes }: HugePageFileSystem): void {
  const options = { pagesize: String(pageBytes), ...(gid !== undefined && { gid: String(gid) }) }
  const mount = createFileSystem('hugetlbfs', 'nodev', options, {})
  // Its own option for the mode takes no set-group-ID bit.
  chmodSync(`/proc/self/fd/${mount}`, mode)
  attach(mount, target)
}

/** tmpfs(5): `noswap` is of Linux 6.4. */
function createTmpfs(options: FileSystemOptions, attributes: MountAttributes): number {
  try {
    return createFileSystem('tmpfs', 'tmpfs', { ...options, noswap: true }, attributes)
  } catch (error) {
    if (!hasCode(error, 'EINVAL')) throw error
    return createFileSystem('tmpfs', 'tmpfs', options, attributes)
  }
}

/** Makes what a descriptor refers to appear at a path too, without what is mounted below it. */
export function bindDescriptor(fd: number, target: string): void {
  attach(cloneTree(target, { recursive: false, directoryFd: fd }), target)
}

/** Makes a directory a mount of its own, whose users see what any of them mounts in it. */
export function mountShared(directory: string): void {
  const mount = cloneTree(directory, { recursive: true })
  // By way of private, so that it shares with its own users only and not with those of the file system it lies on.
  for (const propagation of ['private', 'shared'] as const) {
    setMountAttributes(mount, { attributes: {}, propagation }, directory)
  }
  attach(mount, directory)
}

function attach(mountFd: number, target: string): void {
  try {
    attachMountAt(mountFd, target)
  } finally {
    closeFd(mountFd)
  }
}

/** Detaches everything mounted at or below a directory, whoever still uses it: its last user ends it. */
export function unmountBelow(directory: string): void {
  for (const point of mountsBelow(directory)) unmountAll(point)
}

/** Mount points at or below a directory, the deepest first; of several on one place, each. */
export function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => unescape(line.split(' ')[4] ?? ''))
    .filter(point => point === directory || point.startsWith(`${directory}/`))
    .sort((a, b) => b.length - a.length)
}

export const isMountPoint = (directory: string): boolean => mountsBelow(directory).includes(directory)

/** The kernel writes space, tab, newline and backslash as octal: proc_pid_mountinfo(5). */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
