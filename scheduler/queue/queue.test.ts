import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ManualClock } from '../../test/manual-clock.ts'
import { aPod, stored } from '../../test/objects.ts'
import type { ClusterEvent } from '../framework/plugin.ts'
import { type PodInfo, podInfo } from '../framework/pod-info.ts'
import { ResourceNames } from '../framework/resources.ts'
import { prioritySort } from '../plugins/priority-sort.ts'
import { Heap } from './heap.ts'
import { SchedulingQueue } from './queue.ts'

const names = new ResourceNames()
const info = (name: string, priority = 0): PodInfo => podInfo(stored(aPod(name, {}, { priority })), names)
const wokenBy = (...events: ClusterEvent[]): ReadonlySet<ClusterEvent> => new Set(events)

function setUp() {
  const clock = new ManualClock()
  let wakes = 0
  const queue = new SchedulingQueue(prioritySort, clock, () => wakes++)
  return { clock, queue, wakes: () => wakes, pop: () => queue.pop()?.pod.metadata.name }
}

describe('Heap', () => {
  it('gives back in order what was put in', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), numbers => {
        const heap = new Heap<number>((a, b) => a - b)
        for (const number of numbers) heap.push(number)
        assert.equal(heap.size, numbers.length)
        const out = numbers.map(() => heap.pop())
        assert.deepEqual(
          out,
          [...numbers].sort((a, b) => a - b),
        )
        assert.equal(heap.pop(), undefined)
      }),
    )
  })
})

describe('SchedulingQueue', () => {
  it('gives the most important pod first', () => {
    const { queue, pop, wakes } = setUp()
    for (const pod of [info('low', 1), info('high', 5), info('middle', 3)]) queue.add(pod)
    assert.equal(queue.active, 3)
    assert.equal(wakes(), 3)
    assert.deepEqual([pop(), pop(), pop(), pop()], ['high', 'middle', 'low', undefined])
    assert.equal(queue.active, 0)
  })

  it('drops pods deleted while they wait', () => {
    const { queue, pop } = setUp()
    queue.add(info('a'))
    queue.add(info('b', 1))
    queue.delete('uid-b')
    assert.equal(queue.active, 1)
    assert.deepEqual([pop(), pop()], ['a', undefined])
  })

  it('keeps one place for a pod whose priority changes while it waits', () => {
    const { queue, pop } = setUp()
    queue.add(info('a', 1))
    queue.add(info('b', 2))
    queue.add(info('a', 3))
    assert.equal(queue.active, 2)
    assert.deepEqual([pop(), pop(), pop()], ['a', 'b', undefined])
  })

  it('wakes a refused pod for events that matter to it, when its back-off is over', () => {
    const { queue, clock, pop } = setUp()
    queue.add(info('a'))
    pop()
    queue.refused('uid-a', wokenBy('node-added'))
    queue.happened('assigned-pod-gone')
    clock.advance(60_000)
    assert.equal(pop(), undefined)
    queue.happened('node-added')
    assert.equal(pop(), 'a')
    queue.refused('uid-a', wokenBy('node-added'))
    queue.happened('node-added')
    assert.equal(pop(), undefined)
    clock.advance(1_999)
    assert.equal(pop(), undefined)
    clock.advance(1)
    assert.equal(pop(), 'a')
  })

  it('backs off from 1 s, doubling, to 10 s', () => {
    const { queue, clock, pop } = setUp()
    queue.add(info('a'))
    const waits = Array.from({ length: 6 }, () => {
      assert.equal(pop(), 'a')
      queue.putOff('uid-a')
      let waited = 0
      while (queue.active === 0) {
        clock.advance(100)
        waited += 100
      }
      return waited
    })
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
  })

  it('tries a refused pod again after five minutes, event or not', () => {
    const { queue, clock, pop } = setUp()
    queue.add(info('a'))
    pop()
    queue.refused('uid-a', wokenBy('node-added'))
    clock.advance(300_999)
    assert.equal(pop(), undefined)
    clock.advance(1)
    assert.equal(pop(), 'a')
  })

  it('tries again at once (after its back-off) when the pod itself changed', () => {
    const { queue, clock, pop } = setUp()
    queue.add(info('a'))
    pop()
    queue.refused('uid-a', wokenBy())
    queue.add(info('a', 7))
    clock.advance(1_000)
    assert.equal(queue.pop()?.priority, 7)
  })

  it('forgets a pod in flight that got its node, whatever is said of it later', () => {
    const { queue, clock, pop } = setUp()
    queue.add(info('a'))
    pop()
    queue.delete('uid-a')
    queue.putOff('uid-a')
    queue.refused('uid-a', wokenBy('node-added'))
    queue.happened('node-added')
    clock.advance(600_000)
    assert.equal(pop(), undefined)
    assert.equal(clock.pending, 0)
  })

  it('holds no timer while nothing waits, and none after it was stopped', () => {
    const { queue, clock, pop } = setUp()
    queue.add(info('a'))
    assert.equal(clock.pending, 0)
    pop()
    queue.putOff('uid-a')
    assert.equal(clock.pending, 1)
    queue.stop()
    assert.equal(clock.pending, 0)
  })
})
