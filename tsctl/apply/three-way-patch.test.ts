import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { int32, list, message, one, string } from '../../api/schema/message.ts'
import { threeWayPatch } from './three-way-patch.ts'

const item = message('test.Item', 'An element found again by name.', {
  name: string(1, 'Its key.', { required: true }),
  image: string(2, 'What to run.'),
})
const port = message('test.Port', 'An element found again by number, told apart by number and protocol.', {
  port: int32(1, 'Its number.', { required: true }),
  protocol: string(2, 'What is spoken.', { default: 'TCP' }),
  target: int32(3, 'Where to.'),
  node: int32(4, 'Given by the server.'),
})
const spec = message('test.Spec', 'The lists of a patch.', {
  items: list(1, 'Merged by name.', () => item, { patch: 'merge', mergeKey: 'name' }),
  args: list(2, 'Atomic.', 'string'),
  ports: list(4, 'Merged by number.', () => port, { patch: 'merge', mergeKey: 'port', keys: ['port', 'protocol'] }),
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

  describe('of a list whose merge key names two elements', () => {
    const tcp = { port: 53 }
    const udp = { port: 53, protocol: 'UDP' }
    const current = [
      { port: 53, protocol: 'TCP', target: 53, node: 30001 },
      { port: 53, protocol: 'UDP', target: 53, node: 30002 },
    ]

    it('changes the one that is meant, and keeps what the server gave', () => {
      const changed = patch({ ports: [tcp, udp] }, { ports: [tcp, { ...udp, target: 5353 }] }, { ports: current })
      assert.deepEqual(changed, {
        spec: { ports: [current[0], { ...current[1], target: 5353 }, { $patch: 'replace' }] },
      })
    })

    it('removes the one that is no longer wanted, and leaves those of others', () => {
      const others = { port: 80, protocol: 'TCP', node: 30003 }
      const changed = patch({ ports: [tcp, udp] }, { ports: [udp] }, { ports: [...current, others] })
      assert.deepEqual(changed, { spec: { ports: [current[1], others, { $patch: 'replace' }] } })
    })

    it('is nothing when the server has all of it', () => {
      assert.equal(patch({ ports: [tcp, udp] }, { ports: [tcp, udp] }, { ports: current }), undefined)
    })

    it('drops a field that was set before and is not any more', () => {
      const changed = patch({ ports: [{ ...tcp, target: 53 }, udp] }, { ports: [tcp, udp] }, { ports: current })
      const first = { port: 53, protocol: 'TCP', node: 30001 }
      assert.deepEqual(changed, { spec: { ports: [first, current[1], { $patch: 'replace' }] } })
    })
  })

  it('replaces an atomic list whole', () => {
    assert.deepEqual(patch({}, { args: ['a'] }, { args: ['a', 'b'] }), { spec: { args: ['a'] } })
  })

  it('adds what the server does not have', () => {
    assert.deepEqual(threeWayPatch(undefined, { spec: { args: ['a'] } }, {}, schema), { spec: { args: ['a'] } })
  })
})
