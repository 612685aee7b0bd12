// What makes a log exact across a kill: a note, written before anything else, of the one chunk that is about to be
// written to the log and then taken from the FIFO. Whoever comes next finds out from it how far that went.
//
// Two slots take turns, so that a note half written leaves the one before it. The file lives where FIFOs live, in memory:
// after a power loss there is nothing to go on with.
import { createHash } from 'node:crypto'
import { closeSync, constants, existsSync, openSync, readSync, writeSync } from 'node:fs'
import { maxCarryBytes } from './cri-lines.ts'

export interface Note {
  /** The log file as it was before the chunk's lines were appended. */
  readonly logInode: number
  readonly logSizeBytes: number
  /** How many bytes of lines the chunk becomes. */
  readonly encodedBytes: number
  readonly chunkBytes: number
  readonly chunkHash: Buffer
  /** The unfinished line after the chunk. */
  readonly carry: Buffer
}

const hashBytes = 16
const headerBytes = hashBytes + 8 * 6 + hashBytes
const slotBytes = headerBytes + maxCarryBytes

export function hashOf(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export class Journal {
  readonly #file: string
  readonly #slot = Buffer.alloc(slotBytes)
  #fd: number | undefined
  #sequence = 0

  /** The file is made with the first note: most containers are quiet. */
  constructor(file: string) {
    this.#file = file
    if (existsSync(file)) this.#fd = openSync(file, 'r+')
  }

  /** The latest whole note and the one before it. */
  read(): { readonly latest: Note | undefined; readonly previous: Note | undefined } {
    const [even, odd] = [this.#readSlot(0), this.#readSlot(1)]
    const [latest, previous] = (even?.sequence ?? -1) > (odd?.sequence ?? -1) ? [even, odd] : [odd, even]
    this.#sequence = latest?.sequence ?? 0
    return { latest: latest?.note, previous: previous?.note }
  }

  write(note: Note): void {
    this.#sequence++
    const slot = this.#slot
    let at = hashBytes
    const numbers = [
      this.#sequence,
      note.logInode,
      note.logSizeBytes,
      note.encodedBytes,
      note.chunkBytes,
      note.carry.length,
    ]
    for (const number of numbers) at = slot.writeDoubleLE(number, at)
    note.chunkHash.copy(slot, at)
    note.carry.copy(slot, headerBytes)
    const length = headerBytes + note.carry.length
    hashOf(slot.subarray(hashBytes, length)).copy(slot, 0)
    this.#fd ??= openSync(this.#file, constants.O_RDWR | constants.O_CREAT, 0o600)
    writeSync(this.#fd, slot, 0, length, (this.#sequence % 2) * slotBytes)
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
  }

  #readSlot(index: 0 | 1): { readonly sequence: number; readonly note: Note } | undefined {
    if (this.#fd === undefined) return undefined
    const slot = Buffer.alloc(slotBytes)
    const length = readSync(this.#fd, slot, 0, slotBytes, index * slotBytes)
    if (length < headerBytes) return undefined
    const number = (field: number): number => slot.readDoubleLE(hashBytes + 8 * field)
    const carryBytes = number(5)
    const stop = headerBytes + carryBytes
    if (!(carryBytes >= 0 && stop <= length)) return undefined
    if (!hashOf(slot.subarray(hashBytes, stop)).equals(slot.subarray(0, hashBytes))) return undefined
    return {
      sequence: number(0),
      note: {
        logInode: number(1),
        logSizeBytes: number(2),
        encodedBytes: number(3),
        chunkBytes: number(4),
        chunkHash: slot.subarray(headerBytes - hashBytes, headerBytes),
        carry: slot.subarray(headerBytes, stop),
      },
    }
  }
}
