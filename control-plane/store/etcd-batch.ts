// Writes that arrive together, as one transaction of etcd: a nested transaction for each, with its own
// condition, so that one Raft entry and one flush carry many independent outcomes.
import type { ICompare, IRequestOp, ITxnRequest, ITxnResponse } from 'etcd3'
import { compose, enclose, entryOf, etcdRevisionOf, indexOf, justBefore, leastEnclosedAfter } from './etcd-revision.ts'
import type { Write, WriteResult } from './store.ts'

/** etcd's default limit is 128 operations (--max-txn-ops), conditions of a branch included. */
const maxWrites = 100
/** etcd's default limit is 1.5 MiB a request (--max-request-bytes). */
const maxBytes = 2 ** 20

export interface BatchedWrite extends Write {
  /** The lease that deletes the key, when it is to expire. */
  readonly lease?: string | undefined
}

/**
 * How many writes of a queue, from its beginning, fit one transaction. A key may occur in it only once
 * (etcd refuses more), so a later write of the same key waits.
 */
export function batchSize(writes: readonly Write[]): number {
  const keys = new Set<string>()
  let bytes = 0
  for (const { key, value } of writes) {
    bytes += key.length * 4 + (value?.length ?? 0)
    if (keys.size > 0 && (keys.size === maxWrites || keys.has(key) || bytes > maxBytes)) break
    keys.add(key)
  }
  return keys.size
}

export function batchRequest(writes: readonly BatchedWrite[]): ITxnRequest {
  return { success: writes.map((write, index) => ({ request_txn: branch(write, index) })) }
}

function branch({ key, value, expect, lease }: BatchedWrite, index: number): ITxnRequest {
  const name = Buffer.from(key)
  const change: IRequestOp = value
    ? { request_put: { key: name, value: enclose(value, index), ...(lease !== undefined && { lease }) } }
    : { request_delete_range: { key: name } }
  if (expect === undefined) return { success: [change] }
  return { compare: conditions(name, expect), success: [change], failure: [{ request_range: { key: name } }] }
}

function conditions(key: Buffer, expect: number): ICompare[] {
  if (expect === 0) return [{ key, target: 'Version', result: 'Equal', version: 0 }]
  // etcd knows its own revision of a value; our index within it is the value's beginning.
  const index = indexOf(expect)
  const below: ICompare = { key, target: 'Value', result: 'Less', value: leastEnclosedAfter(index) }
  const above: ICompare = { key, target: 'Value', result: 'Greater', value: justBefore(index) }
  const same: ICompare = { key, target: 'Mod', result: 'Equal', mod_revision: etcdRevisionOf(expect) }
  return index === 0 ? [same, below] : [same, below, above]
}

/** The outcome of each write, in order. */
export function batchResults(writes: readonly Write[], response: ITxnResponse): WriteResult[] {
  const etcdRevision = Number(response.header.revision)
  let last = -1
  return writes.map((write, index): WriteResult => {
    const outcome = response.responses[index]?.response_txn
    const answer = outcome?.responses[0]
    if (!outcome || !answer) throw new Error(`etcd answered a transaction without saying what became of ${write.key}`)
    if (!outcome.succeeded) {
      const kv = answer.response_range.kvs[0]
      return { ok: false, current: kv && entryOf(kv) }
    }
    // What was not there to be deleted made no event: the revision is only that of the answer.
    if (!write.value && Number(answer.response_delete_range.deleted) === 0) {
      return { ok: true, revision: compose(etcdRevision, Math.max(0, last)) }
    }
    last = write.value ? index : last + 1
    return { ok: true, revision: compose(etcdRevision, last) }
  })
}
