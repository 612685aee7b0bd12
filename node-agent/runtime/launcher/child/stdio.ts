// Steps that open the program's standard streams.
import { hasCode } from '../../../sys/errno.ts'
import { closeFd, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY, openPath, setNonBlocking } from '../../../sys/fd.ts'
import { attachMount, cloneTree } from '../../../sys/mount.ts'
import { DEVPTS_SUPER_MAGIC, openSlave, setControllingTerminal, setWindowSize } from '../../../sys/pty.ts'
import { fileSystemType, makeFileInRoot, openInRoot } from '../../../sys/rooted.ts'
import { type Step, type StreamSource } from '../../container/plan.ts'
import { StartRefusal } from './failure.ts'
import { type Inheritance } from './inheritance.ts'
import { type ChildState, requireRoot } from './state.ts'

export function openStdio(step: Extract<Step, { do: 'openStdio' }>, state: ChildState, inherited: Inheritance): void {
  const open = (source: StreamSource, direction: number): number => openSource(source, direction, inherited)
  state.stdio = [open(step.stdin, O_RDONLY), open(step.stdout, O_WRONLY), open(step.stderr, O_WRONLY)]
}

function openSource(source: StreamSource, direction: number, inherited: Inheritance): number {
  switch (source.kind) {
    case 'null':
      return openPath('/dev/null', O_RDWR)
    case 'descriptor':
      return inherited.streamFd(source)
    case 'fifo':
      return openFifo(source.path, source.hold ? O_RDWR : direction)
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
  state.stdio = [slave, slave, slave]
}
