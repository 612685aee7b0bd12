import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Change } from './events.ts'
import { ChangeRing } from './ring.ts'

const change = (revision: number): Change => new Change(revision, undefined, undefined)
const revisions = (changes: readonly Change[] | undefined): number[] | undefined =>
  changes?.map(({ revision }) => revision)

describe('the ring of changes', () => {
  it('answers what came after a revision, or that it no longer knows', () => {
    const ring = new ChangeRing(10, { most: 4, fewest: 2, maxAgeMs: 1000 })
    assert.deepEqual(revisions(ring.after(10)), [])
    assert.equal(ring.after(9), undefined)
    for (const revision of [12, 15, 17, 20]) ring.push(change(revision), 0)
    assert.deepEqual(revisions(ring.after(10)), [12, 15, 17, 20])
    assert.deepEqual(revisions(ring.after(14)), [15, 17, 20])
    assert.deepEqual(revisions(ring.after(99)), [])
    ring.push(change(21), 0)
    assert.equal(ring.after(11), undefined)
    assert.deepEqual(revisions(ring.after(12)), [15, 17, 20, 21])
    assert.equal(ring.oldest, 12)
  })

  it('forgets what is old, but not the last few', () => {
    const ring = new ChangeRing(0, { most: 100, fewest: 2, maxAgeMs: 1000 })
    for (const revision of [1, 2, 3]) ring.push(change(revision), 0)
    ring.push(change(4), 5000)
    assert.deepEqual(revisions(ring.after(2)), [3, 4])
    assert.equal(ring.after(1), undefined)
  })

  it('gives back the room of thousands of forgotten changes', () => {
    const ring = new ChangeRing(0, { most: 100, fewest: 2, maxAgeMs: 1000 })
    for (let revision = 1; revision <= 10_000; revision++) ring.push(change(revision), 0)
    assert.equal(ring.after(9900)?.length, 100)
    assert.equal(ring.after(9899), undefined)
    ring.forgetThrough(20_000)
    assert.deepEqual(revisions(ring.after(20_000)), [])
    assert.equal(ring.after(10_000), undefined)
  })
})
