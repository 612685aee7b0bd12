import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../../../api/kinds/core-v1/pod.ts'
import type { ObservedContainer } from '../observation/observation.ts'
import { container, makePod } from '../testing.ts'
import { ended, nowMs, record, sandbox, seen, situation } from '../testing-situation.ts'
import { plan } from './plan.ts'
import type { Failure, Situation } from './situation.ts'
import type { Step } from './step.ts'

const messages = (steps: readonly Step[]): string[] => steps.flatMap(step => ('message' in step ? [step.message] : []))

const kinds = (steps: readonly Step[]): string[] =>
  steps.map(step => ('container' in step ? `${step.kind} ${step.container}` : step.kind))

describe('a pod that starts', () => {
  it('gets its sandbox and volumes at the same time, then its images', () => {
    const { steps } = plan(situation(makePod(), seen([]), { volumes: 'unknown' }))
    assert.deepEqual(kinds(steps).sort(), ['createSandbox', 'prepareVolumes'])
    const without = plan(situation(makePod(), seen([sandbox()]), { volumes: 'unknown' }))
    assert.deepEqual(kinds(without.steps), ['prepareVolumes'])
    const ready = plan(situation(makePod(), seen([sandbox()])))
    assert.deepEqual(kinds(ready.steps), ['ensureImage main'])
  })

  it('starts all its containers together', () => {
    const pod = makePod({ containers: [container('a'), container('b')] })
    const images = new Map([
      ['a', 0],
      ['b', 0],
    ])
    const { steps } = plan(situation(pod, seen([sandbox()]), { images }))
    assert.deepEqual(kinds(steps), ['startContainer a', 'startContainer b'])
  })

  it('starts nothing before an earlier postStart hook has ended', () => {
    const hook = { postStart: { exec: { command: ['true'] } } }
    const pod = makePod({ containers: [container('a', { lifecycle: hook }), container('b')] })
    const images = new Map([
      ['a', 0],
      ['b', 0],
    ])
    const first = plan(situation(pod, seen([sandbox()]), { images }))
    assert.deepEqual(kinds(first.steps), ['startContainer a'])
    const busy = new Map(first.steps.map(step => ['container/a', step]))
    const during = plan(situation(pod, seen([sandbox()], [record('a')]), { images, busy }))
    assert.deepEqual(kinds(during.steps), [])
    const after = plan(situation(pod, seen([sandbox()], [record('a')]), { images }))
    assert.deepEqual(kinds(after.steps), ['startContainer b'])
  })

  it('runs init containers one after the other, each to its end', () => {
    const pod = makePod({ initContainers: [container('i0'), container('i1')] })
    const images = new Map([
      ['i0', 0],
      ['i1', 0],
      ['main', 0],
    ])
    const steps = (...containers: ObservedContainer[]) =>
      kinds(plan(situation(pod, seen([sandbox()], containers), { images })).steps)
    assert.deepEqual(steps(), ['startContainer i0'])
    assert.deepEqual(steps(record('i0')), [])
    assert.deepEqual(steps(ended('i0', 0)), ['startContainer i1'])
    assert.deepEqual(steps(ended('i0', 0), ended('i1', 0)), ['startContainer main'])
  })

  it('waits for a sidecar to have started, not to end', () => {
    const pod = makePod({ initContainers: [container('side', { restartPolicy: 'Always' })] })
    const images = new Map([['main', 0]])
    const steps = (started: boolean) =>
      kinds(
        plan(
          situation(pod, seen([sandbox()], [record('side')]), {
            images,
            health: () => ({ started, ready: started, failed: undefined }),
          }),
        ).steps,
      )
    assert.deepEqual(steps(false), [])
    assert.deepEqual(steps(true), ['startContainer main'])
  })

  it('replaces a container that a killed agent created and never started, as the same attempt', () => {
    const created = record('main', { state: 'created', attempt: 2, backoffMs: 20_000, startedAtMs: 0 })
    const { steps } = plan(situation(makePod(), seen([sandbox()], [created]), { images: new Map([['main', 2]]) }))
    assert.deepEqual(steps, [
      {
        kind: 'startContainer',
        container: 'main',
        sandboxId: 's0',
        attempt: 2,
        backoffMs: 20_000,
        replaces: 'main-2',
      },
    ])
  })
})

