// Pulling exact numbers of bytes out of a file or a stream: what parsers of archives need.
import { readSync } from 'node:fs'

export interface ByteSource {
  /**
   * Exactly `length` bytes, the caller's until its next call; undefined when the source is at its end.
   * @throws TruncatedError in between
   */
  read(length: number): Promise<Buffer | undefined>
  /** Between 1 and `max` bytes, or undefined at the end. The buffer is the caller's until its next call. */
  some(max: number): Promise<Buffer | undefined>
  /** @throws TruncatedError when the source ends earlier */
  skip(length: number): Promise<void>
  /** Bytes taken so far. */
  readonly position: number
}

/** The source ended in the middle of something. */
export class TruncatedError extends Error {
  override readonly name = 'TruncatedError'
  constructor(position: number) {
    super(`it ends after ${position} bytes, in the middle of an entry: it was cut short`)
  }
}

const chunkBytes = 256 * 1024

/** A part of a file, read synchronously (imports run in a thread of their own). */
export class FileSource implements ByteSource {
  readonly #fd: number
  readonly #start: number
  readonly #end: number
  readonly #chunk = Buffer.allocUnsafe(chunkBytes)
  #offset: number

  constructor(fd: number, start: number, end: number) {
    this.#fd = fd
    this.#start = start
    this.#end = end
    this.#offset = start
  }

  get position(): number {
    return this.#offset - this.#start
  }

  read(length: number): Promise<Buffer | undefined> {
    const left = this.#end - this.#offset
    if (left === 0 && length > 0) return Promise.resolve(undefined)
    if (left < length) return Promise.reject(new TruncatedError(this.#end - this.#start))
    const buffer = Buffer.allocUnsafe(length)
    for (let filled = 0; filled < length; ) {
      const count = readSync(this.#fd, buffer, filled, length - filled, this.#offset)
      if (count === 0) return Promise.reject(new TruncatedError(this.position))
      filled += count
      this.#offset += count
    }
    return Promise.resolve(buffer)
  }

  some(max: number): Promise<Buffer | undefined> {
    const wanted = Math.min(max, chunkBytes, this.#end - this.#offset)
    if (wanted === 0) return Promise.resolve(undefined)
    const count = readSync(this.#fd, this.#chunk, 0, wanted, this.#offset)
    if (count === 0) return Promise.reject(new TruncatedError(this.position))
    this.#offset += count
    return Promise.resolve(this.#chunk.subarray(0, count))
  }

  skip(length: number): Promise<void> {
    if (this.#end - this.#offset < length) return Promise.reject(new TruncatedError(this.#end - this.#start))
    this.#offset += length
    return Promise.resolve()
  }
}

/** A stream of chunks, for instance a decompressor's. Each need be valid only until the next is asked for. */
export class StreamSource implements ByteSource {
  readonly #chunks: AsyncIterator<Buffer>
  #current: Buffer = Buffer.alloc(0)
  #position = 0

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  get position(): number {
    return this.#position
  }

  async read(length: number): Promise<Buffer | undefined> {
    const first = await this.some(length)
    if (first === undefined || first.length === length) return first
    // A chunk is gone when the next one comes.
    const whole = Buffer.allocUnsafe(length)
    let filled = first.copy(whole)
    while (filled < length) {
      const part = await this.some(length - filled)
      if (part === undefined) throw new TruncatedError(this.#position)
      filled += part.copy(whole, filled)
    }
    return whole
  }

  async some(max: number): Promise<Buffer | undefined> {
    while (this.#current.length === 0) {
      const next = await this.#chunks.next()
      if (next.done) return undefined
      this.#current = next.value
    }
    const taken = this.#current.subarray(0, max)
    this.#current = this.#current.subarray(taken.length)
    this.#position += taken.length
    return taken
  }

  async skip(length: number): Promise<void> {
    for (let missing = length; missing > 0; ) {
      const part = await this.some(missing)
      if (part === undefined) throw new TruncatedError(this.#position)
      missing -= part.length
    }
  }
}
