import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { batchRequest, batchSize } from './etcd-batch.ts'
import { compose, enclose, entryOf, etcdRevisionOf, eventsOf, indexOf } from './etcd-revision.ts'

const write = (key: string, bytes = 1) => ({ key, value: Buffer.alloc(bytes) })
const kv = (key: string, etcdRevision: number, value: Buffer) => ({
  key: Buffer.from(key),
  value,
  mod_revision: String(etcdRevision),
  create_revision: '1',
  version: '1',
  lease: '0',
})

describe('a batch for etcd', () => {
  it('ends before a key it has, a hundredth write, or a megabyte', () => {
    assert.equal(batchSize([write('a'), write('b'), write('a'), write('c')]), 2)
    assert.equal(batchSize(Array.from({ length: 300 }, (_, index) => write(String(index)))), 100)
    assert.equal(batchSize([write('a', 600_000), write('b', 600_000)]), 1)
    assert.equal(batchSize([write('a', 5_000_000)]), 1)
    assert.equal(batchSize([]), 0)
  })

  it('stays within the operations that etcd allows, conditions included', () => {
    const writes = Array.from({ length: 100 }, (_, index) => ({ ...write(String(index)), expect: compose(7, 5) }))
    const branches = batchRequest(writes).success ?? []
    const deepest = Math.max(...branches.map(branch => branch.request_txn?.compare?.length ?? 0))
    assert.ok(branches.length + deepest <= 128)
  })
})

describe('a revision within a transaction of etcd', () => {
  it('is unique and ordered, and found again in the value', () => {
    const action = fc.record({ deletes: fc.boolean(), happens: fc.boolean() })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 100 }), fc.integer({ min: 1, max: 2 ** 40 }), (actions, revision) => {
        const happened = actions.flatMap(({ deletes, happens }, index) =>
          happens
            ? [
                {
                  type: deletes ? ('Delete' as const) : ('Put' as const),
                  kv: kv(`k${index}`, revision, deletes ? Buffer.alloc(0) : enclose(Buffer.from('x'), index)),
                },
              ]
            : [],
        )
        const events = eventsOf(happened.map(one => ({ ...one, prev_kv: one.kv })))
        for (const [index, event] of events.entries()) {
          assert.equal(etcdRevisionOf(event.revision), revision)
          assert.ok(event.revision > (events[index - 1]?.revision ?? 0))
          const source = happened[index]
          if (source?.type === 'Put') assert.deepEqual(entryOf(source.kv), { ...event, value: Buffer.from('x') })
        }
      }),
    )
  })

  it('of what other programs wrote is that of the first branch', () => {
    for (const text of ['{"a":1}', '', 'é']) {
      const entry = entryOf(kv('k', 9, Buffer.from(text)))
      assert.deepEqual([entry.value.toString(), indexOf(entry.revision)], [text, 0])
    }
  })
})
