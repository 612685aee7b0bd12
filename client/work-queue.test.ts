import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ManualClock } from '../test/manual-clock.ts'
import { type Reconcile, TerminalError, WorkQueue } from './work-queue.ts'

interface Failure {
  readonly key: string
  readonly retryMs: number | undefined
}

function setUp(reconcile: Reconcile, parallelism = 1) {
  const clock = new ManualClock()
  const failures: Failure[] = []
  const controller = new AbortController()
  const queue = new WorkQueue(
    { reconcile, parallelism, clock, onError: (key, _error, retryMs) => failures.push({ key, retryMs }) },
    controller.signal,
  )
  return { queue, clock, failures, controller }
}

describe('WorkQueue', () => {
  it('works once on a key added several times in one go', async () => {
    const seen: string[] = []
    const { queue } = setUp(async key => void seen.push(key))
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key)
    await queue.idle()
    assert.deepEqual(seen, ['a', 'b'])
  })

  it('works once more on a key added while it is being worked on, never twice at the same time', async () => {
    let running = 0
    let runs = 0
    const gate: (() => void)[] = []
    const { queue } = setUp(async () => {
      running++
      runs++
      assert.equal(running, 1)
      await new Promise<void>(resolve => gate.push(resolve))
      running--
    }, 4)
    queue.add('a')
    await Promise.resolve()
    queue.add('a')
    queue.add('a')
    gate.shift()?.()
    while (gate.length === 0) await new Promise(setImmediate)
    gate.shift()?.()
    await queue.idle()
    assert.equal(runs, 2)
  })

  it('never works on more keys at a time than its parallelism', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 8 })),
        fc.integer({ min: 1, max: 4 }),
        async (keys, limit) => {
          let running = 0
          let most = 0
          const seen = new Set<string>()
          const { queue } = setUp(async key => {
            most = Math.max(most, ++running)
            await Promise.resolve()
            seen.add(key)
            running--
          }, limit)
          for (const key of keys) queue.add(String(key))
          await queue.idle()
          assert.ok(most <= limit)
          assert.deepEqual([...seen].sort(), [...new Set(keys.map(String))].sort())
        },
      ),
      { numRuns: 50 },
    )
  })

  it('retries a failed key after a delay that doubles, and starts over after a success', async () => {
    let fail = true
    let runs = 0
    const { queue, clock, failures } = setUp(async () => {
      runs++
      if (fail) throw new Error('no')
    })
    queue.add('a')
    for (let i = 0; i < 3; i++) {
      await queue.idle()
      clock.advance(failures.at(-1)!.retryMs!)
    }
    await queue.idle()
    assert.deepEqual(
      failures.map(failure => failure.retryMs),
      [5, 10, 20, 40],
    )
    fail = false
    clock.advance(40)
    await queue.idle()
    assert.equal(runs, 5)
    fail = true
    queue.add('a')
    await queue.idle()
    assert.equal(failures.at(-1)!.retryMs, 5)
  })

  it('reports a terminal error and leaves the key alone', async () => {
    const { queue, clock, failures } = setUp(async () => {
      throw new TerminalError('never')
    })
    queue.add('a')
    await queue.idle()
    assert.deepEqual(failures, [{ key: 'a', retryMs: undefined }])
    assert.equal(clock.pending, 0)
  })

  it('comes back when a reconciler asks for it, and for several delays at the earliest', async () => {
    const seen: number[] = []
    const { queue, clock } = setUp(async () => {
      seen.push(clock.now())
      return seen.length === 1 ? { afterMs: 500 } : undefined
    })
    const start = clock.now()
    queue.add('a')
    await queue.idle()
    queue.addAfter('a', 900)
    queue.addAfter('a', 100)
    queue.addAfter('a', 300)
    clock.advance(1_000)
    await queue.idle()
    assert.deepEqual(
      seen.map(at => at - start),
      [0, 1_000],
    )
    assert.equal(clock.pending, 0)
  })

  it('takes nothing more once its signal aborted, and keeps no timer', async () => {
    const seen: string[] = []
    const { queue, clock, controller } = setUp(async key => void seen.push(key))
    queue.addAfter('later', 10)
    queue.add('now')
    controller.abort()
    queue.add('after')
    await queue.idle()
    clock.advance(100)
    await queue.idle()
    assert.deepEqual(seen, [])
    assert.equal(clock.pending, 0)
  })
})
