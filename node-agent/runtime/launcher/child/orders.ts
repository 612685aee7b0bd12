// What the launcher tells a child over its orders pipe: one frame with the plan, then a single byte once the process is on
// record and may become its program. The pipe's end says that the launcher is gone.
import { readSome } from '../../../sys/fd.ts'
import { type ProcessPlan } from '../../container/plan.ts'

export interface PlanOrdered {
  readonly type: 'PlanOrdered'
  readonly plan: ProcessPlan
  /** When the plan reached the launcher, in monotonic microseconds. */
  readonly startedUs: number
  /** Descriptors of the launcher that stand for those the plan refers to. */
  readonly lent: LentDescriptors
}

export interface LentDescriptors {
  /** Pidfds by process number. */
  readonly processes: Readonly<Record<string, number>>
  /** Streams by `pid:descriptor`. */
  readonly streams: Readonly<Record<string, number>>
}

function readExactly(fd: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(length)
  for (let offset = 0; offset < length; ) {
    const count = readSome(fd, bytes.subarray(offset), 'orders')
    if (count === 0) return undefined
    offset += count
  }
  return bytes
}

/** Waits for the plan; undefined when the launcher is gone. */
export function awaitPlan(ordersFd: number): PlanOrdered | undefined {
  const length = readExactly(ordersFd, 4)?.readUInt32LE(0)
  const body = length === undefined ? undefined : readExactly(ordersFd, length)
  return body === undefined ? undefined : (JSON.parse(body.toString()) as PlanOrdered)
}

/** Waits to be let go; false when the launcher is gone. */
export function awaitGo(ordersFd: number): boolean {
  return readSome(ordersFd, new Uint8Array(1), 'orders') === 1
}
