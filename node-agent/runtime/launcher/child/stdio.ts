// Steps that open the program's standard streams.
import { changeOwner } from '../../../sys/credentials.ts'
import { hasCode } from '../../../sys/errno.ts'
import { closeFd, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY, openPath, setNonBlocking } from '../../../sys/fd.ts'
import { attachMount, cloneTree } from '../../../sys/mount.ts'
import { DEVPTS_SUPER_MAGIC, openSlave, setControllingTerminal, setWindowSize } from '../../../sys/pty.ts'
import { fileSystemType, makeFileInRoot, openInRoot } from '../../../sys/rooted.ts'
import { type Step, type StreamSource } from '../../container/plan.ts'
import { StartRefusal } from './failure.ts'
import { type Inheritance } from './inheritance.ts'
import { requireNullDevice } from './null-device.ts'
import { type ChildState, requireRoot, type Stream } from './state.ts'

export function openStdio(step: Extract<Step, { do: 'openStdio' }>, state: ChildState, inherited: Inheritance): void {
  const open = (source: StreamSource, direction: number): Stream | 'null' => openSource(source, direction, inherited)
  state.stdio = [open(step.stdin, O_RDONLY), open(step.stdout, O_WRONLY), open(step.stderr, O_WRONLY)]
}

function openSource(source: StreamSource, direction: number, inherited: Inheritance): Stream | 'null' {
  switch (source.kind) {
    case 'null':
      return 'null'
    case 'descriptor':
      return { fd: inherited.streamFd(source), own: true }
    case 'fifo':
      return { fd: openFifo(source.path, source.hold ? O_RDWR : direction), own: true }
  }
}

/**
 * Decides what becomes descriptors 0, 1 and 2, and gives those made for the program to its user: it may open them again
 * by /dev/stdout, which asks for permission. A null device is everybody's, and stays root's.
 */
export function settleStreams(state: ChildState): void {
  state.stdio = state.stdio?.map(stream => {
    if (stream === 'null') return { fd: requireNullDevice(state), own: false }
    if (stream.own) giveStream(stream.fd, state.user.uid)
    return stream
  })
}

function giveStream(fd: number, uid: number): void {
  if (uid === 0) return
  try {
    changeOwner(fd, uid)
  } catch (error) {
    // A pipe of another user namespace: the stream works all the same.
    if (!hasCode(error, 'EPERM', 'EINVAL')) throw error
  }
}

/** Opened without waiting for the other end, which a launcher that makes one container must not do. */
function openFifo(path: string, direction: number): number {
  let fd: number
  try {
    fd = openPath(path, direction | O_NOCTTY | O_NONBLOCK)
  } catch (error) {
    if (!hasCode(error, 'ENXIO')) throw error
    throw new StartRefusal(
      'InvalidPlan',
      `nobody reads the FIFO ${path}: open it before the start, or let the plan hold it`,
    )
  }
  setNonBlocking(fd, false)
  return fd
}

/** A terminal of the container's own devpts, so that tty(1) and /dev/pts tell the truth inside. */
export function openTerminal(step: Extract<Step, { do: 'openTerminal' }>, state: ChildState): void {
  const root = requireRoot(state)
  const master = openInRoot(root, '/dev/pts/ptmx', { strict: true, flags: O_RDWR | O_NOCTTY })
  if (fileSystemType(master) !== DEVPTS_SUPER_MAGIC) {
    throw new StartRefusal('InvalidPlan', '/dev/pts/ptmx is no terminal multiplexer: /dev/pts was mounted over')
  }
  const slave = openSlave(master)
  setWindowSize(master, step.columns, step.rows)
  setControllingTerminal(slave)
  if (step.console) {
    const target = makeFileInRoot(root, '/dev/console')
    const tree = cloneTree('/dev/console', { recursive: false, directoryFd: slave })
    attachMount(tree, target, '/dev/console')
    closeFd(tree)
    closeFd(target)
  }
  state.terminalMaster = master
  const stream: Stream = { fd: slave, own: true }
  state.stdio = [stream, stream, stream]
}
