// The runtime's end of a terminal, or of an exec's pipes. Descriptors cross processes by pidfd_getfd(2): the launcher's
// child takes its ends of the pipes from here, and the terminal's master is taken from the launcher, which keeps its own
// so that the terminal outlives this process.
import net from 'node:net'
import { Duplex, type Readable, type Writable } from 'node:stream'
import { ReadStream } from 'node:tty'
import { closeFd, makePipe, readSome } from '../../sys/fd.ts'
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
  let open = true
  const stream = untilHungUp(
    () => new ReadStream(copyDescriptorOf(process.pid, fd)),
    () => drain(fd),
  )
  stream.once('close', () => {
    open = false
    closeFd(fd)
  })
  return {
    stream,
    resize: (columns, rows) => {
      if (open) setWindowSize(fd, columns, rows)
    },
    close: () => stream.destroy(),
  }
}

interface Drained {
  readonly bytes: Uint8Array
  /** False: somebody has opened the terminal again. */
  readonly hungUp: boolean
}

/** What a master still holds, without waiting for more. It is non-blocking since libuv has had it. */
function drain(fd: number): Drained {
  const chunks: Uint8Array[] = []
  for (;;) {
    const buffer = Buffer.alloc(1 << 14)
    try {
      const bytes = readSome(fd, buffer, 'terminal')
      if (bytes === 0) return { bytes: Buffer.concat(chunks), hungUp: true }
      chunks.push(buffer.subarray(0, bytes))
    } catch (error) {
      // EIO is a master's end of file: all its slaves are closed.
      return { bytes: Buffer.concat(chunks), hungUp: (error as NodeJS.ErrnoException).code !== 'EAGAIN' }
    }
  }
}

/**
 * A terminal's stream, to the last byte. Two things would lose some: libuv takes a hang-up seen together with a short
 * read for the end of file, though the line discipline may still hold output; and Node destroys a stream at EIO, and
 * with it what was read and not yet taken. So the end of an attached stream is only a reason to look what is left.
 *
 * @param attach a new stream over the master
 * @param drain what the master holds
 */
export function untilHungUp(attach: () => Duplex, drain: () => Drained): Duplex {
  let master = follow()
  const terminal = new Duplex({
    allowHalfOpen: false,
    read: () => void master.resume(),
    // What is typed after the hang-up reaches nobody, which is not the reader's loss.
    write: (chunk: Uint8Array, _encoding, done) => void master.write(chunk, () => done()),
    destroy: (error, done) => {
      master.destroy()
      done(error)
    },
  })
  return terminal

  function follow(): Duplex {
    const stream = attach()
    let over = false
    const ended = (): void => {
      if (over) return
      over = true
      stream.destroy()
      if (terminal.destroyed) return
      const { bytes, hungUp } = drain()
      if (bytes.length > 0) terminal.push(bytes)
      if (hungUp) terminal.push(null)
      else master = follow()
    }
    stream.on('data', (chunk: Uint8Array) => {
      if (!terminal.push(chunk)) stream.pause()
    })
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EIO' || over) {
        ended()
        return
      }
      over = true
      terminal.destroy(error)
    })
    for (const event of ['end', 'close']) stream.once(event, ended)
    return stream
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