describe('a container that ended', () => {
  const table: readonly [policy: 'Always' | 'OnFailure' | 'Never', exitCode: number, again: boolean][] = [
    ['Always', 0, true],
    ['Always', 1, true],
    ['OnFailure', 0, false],
    ['OnFailure', 1, true],
    ['Never', 0, false],
    ['Never', 1, false],
  ]
  for (const [restartPolicy, exitCode, again] of table) {
    it(`is ${again ? '' : 'not '}started again after exit ${exitCode} under ${restartPolicy}`, () => {
      const pod = makePod({ restartPolicy, containers: [container('main'), container('other')] })
      const observed = seen([sandbox()], [ended('main', exitCode), record('other')])
      const { steps } = plan(situation(pod, observed, { images: new Map([['main', 1]]) }))
      assert.deepEqual(kinds(steps), again ? ['startContainer main'] : [])
    })
  }

  it('obeys its own policy and rules before its pod', () => {
    const rules = [{ action: 'Restart' as const, exitCodes: { operator: 'In' as const, values: [42] } }]
    const pod = makePod({
      restartPolicy: 'Always',
      containers: [container('main', { restartPolicy: 'Never', restartPolicyRules: rules }), container('other')],
    })
    const steps = (exitCode: number) =>
      kinds(
        plan(
          situation(pod, seen([sandbox()], [ended('main', exitCode), record('other')]), {
            images: new Map([['main', 1]]),
          }),
        ).steps,
      )
    assert.deepEqual(steps(42), ['startContainer main'])
    assert.deepEqual(steps(1), [])
  })

  it('waits as long as its back-off says, and the next waits twice as long', () => {
    const observed = seen([sandbox()], [ended('main', 1, { attempt: 3, backoffMs: 20_000 })])
    const waiting = plan(situation(makePod(), observed))
    assert.deepEqual(waiting.steps, [])
    assert.equal(waiting.lookAgainAtMs, nowMs - 1_000 + 20_000)
    const later = plan(situation(makePod(), observed, { nowMs: nowMs + 20_000, images: new Map([['main', 4]]) }))
    assert.equal(later.steps[0]?.kind === 'startContainer' && later.steps[0].backoffMs, 40_000)
  })

  it('is forgiven after ten minutes of running', () => {
    const last = ended('main', 1, { attempt: 9, backoffMs: 300_000, startedAtMs: nowMs - 700_000 })
    const { steps } = plan(situation(makePod(), seen([sandbox()], [last]), { images: new Map([['main', 10]]) }))
    assert.equal(steps[0]?.kind === 'startContainer' && steps[0].backoffMs, 10_000)
  })

  it('leaves one of its dead beside the newest', () => {
    const observed = seen(
      [sandbox()],
      [record('main', { attempt: 3 }), ended('main', 1, { attempt: 2 }), ended('main', 1, { attempt: 1 })],
    )
    assert.deepEqual(plan(situation(makePod(), observed)).steps, [
      { kind: 'removeContainer', container: 'main', id: 'main-1' },
    ])
  })
})

