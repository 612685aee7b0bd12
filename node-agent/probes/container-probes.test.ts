import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container } from '../../api/kinds/core-v1/container.ts'
import type { Clock } from '../../lib/clock.ts'
import { ContainerProbes, type ContainerProbesOptions } from './container-probes.ts'

/** Time that only passes when told to. */
class StillClock implements Clock {
  nowMs = 0
  #due: { readonly atMs: number; readonly callback: () => void }[] = []

  now(): number {
    return this.nowMs
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, callback }
    this.#due.push(timer)
    return () => {
      this.#due = this.#due.filter(other => other !== timer)
    }
  }

  async pass(ms: number): Promise<void> {
    for (const end = this.nowMs + ms; ; ) {
      const next = this.#due.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0]
      this.nowMs = Math.max(this.nowMs, next?.atMs ?? end)
      if (next === undefined) return
      this.#due = this.#due.filter(other => other !== next)
      next.callback()
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

function probes(
  container: Partial<Container>,
  more: Partial<Pick<ContainerProbesOptions, 'before' | 'random' | 'startedAtMs'>> = {},
) {
  const clock = new StillClock()
  /** By command: its exit code is 0. */
  const answers: Record<string, boolean> = {}
  const asked: string[] = []
  const told: string[] = []
  let tookMs = 0
  const made = new ContainerProbes({
    container,
    clock,
    startedAtMs: 0,
    before: undefined,
    ...more,
    target: {
      podIp: '',
      container: {},
      run([name = '']) {
        asked.push(`${name}@${clock.now() / 1000}`)
        clock.nowMs += tookMs
        if (answers['away']) return Promise.reject(new Error('the runtime is away'))
        const exitCode = answers[name] ? 0 : 1
        return Promise.resolve({ exitCode, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) })
      },
    },
    onChange: () => {},
    onOutcome: (name, { result, errored }) => told.push(`${name} ${errored ? 'errored ' : ''}${result}`),
  })
  return { made, clock, answers, asked, told, take: (ms: number) => (tookMs = ms) }
}

const exec = (name: string) => ({ exec: { command: [name] } })

describe('the probes of a container', () => {
  it('believe an answer after its threshold', async () => {
    const { made, clock, answers } = probes({
      readinessProbe: { ...exec('r'), periodSeconds: 1, successThreshold: 2, failureThreshold: 3 },
    })
    answers['r'] = true
    await clock.pass(0)
    assert.equal(made.health.ready, false)
    await clock.pass(1_000)
    assert.equal(made.health.ready, true)
    answers['r'] = false
    await clock.pass(2_000)
    assert.equal(made.health.ready, true)
    await clock.pass(1_000)
    assert.equal(made.health.ready, false)
  })

  it('learn nothing from a command that could not be run, but tell of it', async () => {
    const { made, clock, answers, told } = probes({
      livenessProbe: { ...exec('l'), periodSeconds: 1, failureThreshold: 1 },
    })
    answers['l'] = true
    await clock.pass(0)
    answers['away'] = true
    answers['l'] = false
    await clock.pass(2_000)
    assert.equal(made.health.failed, undefined)
    answers['away'] = false
    await clock.pass(1_000)
    assert.deepEqual(made.health.failed, { probe: 'liveness', graceSeconds: undefined })
    assert.deepEqual(told, [
      'liveness success',
      'liveness errored unknown',
      'liveness errored unknown',
      'liveness failure',
    ])
  })

  it('wait as long as they are told, and for the startup probe', async () => {
    const { made, clock, answers, asked } = probes({
      startupProbe: { ...exec('s'), periodSeconds: 2, initialDelaySeconds: 3, failureThreshold: 10 },
      livenessProbe: { ...exec('l'), periodSeconds: 5 },
    })
    answers['l'] = true
    await clock.pass(4_000)
    assert.deepEqual(asked, ['s@3'])
    assert.equal(made.health.started, false)
    answers['s'] = true
    await clock.pass(6_000)
    assert.equal(made.health.started, true)
    assert.deepEqual(asked, ['s@3', 's@5', 'l@5', 'l@10'])
  })

  it('are made every period, however long one takes; what it ran over is made once', async () => {
    const { clock, answers, asked, take } = probes({ readinessProbe: { ...exec('r'), periodSeconds: 2 } })
    answers['r'] = true
    take(500)
    await clock.pass(4_000)
    take(5_000)
    await clock.pass(2_000)
    take(0)
    await clock.pass(3_000)
    assert.deepEqual(asked, ['r@0', 'r@2', 'r@4', 'r@6', 'r@11', 'r@12', 'r@14'])
  })

  it('say which of them failed for good, with its grace; whether it is ready is another matter', async () => {
    const live = probes({
      livenessProbe: { ...exec('l'), failureThreshold: 2, terminationGracePeriodSeconds: 7 },
      readinessProbe: exec('r'),
    })
    live.answers['r'] = true
    await live.clock.pass(5_000)
    assert.equal(live.made.health.failed, undefined)
    await live.clock.pass(5_000)
    assert.deepEqual(live.made.health.failed, { probe: 'liveness', graceSeconds: 7 })
    assert.equal(live.made.health.ready, true)
    live.answers['r'] = false
    await live.clock.pass(30_000)
    assert.equal(live.made.health.ready, false)
    assert.equal(live.asked.filter(probe => probe.startsWith('l')).length, 2)
    const start = probes({ startupProbe: { ...exec('s'), periodSeconds: 1, failureThreshold: 3 } })
    await start.clock.pass(2_000)
    assert.deepEqual(start.made.health, {
      started: false,
      ready: false,
      failed: { probe: 'startup', graceSeconds: undefined },
    })
    await start.clock.pass(60_000)
    assert.equal(start.asked.length, 3, 'nothing that could kill is asked of what is to be killed')
  })

  it('kill nothing any more when the pod ends, and go on to ask whether it is ready', async () => {
    const { made, clock, answers, asked } = probes({
      startupProbe: { ...exec('s'), periodSeconds: 1, failureThreshold: 2 },
      livenessProbe: { ...exec('l'), periodSeconds: 1, failureThreshold: 1 },
      readinessProbe: { ...exec('r'), periodSeconds: 1 },
    })
    await clock.pass(0)
    answers['r'] = true
    made.endKilling()
    made.endKilling()
    await clock.pass(2_000)
    assert.deepEqual(made.health, { started: true, ready: true, failed: undefined })
    assert.deepEqual(asked, ['s@0', 'r@0', 'r@1', 'r@2'])
  })

  it('do not take back what an earlier agent was told, and do not begin all at once', async () => {
    const { made, clock, asked } = probes(
      { startupProbe: exec('s'), readinessProbe: exec('r') },
      { before: { started: true, ready: true }, random: () => 0.5 },
    )
    assert.deepEqual(made.health, { started: true, ready: true, failed: undefined })
    await clock.pass(15_000)
    assert.deepEqual(asked, ['r@5', 'r@15'])
    made.stop()
  })
})
