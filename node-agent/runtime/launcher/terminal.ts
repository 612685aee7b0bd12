// The runtime's end of a terminal, or of an exec's pipes. Descriptors cross processes by pidfd_getfd(2): the launcher's
// child takes its ends of the pipes from here, and the terminal's master is taken from the launcher, which keeps its own
// so that the terminal outlives this process.
import net from 'node:net'
import { Duplex, type Readable, type Writable } from 'node:stream'
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
  const master = new ReadStream(fd)
  return {
    stream: untilHungUp(master),
    resize: (columns, rows) => {
      if (!master.destroyed) setWindowSize(fd, columns, rows)
    },
    close: () => master.destroy(),
  }
}

/**
 * A master whose slaves are all closed reads EIO: that is its end of file. Node destroys a stream at such an error, and
 * with it what was read and not yet taken; so what is read is kept here, where the end comes after the last of it.
 */
export function untilHungUp(master: Duplex): Duplex {
  const terminal = new Duplex({
    allowHalfOpen: false,
    read: () => void master.resume(),
    write: (chunk: Uint8Array, _encoding, done) => void master.write(chunk, done),
    destroy: (error, done) => {
      master.destroy()
      done(error)
    },
  })
  let ended = false
  const end = (): void => {
    if (!ended) terminal.push(null)
    ended = true
  }
  master.on('data', (chunk: Uint8Array) => {
    if (!terminal.push(chunk)) master.pause()
  })
  master.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EIO') end()
    else terminal.destroy(error)
  })
  for (const event of ['end', 'close']) master.once(event, end)
  return terminal
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
