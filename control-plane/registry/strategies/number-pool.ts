// Picks a free one of a range of numbers (ports, offsets of addresses).
import { randomInt } from 'node:crypto'
import type { ClaimOwner, ClaimTable } from './claims.ts'

export interface NumberRange {
  /** Inclusive. */
  readonly from: number
  readonly to: number
}

export interface PoolOptions {
  readonly claims: ClaimTable
  /** Where to pick from, first to last: what follows is used when what stands before it is full. */
  readonly ranges: readonly NumberRange[]
  readonly nameOf: (number: number) => string
}

/** In a range with room, so many blind tries nearly always find some. */
const blindTries = 4

/** Takes one at random, so that those who allocate at once rarely meet; undefined: all are taken. */
export async function takeAny(options: PoolOptions, owner: ClaimOwner): Promise<number | undefined> {
  const { claims, ranges, nameOf } = options
  const [first] = ranges
  if (first === undefined) return undefined
  for (let attempt = 0; attempt < blindTries; attempt++) {
    const number = randomInt(first.from, first.to + 1)
    if (await claims.take(nameOf(number), owner)) return number
  }
  const taken = await claims.taken()
  for (const { from, to } of ranges) {
    const start = randomInt(from, to + 1)
    for (let step = 0; step <= to - from; step++) {
      const number = from + ((start - from + step) % (to - from + 1))
      if (!taken.has(nameOf(number)) && (await claims.take(nameOf(number), owner))) return number
    }
  }
  return undefined
}
