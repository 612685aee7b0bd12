import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { list, message, one, string } from '../../api/schema/message.ts'
import { threeWayPatch } from './three-way-patch.ts'

const item = message('test.Item', 'An element found again by name.', {
  name: string(1, 'Its key.', { required: true }),
  image: string(2, 'What to run.'),
})
const spec = message('test.Spec', 'The lists of a patch.', {
  items: list(1, 'Merged by name.', () => item, { patch: 'merge', mergeKey: 'name' }),
  args: list(2, 'Atomic.', 'string'),
  finalizers: list(3, 'A merged set.', 'string', { patch: 'merge' }),
})
const schema = message('test.Kind', 'A kind.', { spec: one(1, 'Its specification.', () => spec) })

const patch = (original: object, modified: object, current: object) =>
  threeWayPatch({ spec: original }, { spec: modified }, { spec: current }, schema)

describe('three-way patch', () => {
  it('is nothing when the server has all of it, and more', () => {
    const items = [{ name: 'a', image: 'x' }]
    assert.equal(
      patch({ items }, { items }, { items: [{ image: 'x', name: 'a', pulled: true }], status: 1 }),
      undefined,
    )
  })

  it('changes one element of a list by its key', () => {
    assert.deepEqual(
      patch({}, { items: [{ name: 'a', image: 'y' }, { name: 'b' }] }, { items: [{ name: 'a', image: 'x', kept: 1 }] }),
      { spec: { items: [{ image: 'y', name: 'a' }, { name: 'b' }] } },
    )
  })

  it('deletes what was applied before and is not any more, but nothing of others', () => {
    assert.deepEqual(
      patch(
        { items: [{ name: 'ours' }], finalizers: ['ours'], old: 1, gone: 1 },
        { items: [], finalizers: [] },
        { items: [{ name: 'ours' }, { name: 'theirs' }], finalizers: ['ours', 'theirs'], old: 1, theirs: 2 },
      ),
      {
        spec: {
          items: [{ $patch: 'delete', name: 'ours' }],
          '$deleteFromPrimitiveList/finalizers': ['ours'],
          old: null,
        },
      },
    )
  })

  it('replaces an atomic list whole', () => {
    assert.deepEqual(patch({}, { args: ['a'] }, { args: ['a', 'b'] }), { spec: { args: ['a'] } })
  })

  it('adds what the server does not have', () => {
    assert.deepEqual(threeWayPatch(undefined, { spec: { args: ['a'] } }, {}, schema), { spec: { args: ['a'] } })
  })
})
