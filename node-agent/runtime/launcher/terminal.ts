// The runtime's end of a terminal, or of an exec's pipes. Descriptors cross processes by pidfd_getfd(2): the launcher's
// child takes its ends of the pipes from here, and the terminal's master is taken from the launcher, which keeps its own
// so that the terminal outlives this process.
import net from 'node:net'
import { type Duplex, type Readable, type Writable } from 'node:stream'
import { ReadStream } from 'node:tty'
import { closeFd, makePipe } from '../../sys/fd.ts'
import { copyDescriptorOf } from '../../sys/process.ts'
import { setWindowSize } from '../../sys/pty.ts'
import { type StreamSource } from '../container/plan.ts'

export interface Terminal {
  /** Both directions. Ends when the last process of the terminal is gone. */
  readonly stream: Duplex
  resize(columns: number, rows: number): void
  close(): void
}

/** Takes a copy of a terminal the launcher holds: `openTerminal(info.pid, started.terminalFd)`. */
export function openTerminal(launcherPid: number, terminalFd: number): Terminal {
  const fd = copyDescriptorOf(launcherPid, terminalFd)
  const stream = new ReadStream(fd)
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A master whose slaves are all closed reads EIO: that is its end of file.
    stream.destroy(error.code === 'EIO' ? undefined : error)
  })
  return {
    stream,
    resize: (columns, rows) => {
      if (!stream.destroyed) setWindowSize(fd, columns, rows)
    },
    close: () => stream.destroy(),
  }
}

export interface ExecStreams {
  /** For ProcessSpec.stdio. */
  readonly sources: { readonly stdin: StreamSource; readonly stdout: StreamSource; readonly stderr: StreamSource }
  readonly stdin?: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Closes this process's copies of the child's ends: call it once the start has succeeded or failed. */
  started(): void
  close(): void
}

/** Pipes for a process without a terminal. */
export function openExecStreams(options: { readonly stdin: boolean }): ExecStreams {
  const input = options.stdin ? makePipe() : undefined
  const [output, errors] = [makePipe(), makePipe()]
  const source = (fd: number): StreamSource => ({ kind: 'descriptor', pid: process.pid, fd })
  const stdin = input && new net.Socket({ fd: input.writeEnd, readable: false, writable: true })
  const stdout = new net.Socket({ fd: output.readEnd, readable: true, writable: false })
  const stderr = new net.Socket({ fd: errors.readEnd, readable: true, writable: false })
  // The program may close its stdin before it was all written.
  stdin?.on('error', () => stdin.destroy())
  let childEndsOpen = true
  const started = (): void => {
    if (!childEndsOpen) return
    childEndsOpen = false
    if (input !== undefined) closeFd(input.readEnd)
    closeFd(output.writeEnd)
    closeFd(errors.writeEnd)
  }
  return {
    sources: {
      stdin: input === undefined ? { kind: 'null' } : source(input.readEnd),
      stdout: source(output.writeEnd),
      stderr: source(errors.writeEnd),
    },
    ...(stdin !== undefined && { stdin }),
    stdout,
    stderr,
    started,
    close: () => {
      started()
      for (const stream of [stdin, stdout, stderr]) stream?.destroy()
    },
  }
}
