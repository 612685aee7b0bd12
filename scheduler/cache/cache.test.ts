import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '../../test/manual-clock.ts'
import { aNode, aPod, stored } from '../../test/objects.ts'
import { ClusterCache } from './cache.ts'

function setUp() {
  const clock = new ManualClock()
  const cache = new ClusterCache(clock)
  const requested = (row = 0): number => cache.snapshot.requested[0]?.[row] ?? 0
  const pod = stored(aPod('a', { cpu: '1' }))
  return { clock, cache, requested, pod, bound: { ...pod, spec: { ...pod.spec, nodeName: 'n' } } }
}

describe('ClusterCache', () => {
  it('counts pods that came before their node, and keeps them while it is gone', () => {
    const { cache, requested, bound } = setUp()
    cache.setPod(bound)
    assert.equal(cache.snapshot.size, 0)
    assert.deepEqual(cache.setNode(stored(aNode('n'))), ['node-added'])
    assert.equal(requested(), 1_000)
    cache.removeNode('n')
    assert.equal(cache.snapshot.size, 0)
    cache.setNode(stored(aNode('n')))
    assert.equal(requested(), 1_000)
    assert.equal(cache.removePod(bound.metadata.uid), true)
    assert.equal(requested(), 0)
    assert.equal(cache.removePod(bound.metadata.uid), false)
  })

  it('counts an assumed pod once, before and after the API shows it', () => {
    const { cache, requested, pod, bound } = setUp()
    cache.setNode(stored(aNode('n')))
    cache.assume(cache.info(pod), 'n')
    assert.equal(requested(), 1_000)
    cache.confirm(bound)
    cache.setPod(bound)
    assert.equal(requested(), 1_000)
    cache.forget(pod.metadata.uid)
    assert.equal(requested(), 1_000)
  })

  it('frees what was assumed when the binding failed', () => {
    const { cache, requested, pod } = setUp()
    cache.setNode(stored(aNode('n')))
    cache.assume(cache.info(pod), 'n')
    cache.forget(pod.metadata.uid)
    assert.equal(requested(), 0)
    assert.equal(cache.has(pod.metadata.uid), false)
  })

  it('moves a pod that turns out to be on another node', () => {
    const { cache, requested, pod, bound } = setUp()
    cache.setNode(stored(aNode('m')))
    cache.setNode(stored(aNode('n')))
    cache.assume(cache.info(pod), 'm')
    cache.setPod(bound)
    assert.deepEqual([requested(0), requested(1)], [0, 1_000])
  })

  it('does not bring back a pod that went while its binding was under way', () => {
    const { cache, requested, pod, bound } = setUp()
    cache.setNode(stored(aNode('n')))
    cache.assume(cache.info(pod), 'n')
    cache.removePod(pod.metadata.uid)
    cache.confirm(bound)
    assert.equal(requested(), 0)
  })

  it('believes in a binding without an answer for a while, unless the API shows it', () => {
    const { cache, clock, requested, pod, bound } = setUp()
    cache.setNode(stored(aNode('n')))
    let expired = 0
    cache.assume(cache.info(pod), 'n')
    cache.doubt(pod.metadata.uid, () => expired++)
    clock.advance(4_999)
    assert.equal(requested(), 1_000)
    clock.advance(1)
    assert.deepEqual([requested(), expired], [0, 1])

    cache.assume(cache.info(pod), 'n')
    cache.doubt(pod.metadata.uid, () => expired++)
    cache.setPod(bound)
    clock.advance(60_000)
    assert.deepEqual([requested(), expired], [1_000, 1])
  })

  it('says what of a node’s change could let a pod fit', () => {
    const { cache } = setUp()
    const node = stored(aNode('n'))
    cache.setNode(node)
    const changed = (to: typeof node) => cache.setNode(to, node)
    assert.deepEqual(changed({ ...node, status: { ...node.status, conditions: [] } }), [])
    assert.deepEqual(changed({ ...node, spec: { unschedulable: true } }), ['node-unschedulable-changed'])
    assert.deepEqual(changed({ ...node, spec: { taints: [] } }), ['node-taints-changed'])
    assert.deepEqual(changed({ ...node, metadata: { ...node.metadata, labels: {} } }), ['node-labels-changed'])
    const allocatable = { cpu: '8' }
    assert.deepEqual(changed({ ...node, status: { ...node.status, allocatable } }), ['node-allocatable-changed'])
  })
})
