// CRI's log format: one line a record, "TIMESTAMP STREAM TAG CONTENT\n". A line too long, or one whose end never came,
// is written in pieces tagged P; its last piece, or a whole line, is tagged F. A line may end with "\r\n", as every line of
// a terminal does: neither is content, as with CRI's other runtimes.

export type StreamName = 'stdout' | 'stderr'

/** The longest content of one record. */
export const maxContentBytes = 16 * 1024
/** The longest beginning of a record: its last byte may be the return of the line's end. */
export const maxCarryBytes = maxContentBytes + 1

const newline = 0x0a
const carriageReturn = 0x0d
const end = Buffer.from('\n')

export interface Encoded {
  readonly output: Buffer
  /** The beginning of a line whose end has not come yet, at most maxCarryBytes; goes before the next chunk. */
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
  // What was carried has been searched already.
  for (let from = carry.length; ; from = start) {
    const at = data.indexOf(newline, from)
    // A return at the very end may belong to a line's end that has not come yet.
    const stop = withoutReturn(data, start, at === -1 ? data.length : at)
    while (stop - start > maxContentBytes) {
      parts.push(partial, data.subarray(start, start + maxContentBytes), end)
      start += maxContentBytes
    }
    if (at === -1) break
    parts.push(full, data.subarray(start, stop), end)
    start = at + 1
  }
  return { output: Buffer.concat(parts), carry: Buffer.from(data.subarray(start)) }
}

function withoutReturn(data: Buffer, start: number, stop: number): number {
  return stop > start && data[stop - 1] === carriageReturn ? stop - 1 : stop
}

/** The records of a line that will not be completed; empty when there is none. */
export function encodeRest(stream: StreamName, carry: Buffer, timestamp: string): Buffer {
  const partial = Buffer.from(`${timestamp} ${stream} P `)
  const parts: Buffer[] = []
  for (let start = 0; start < carry.length; start += maxContentBytes) {
    parts.push(partial, carry.subarray(start, start + maxContentBytes), end)
  }
  return Buffer.concat(parts)
}

export function logTimestamp(nowMs: number): string {
  return new Date(nowMs).toISOString().replace('Z', '000000Z')
}
