// One line of a log in CRI's format: `2026-01-31T12:00:00.123456789Z stdout F text`.

export interface CriLine {
  /** RFC 3339 with nanoseconds, as written. */
  readonly time: string
  /** P: the line goes on in the next record. */
  readonly partial: boolean
  /** Without the newline that ends the record. */
  readonly content: Buffer
}

const space = 0x20

/** @returns undefined for what is not such a line */
export function parseCriLine(line: Buffer): CriLine | undefined {
  const afterTime = line.indexOf(space)
  const afterStream = line.indexOf(space, afterTime + 1)
  if (afterTime <= 0 || afterStream < 0) return undefined
  const afterTag = line.indexOf(space, afterStream + 1)
  const tagEnd = afterTag < 0 ? line.length : afterTag
  const [tag] = line.toString('latin1', afterStream + 1, tagEnd).split(':')
  if (tag !== 'P' && tag !== 'F') return undefined
  return {
    time: line.toString('latin1', 0, afterTime),
    partial: tag === 'P',
    content: afterTag < 0 ? Buffer.alloc(0) : line.subarray(afterTag + 1),
  }
}
