// What the launcher tells a child over its orders pipe: the plan, in the frame it came in; another frame with what the
// launcher lends for it; then a single byte once the process is on record and may become its program. The pipe's end says
// that the launcher is gone.
import { readSome } from '../../../sys/fd.ts'
import { type ProcessPlan } from '../../container/plan.ts'

/** Descriptors of the launcher that stand for those the plan refers to. */
export interface LentDescriptors {
  /** Pidfds by process number. */
  readonly processes: Readonly<Record<string, number>>
  /** Streams by `pid:descriptor`. */
  readonly streams: Readonly<Record<string, number>>
}

export interface DescriptorsLent extends LentDescriptors {
  readonly type: 'DescriptorsLent'
  /** When the plan reached the launcher, in monotonic microseconds. */
  readonly startedUs: number
}

export interface Orders {
  readonly plan: ProcessPlan
  readonly lent: DescriptorsLent
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

function readFrame(fd: number): unknown {
  const length = readExactly(fd, 4)?.readUInt32LE(0)
  const body = length === undefined ? undefined : readExactly(fd, length)
  return body === undefined ? undefined : (JSON.parse(body.toString()) as unknown)
}

/** Waits for the plan; undefined when the launcher is gone. */
export function awaitOrders(ordersFd: number): Orders | undefined {
  const request = readFrame(ordersFd) as Pick<Orders, 'plan'> | undefined
  const lent = request && (readFrame(ordersFd) as DescriptorsLent | undefined)
  return lent && { plan: request.plan, lent }
}

/** Waits to be let go; false when the launcher is gone. */
export function awaitGo(ordersFd: number): boolean {
  return readSome(ordersFd, new Uint8Array(1), 'orders') === 1
}
