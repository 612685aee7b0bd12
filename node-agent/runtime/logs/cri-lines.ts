// CRI's log format: one line a record, "TIMESTAMP STREAM TAG CONTENT\n". A line too long, or one whose end never came,
// is written in pieces tagged P; its last piece, or a whole line, is tagged F.

export type StreamName = 'stdout' | 'stderr'

/** The longest content of one record. */
export const maxContentBytes = 16 * 1024

const newline = 0x0a
const end = Buffer.from('\n')

export interface Encoded {
  readonly output: Buffer
  /** The beginning of a line whose end has not come yet; goes before the next chunk. */
  readonly carry: Buffer
}

/**
 * Encodes a chunk of output. How many bytes come out depends on the bytes that went in only, not on the time.
 * @param timestamp RFC 3339 with nanoseconds, UTC: always 30 characters
 */
export function encodeLines(stream: StreamName, carry: Buffer, chunk: Buffer, timestamp: string): Encoded {
  const data = carry.length === 0 ? chunk : Buffer.concat([carry, chunk])
  const full = Buffer.from(`${timestamp} ${stream} F `)
  const partial = Buffer.from(`${timestamp} ${stream} P `)
  const parts: Buffer[] = []
  let start = 0
  // What was carried has been searched already.
  for (let from = carry.length; ; from = start) {
    const at = data.indexOf(newline, from)
    const stop = at === -1 ? data.length : at
    while (at === -1 ? stop - start >= maxContentBytes : stop - start > maxContentBytes) {
      parts.push(partial, data.subarray(start, start + maxContentBytes), end)
      start += maxContentBytes
    }
    if (at === -1) break
    parts.push(full, data.subarray(start, at + 1))
    start = at + 1
  }
  return { output: Buffer.concat(parts), carry: Buffer.from(data.subarray(start)) }
}

/** The record of a line that will not be completed; empty when there is none. */
export function encodeRest(stream: StreamName, carry: Buffer, timestamp: string): Buffer {
  return carry.length === 0 ? carry : Buffer.concat([Buffer.from(`${timestamp} ${stream} P `), carry, end])
}

export function logTimestamp(nowMs: number): string {
  return new Date(nowMs).toISOString().replace('Z', '000000Z')
}
