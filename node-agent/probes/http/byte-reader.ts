import type { Duplex } from 'node:stream'

/** The stream ended where something was still to come. */
export class EndOfStream extends Error {
  override readonly name = 'EndOfStream'

  /** @param unexpected in the middle of something */
  constructor(unexpected: boolean) {
    super(unexpected ? 'unexpected EOF' : 'EOF')
  }
}

/** Reads a stream by lines and by lengths. Errors of the stream come through as they are. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer, unknown>
  #held: Buffer = Buffer.alloc(0)
  #ended = false
  /** How much was handed out. */
  read = 0

  constructor(stream: Duplex) {
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, unknown>
  }

  /**
   * A line without its end (LF or CRLF), as Latin-1: a byte a character.
   * @param mostBytes undefined is returned when there is no end within so many
   * @throws EndOfStream
   */
  async line(mostBytes: number): Promise<string | undefined> {
    for (let searched = 0; ; ) {
      const end = this.#held.indexOf('\n', searched)
      if (end >= 0)
        return this.#take(end + 1)
          .toString('latin1')
          .replace(/\r?\n$/, '')
      searched = this.#held.length
      if (searched > mostBytes) return undefined
      if (!(await this.#more())) throw new EndOfStream(searched > 0)
    }
  }

  /** What is there of so many bytes, at least one; empty: the stream has ended. */
  async some(mostBytes: number): Promise<Buffer> {
    if (this.#held.length === 0) await this.#more()
    return this.#take(Math.min(mostBytes, this.#held.length))
  }

  /** Waits for the first byte. @throws EndOfStream */
  async begin(): Promise<void> {
    if (this.#held.length === 0 && !(await this.#more())) throw new EndOfStream(false)
  }

  #take(length: number): Buffer {
    const taken = this.#held.subarray(0, length)
    this.#held = this.#held.subarray(length)
    this.read += length
    return taken
  }

  async #more(): Promise<boolean> {
    while (!this.#ended) {
      const next = await this.#chunks.next()
      if (next.done) this.#ended = true
      else if (next.value.length > 0) {
        this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value])
        return true
      }
    }
    return false
  }
}
