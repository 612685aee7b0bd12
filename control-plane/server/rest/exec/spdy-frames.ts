// SPDY/3.1 frames (draft-mbelshe-httpbis-spdy-00, section 2.2), as far as remote commands need them. There is no flow
// control: the Go clients that still speak this send no window updates.

export const controlType = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const

const flagFin = 1

/** What a client may put into one frame. */
const maxFrameBytes = 1024 * 1024

/** Data sent is cut to frames of at most this. */
const maxDataBytes = 64 * 1024

export type Frame =
  | { readonly type: 'data'; readonly stream: number; readonly data: Buffer; readonly fin: boolean }
  | { readonly type: 'control'; readonly kind: number; readonly payload: Buffer }

/** Frames of a connection, until it ends. @throws Error for what is no SPDY/3 */
export async function* readFrames(head: Buffer, chunks: AsyncIterable<Buffer>): AsyncGenerator<Frame, void, void> {
  let buffered = head
  yield* complete()
  for await (const chunk of chunks) {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
    yield* complete()
  }

  function* complete(): Generator<Frame, void, void> {
    while (buffered.length >= 8) {
      const length = buffered.readUIntBE(5, 3)
      if (length > maxFrameBytes) throw new Error(`a SPDY frame of ${length} bytes`)
      if (buffered.length < 8 + length) return
      const frame = buffered.subarray(0, 8 + length)
      buffered = buffered.subarray(8 + length)
      yield parseFrame(frame)
    }
  }
}

function parseFrame(frame: Buffer): Frame {
  const first = frame.readUInt32BE(0)
  const payload = frame.subarray(8)
  if (first < 0x80000000) return { type: 'data', stream: first, data: payload, fin: ((frame[4] ?? 0) & flagFin) !== 0 }
  const version = (first >>> 16) & 0x7fff
  if (version !== 3) throw new Error(`SPDY of version ${version}`)
  return { type: 'control', kind: first & 0xffff, payload }
}

export function controlFrame(kind: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE((0x80030000 | kind) >>> 0, 0)
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

/** The frames that carry some data, the last of them ending the stream where asked to. */
export function* dataFrames(stream: number, data: Uint8Array, fin = false): Generator<Buffer, void, void> {
  let at = 0
  do {
    const part = data.subarray(at, at + maxDataBytes)
    at += part.length
    const head = Buffer.alloc(8)
    head.writeUInt32BE(stream, 0)
    head[4] = fin && at >= data.length ? flagFin : 0
    head.writeUIntBE(part.length, 5, 3)
    yield Buffer.concat([head, part])
  } while (at < data.length)
}
