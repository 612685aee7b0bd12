// Sets of indexes of a job's pods, as text: `1,3-5`.

interface Indexes {
  /** How many there are, as far as the text could be read. */
  readonly total: number
  readonly error?: string
}

/** What is wrong with such a text, for a job of so many completions. Intervals are in order and don't touch. */
export function validateIndexes(text: string, completions: number): Indexes {
  if (text === '') return { total: 0 }
  let total = 0
  let last: number | undefined
  for (const interval of text.split(',')) {
    const limits = interval.split('-')
    if (limits.length > 2) {
      return {
        total: 0,
        error: `the fragment ${JSON.stringify(interval)} violates the requirement that an index interval can have at most two parts separated by '-'`,
      }
    }
    const ends: number[] = []
    for (const limit of limits) {
      const index = /^[+-]?\d+$/.test(limit) ? Number(limit) : undefined
      if (index === undefined)
        return { total: 0, error: `cannot convert string to integer for index: ${JSON.stringify(limit)}` }
      if (index >= completions) return { total: 0, error: `too large index: ${JSON.stringify(limit)}` }
      if (last !== undefined && index <= last) {
        return { total: 0, error: `non-increasing order, previous: ${last}, current: ${index}` }
      }
      last = index
      ends.push(index)
    }
    const [first = 0, end = first] = ends
    total += end - first + 1
  }
  return { total }
}