describe('a running container', () => {
  it('is left alone', () => {
    const { steps, lookAgainAtMs } = plan(situation(makePod(), seen([sandbox()], [record('main')])))
    assert.deepEqual(steps, [])
    assert.equal(lookAgainAtMs, undefined)
  })

  describe('whose probe failed', () => {
    const failed = { probe: 'liveness' as const, graceSeconds: 3 }
    const killOf = (spec: Partial<PodSpec>, records: ObservedContainer[], unhealthy: readonly string[]) => {
      const health = (id: string) => ({
        started: true,
        ready: true,
        failed: unhealthy.some(name => id.startsWith(`${name}-`)) ? failed : undefined,
      })
      const { steps } = plan(situation(makePod(spec), seen([sandbox()], records), { health }))
      return steps.flatMap(step =>
        step.kind === 'killContainer' ? [`${step.message} / ${(step.deadlineMs - nowMs) / 1000}`] : [],
      )
    }
    const two = { containers: [container('a'), container('b')], terminationGracePeriodSeconds: 20 }

    it('is killed with the probe’s grace, to be restarted', () => {
      const words = 'Container main failed liveness probe, will be restarted / 3'
      assert.deepEqual(killOf({}, [record('main')], ['main']), [words])
    })

    it('ends alone where it never restarts but others go on', () => {
      const spec = { ...two, restartPolicy: 'Never' as const }
      const kills = killOf(spec, [record('a'), record('b')], ['a'])
      assert.deepEqual(kills, ['Container a failed liveness probe / 3'])
    })

    it('ends as the pod does where nothing goes on', () => {
      const spec = { ...two, restartPolicy: 'Never' as const }
      const stopping = (name: string): string => `Stopping container ${name} / 20`
      assert.deepEqual(killOf(spec, [record('a'), record('b')], ['a', 'b']), [stopping('a'), stopping('b')])
      assert.deepEqual(killOf(spec, [record('a'), ended('b', 0)], ['a']), [stopping('a')])
    })

    it('is restarted where its own policy says so', () => {
      const containers = [container('a', { restartPolicy: 'Always' })]
      const kills = killOf({ containers, restartPolicy: 'Never' }, [record('a')], ['a'])
      assert.deepEqual(kills, ['Container a failed liveness probe, will be restarted / 3'])
    })

    it('is called an init container where it is a sidecar', () => {
      const initContainers = [container('side', { restartPolicy: 'Always' })]
      const kills = killOf({ initContainers }, [record('side'), record('main')], ['side'])
      assert.deepEqual(kills, ['Init container side failed liveness probe / 3'])
    })
  })

  const told: readonly (readonly [string, Partial<ObservedContainer>, string])[] = [
    ['changed', { hash: 'other' }, 'Container main definition changed, will be restarted'],
    ['unknown', { state: 'unknown' }, 'Container is in "unknown" state, try killing it before restart'],
  ]
  for (const [what, more, message] of told) {
    it(`is told of what is ${what}`, () => {
      const { steps } = plan(situation(makePod(), seen([sandbox()], [record('main', more)])))
      assert.deepEqual(messages(steps), [message])
    })
  }

  it('is killed when its image was changed', () => {
    const pod = makePod({ containers: [container('main', { image: 'demo:2' })] })
    const { steps } = plan(situation(pod, seen([sandbox()], [record('main')])))
    assert.deepEqual(kinds(steps), ['killContainer main'])
  })
})

describe('a lost sandbox', () => {
  const lost = sandbox({ ready: false })

  it('is made anew once nothing runs in the old one', () => {
    const living = plan(situation(makePod(), seen([lost], [record('main')])))
    assert.deepEqual(kinds(living.steps), ['killContainer main'])
    const dead = plan(situation(makePod(), seen([lost], [ended('main', 255)]), { images: new Map([['main', 1]]) }))
    assert.deepEqual(dead.steps, [{ kind: 'createSandbox', attempt: 1 }])
  })

  it('runs the init containers again', () => {
    const pod = makePod({ initContainers: [container('init')] })
    const observed = seen(
      [sandbox({ id: 's1', attempt: 1 }), lost],
      [ended('main', 255), ended('init', 0, { sandboxId: 's0' })],
    )
    const { steps } = plan(situation(pod, observed, { images: new Map([['init', 1]]) }))
    assert.deepEqual(kinds(steps), ['startContainer init'])
  })
})

