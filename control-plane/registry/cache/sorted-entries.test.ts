import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type CacheEntry, SortedEntries } from './sorted-entries.ts'

const entry = (key: string, revision: number): CacheEntry => ({
  key,
  revision,
  object: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: key, uid: '', resourceVersion: '', creationTimestamp: '' },
  },
  json: Buffer.from(key),
})
const key = fc.constantFrom('a/a', 'a/b', 'a-b/a', 'a.b/c', 'b/a', 'b/a-b', 'b/b', 'c')
const step = fc.oneof(fc.record({ set: key }), fc.record({ delete: key }))

describe('sorted entries', () => {
  it('are what a map of them, sorted, is', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.constantFrom('', 'a/', 'b/', 'x/'),
        key,
        (steps, prefix, from) => {
          const entries = new SortedEntries()
          const model = new Map<string, number>()
          for (const [revision, step] of steps.entries()) {
            if ('set' in step) {
              entries.set(entry(step.set, revision))
              model.set(step.set, revision)
            } else {
              entries.delete(step.delete)
              model.delete(step.delete)
            }
          }
          const wanted = [...model]
            .filter(([key]) => key.startsWith(prefix) && key >= from)
            .sort(([a], [b]) => (a < b ? -1 : 1))
          assert.deepEqual(
            entries.range(prefix, from).map(({ key, revision }) => [key, revision]),
            wanted,
          )
          assert.equal(entries.size, model.size)
          assert.equal(entries.get(from)?.revision, model.get(from))
        },
      ),
    )
  })
})
