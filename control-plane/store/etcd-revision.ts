// One transaction of etcd carries many writes, and all of them get one revision. Ours must be unique to a
// write, so they are etcd's revision × 128 + an index within it. Two rules give the index, the same to
// whoever made the write, reads it or watches it:
//   - a value was written by the n-th branch of its transaction: n, kept in front of the value;
//   - a deletion leaves no value to keep anything in: one more than the event before it in its revision
//     (or 0). That is never more than its own place, so it can't meet another's index.
import type { IEvent, IKeyValue } from 'etcd3'
import type { Entry, Revision, StoreEvent } from './store.ts'

const slots = 128
/** "All of an etcd revision": what a page or a batch that ends with the revision is a view of. */
export const lastIndex = slots - 1

/** Marks a value of ours: the index with the high bit set, then a version. JSON begins with neither. */
const indexBit = 0x80
const envelopeVersion = 1
const headerBytes = 2

export const compose = (etcdRevision: number, index: number): Revision => etcdRevision * slots + index
export const etcdRevisionOf = (revision: Revision): number => Math.floor(revision / slots)
export const indexOf = (revision: Revision): number => revision % slots

export function enclose(value: Buffer, index: number): Buffer {
  return Buffer.concat([Buffer.from([indexBit | index, envelopeVersion]), value])
}

/** The least value that an index above the given one encloses. */
export const leastEnclosedAfter = (index: number): Buffer => Buffer.from([indexBit | (index + 1)])
/** Less than everything that the index encloses, and more than what a lesser one does. */
export const justBefore = (index: number): Buffer => Buffer.from([indexBit | index])

/** A value as it was stored; what another program put there counts as written by the first branch. */
function disclose(stored: Buffer): { readonly value: Buffer; readonly index: number } {
  const [first = 0, second] = stored
  if ((first & indexBit) === 0 || second !== envelopeVersion) return { value: stored, index: 0 }
  return { value: stored.subarray(headerBytes), index: first & ~indexBit }
}

export function entryOf(kv: IKeyValue): Entry {
  const { value, index } = disclose(kv.value)
  return { key: kv.key.toString(), value, revision: compose(Number(kv.mod_revision), index) }
}

/** @param events of whole revisions and of the whole key space, as etcd orders them */
export function eventsOf(events: readonly IEvent[]): StoreEvent[] {
  let etcdRevision = 0
  let last = -1
  return events.map(({ type, kv }) => {
    if (Number(kv.mod_revision) !== etcdRevision) last = -1
    etcdRevision = Number(kv.mod_revision)
    const stored = type === 'Put' ? disclose(kv.value) : undefined
    // The bounds hold for ours anyway; another program's transactions must not break the order.
    last = Math.min(lastIndex, Math.max(last + 1, stored?.index ?? 0))
    return { key: kv.key.toString(), value: stored?.value, revision: compose(etcdRevision, last) }
  })
}