describe('a pod that ends', () => {
  const ending = { cause: 'deleted' as const, sinceMs: nowMs, deadlineMs: nowMs + 30_000 }
  const pod = makePod({
    initContainers: [container('s0', { restartPolicy: 'Always' }), container('s1', { restartPolicy: 'Always' })],
  })
  const names = (containers: ObservedContainer[], more: Partial<Situation> = {}) =>
    kinds(plan(situation(pod, seen([sandbox()], containers), { ending, ...more })).steps)

  it('kills its containers first, then its sidecars from the last to the first', () => {
    const all = [record('main'), record('s0'), record('s1')]
    const forewarned = new Set(['s0-0', 's1-0'])
    assert.deepEqual(names(all, { forewarned }), ['killContainer main'])
    assert.deepEqual(names([ended('main', 0), record('s0'), record('s1')], { forewarned }), ['killContainer s1'])
    assert.deepEqual(names([ended('main', 0), record('s0'), ended('s1', 0)]), ['killContainer s0'])
  })

  it('forewarns the sidecars that wait for their turn', () => {
    assert.deepEqual(names([record('main'), record('s0'), record('s1')]), [
      'killContainer main',
      'forewarn s0',
      'forewarn s1',
    ])
    const hook = { kind: 'forewarn' as const, container: 's1', id: 's1-0', message: '', deadlineMs: nowMs }
    const waits = names([ended('main', 0), record('s1')], { busy: new Map([['forewarning/s1-0', hook]]) })
    assert.deepEqual(waits, [])
    const { steps } = plan(
      situation(pod, seen([sandbox()], [ended('main', 0), record('s1')]), { ending, forewarned: new Set(['s1-0']) }),
    )
    assert.equal(steps[0]?.kind === 'killContainer' && steps[0].forewarned, true)
  })

  it('then frees what it used, and tells the API last', () => {
    const dead = [ended('main', 0)]
    assert.deepEqual(names(dead), ['stopSandbox', 'releaseVolumes'])
    const stopped = seen([sandbox({ ready: false })], dead)
    const last = plan(situation(pod, stopped, { ending, volumes: 'released' }))
    assert.deepEqual(kinds(last.steps), ['deletePod'])
    const told = plan(situation(pod, stopped, { ending, volumes: 'released', deletionTold: true }))
    assert.deepEqual(told.steps, [])
  })

  it('leaves nothing once it is gone from the API', () => {
    const removed = { ...ending, cause: 'removed' as const }
    const left = seen([sandbox({ ready: false })], [ended('main', 0)])
    assert.deepEqual(kinds(plan(situation(pod, left, { ending: removed, volumes: 'released' })).steps), [
      'removeSandbox',
    ])
    assert.deepEqual(kinds(plan(situation(pod, seen([]), { ending: removed, volumes: 'released' })).steps), ['forget'])
  })

  it('cuts a kill short when its time became shorter', () => {
    const kill: Extract<Step, { kind: 'killContainer' }> = {
      kind: 'killContainer',
      container: 'main',
      id: 'main-0',
      reason: 'ending',
      message: 'Stopping container main',
      deadlineMs: nowMs + 300_000,
      forewarned: false,
      hastened: false,
    }
    const { steps } = plan(
      situation(pod, seen([sandbox()], [record('main')]), { ending, busy: new Map([['container/main', kill]]) }),
    )
    const hastened = { ...kill, deadlineMs: ending.deadlineMs, forewarned: true, hastened: true }
    assert.deepEqual(steps, [hastened])
    const { container: name, id, message, deadlineMs } = kill
    const hook = { kind: 'forewarn' as const, container: name, id, message, deadlineMs }
    const busy = new Map([['forewarning/main-0', hook]])
    assert.deepEqual(plan(situation(pod, seen([sandbox()], [record('main')]), { ending, busy })).steps, [hastened])
  })
})

describe('a step that failed', () => {
  it('is tried again when its time has come, not before', () => {
    const failure: Failure = { reason: 'x', message: 'y', atMs: nowMs, retryAtMs: nowMs + 1_000 }
    const failures = new Map([['createSandbox/', failure]])
    const images = new Map([['main', 0]])
    const now = plan(situation(makePod(), seen([]), { failures, images }))
    assert.deepEqual(now.steps, [])
    assert.equal(now.lookAgainAtMs, nowMs + 1_000)
    const later = plan(situation(makePod(), seen([]), { failures, images, nowMs: nowMs + 1_000 }))
    assert.deepEqual(kinds(later.steps), ['createSandbox'])
  })
})
