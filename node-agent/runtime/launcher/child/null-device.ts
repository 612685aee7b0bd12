// The container's /dev/null. The host's is never handed to a container: through an open descriptor even a program without
// any capability may change mode and owner of what it owns, and root of a container does of what is root's.
import { fstatSync } from 'node:fs'
import { SyscallError } from '../../../sys/errno.ts'
import { closeFd, O_NOCTTY, O_NONBLOCK, O_RDWR, openPathAt } from '../../../sys/fd.ts'
import { deviceNumber, makeNode } from '../../../sys/fifo.ts'
import { createFileSystem } from '../../../sys/mount.ts'
import { tryOpenInRoot } from '../../../sys/rooted.ts'
import { type ChildState, requireRoot } from './state.ts'

export const nullPath = '/dev/null'
const number = deviceNumber(1, 3)

/** Open for reading and writing. */
export function requireNullDevice(state: ChildState): number {
  state.nullDevice ??= openContainersNull(requireRoot(state)) ?? makeNull()
  return state.nullDevice
}

/** What a running container has there; undefined when that is no null device any more. */
function openContainersNull(root: number): number | undefined {
  let fd: number | undefined
  try {
    // Neither a FIFO without its other end nor a terminal must have an effect on us.
    fd = tryOpenInRoot(root, nullPath, { strict: true, flags: O_RDWR | O_NONBLOCK | O_NOCTTY })
  } catch (error) {
    if (error instanceof SyscallError) return undefined
    throw error
  }
  if (fd === undefined) return undefined
  const status = fstatSync(fd)
  if (status.isCharacterDevice() && status.rdev === number) return fd
  closeFd(fd)
  return undefined
}

/** One that lies nowhere. */
function makeNull(): number {
  const nowhere = createFileSystem('tmpfs', 'tmpfs', { mode: '755', size: '4096' }, {})
  try {
    makeNode(nowhere, 'null', 'char', 0o666, number)
    return openPathAt(nowhere, 'null', O_RDWR)
  } finally {
    closeFd(nowhere)
  }
}
