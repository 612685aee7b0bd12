// Frames on a byte stream: a 4-byte little-endian length, then that much JSON.

/** More than any plan needs; a longer frame means that the other side does not speak this protocol. */
const maxFrameBytes = 8 << 20

export function encodeFrame(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  const frame = Buffer.allocUnsafe(4 + body.length)
  frame.writeUInt32LE(body.length, 0)
  body.copy(frame, 4)
  return frame
}

/** The message of a whole frame. @throws SyntaxError */
export function decodeFrame(frame: Buffer): unknown {
  return JSON.parse(frame.toString('utf8', 4))
}

/** Puts frames together from chunks. Throws for a frame that is too long or not JSON. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0)

  /** The messages that the chunk completes. */
  push(chunk: Buffer): unknown[] {
    return this.frames(chunk).map(decodeFrame)
  }

  /** The frames that the chunk completes, each with its length. */
  frames(chunk: Buffer): Buffer[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const frames: Buffer[] = []
    for (;;) {
      if (this.#pending.length < 4) return frames
      const length = this.#pending.readUInt32LE(0)
      if (length > maxFrameBytes) throw new Error(`frame of ${length} bytes: at most ${maxFrameBytes} are allowed`)
      if (this.#pending.length < 4 + length) return frames
      frames.push(this.#pending.subarray(0, 4 + length))
      this.#pending = this.#pending.subarray(4 + length)
    }
  }
}
