// From one FIFO of a container to its log file, losing and doubling nothing although this process may be killed at any
// instruction: look at a chunk (tee(2) leaves it in the FIFO), note it, write its lines, then take it out.
//
// The FIFO is open for writing here too, so it never reads as ended; the container's exit says when it is time to go.
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { makePipe } from '../../sys/fd.ts'
import { peekPipe, setPipeSize } from '../../sys/pipe.ts'
import { type Watch, watchReadable } from '../../sys/poll.ts'
import { encodeLines, encodeRest, logTimestamp, type StreamName } from './cri-lines.ts'
import { hashOf, Journal, type Note } from './journal.ts'
import type { LogFile } from './log-file.ts'

/** What a FIFO holds while nobody reads: the kernel's limit for one pipe. */
const fifoBytes = 1024 * 1024
const chunkBytes = 64 * 1024
/** Chunks taken before others get their turn. */
const chunksPerTurn = 4

/** A pipe to look at chunks through, shared: its content never outlives one synchronous step. */
let mirror: { readonly readEnd: number; readonly writeEnd: number } | undefined

/** Where the note of what is under way is kept, beside the FIFO. */
export function journalOf(fifo: string): string {
  return `${fifo}.journal`
}

export class FifoPump {
  readonly #stream: StreamName
  readonly #fd: number
  readonly #log: LogFile
  readonly #journal: Journal
  readonly #onDropped: () => void
  readonly #watch: Watch
  readonly #buffer = Buffer.alloc(chunkBytes)
  #carry: Buffer = Buffer.alloc(0)

  /**
   * Goes on where a killed predecessor was, if there was one.
   * @param onDropped told when lines could not be written (the disk is full): they are lost, the container goes on
   */
  constructor(stream: StreamName, fifo: string, log: LogFile, onDropped: () => void) {
    this.#stream = stream
    this.#log = log
    this.#onDropped = onDropped
    this.#fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
    setPipeSize(this.#fd, fifoBytes)
    this.#journal = new Journal(journalOf(fifo))
    this.#recover()
    this.#watch = watchReadable(this.#fd, () => this.#pump(chunksPerTurn))
  }

  /** Writes everything that is in the FIFO now, an unfinished line too, and closes. The writers must be gone. */
  finish(): void {
    this.#watch.close()
    this.#pump(Number.POSITIVE_INFINITY)
    this.#append(encodeRest(this.#stream, this.#carry, logTimestamp(Date.now())))
    this.close()
  }

  /** Stops reading; what is in the FIFO stays for the next one. */
  close(): void {
    this.#watch.close()
    this.#journal.close()
    closeSync(this.#fd)
  }

  #pump(chunks: number): void {
    for (let count = 0; count < chunks; count++) {
      const chunk = this.#peek(chunkBytes)
      if (chunk.length === 0) return
      const { output, carry } = encodeLines(this.#stream, this.#carry, chunk, logTimestamp(Date.now()))
      this.#journal.write({
        logInode: this.#log.inode,
        logSizeBytes: this.#log.sizeBytes,
        encodedBytes: output.length,
        chunkBytes: chunk.length,
        chunkHash: hashOf(chunk),
        carry,
      })
      this.#append(output)
      this.#take(chunk.length)
      this.#carry = carry
    }
  }

  #append(lines: Buffer): void {
    if (!this.#log.append(lines)) this.#onDropped()
  }

  /** A copy of the FIFO's head. */
  #peek(maxBytes: number): Buffer {
    mirror ??= makePipe()
    const length = peekPipe(this.#fd, mirror.writeEnd, maxBytes)
    for (let filled = 0; filled < length; ) {
      filled += readSync(mirror.readEnd, this.#buffer, filled, length - filled, null)
    }
    return this.#buffer.subarray(0, length)
  }

  #take(length: number): void {
    const sink = Buffer.allocUnsafe(length)
    for (let taken = 0; taken < length; ) taken += readSync(this.#fd, sink, 0, length - taken, null)
  }

  #recover(): void {
    const { latest, previous } = this.#journal.read()
    if (latest === undefined) return
    const head = this.#peek(latest.chunkBytes)
    const inFifo = head.length === latest.chunkBytes && hashOf(head).equals(latest.chunkHash)
    // The chunk was taken, so all of it had been written.
    if (!inFifo) this.#carry = Buffer.from(latest.carry)
    else if (wasWritten(latest, this.#log)) {
      this.#take(latest.chunkBytes)
      this.#carry = Buffer.from(latest.carry)
    } else {
      // It will be read again; a part of its lines must not stay.
      if (this.#log.inode === latest.logInode && this.#log.sizeBytes > latest.logSizeBytes) {
        this.#log.truncate(latest.logSizeBytes)
      }
      this.#carry = Buffer.from(previous?.carry ?? Buffer.alloc(0))
    }
  }
}

function wasWritten(note: Note, log: LogFile): boolean {
  return log.inode === note.logInode && log.sizeBytes >= note.logSizeBytes + note.encodedBytes
}
