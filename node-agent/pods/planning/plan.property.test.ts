// The planner against a model of the runtime, with containers that end when they like, sandboxes that die, agents that
// are killed, and steps that fail: whatever happens, the rules hold at every step, and once it stops happening the pod
// becomes what it should be.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import {
  type ObservedContainer,
  type ObservedSandbox,
  withContainer,
  without,
  withSandbox,
} from '../observation/observation.ts'
import { podStatus } from '../status/status.ts'
import { container, makePod } from '../testing.ts'
import { containerHash } from './container-hash.ts'
import { endingCause, sharpen } from './ending.ts'
import { plan } from './plan.ts'
import { isSidecar } from './restart.ts'
import type { Ending, Failure, Pod, Situation } from './situation.ts'
import { failureKeyOf, type Step, subjectOf } from './step.ts'

type Happening =
  | { readonly what: 'finish'; readonly pick: number; readonly fails: boolean }
  | { readonly what: 'exit'; readonly pick: number; readonly code: number }
  | { readonly what: 'sandboxDies' }
  /** One that a killed agent had asked for. */
  | { readonly what: 'sandboxTurnsUp' }
  | { readonly what: 'agentKilled' }
  | { readonly what: 'wait'; readonly ms: number }

class Model {
  pod: Pod
  observed = { sandboxes: [] as readonly ObservedSandbox[], containers: [] as readonly ObservedContainer[] }
  nowMs = 1_000_000
  busy = new Map<string, Step>()
  images = new Map<string, number>()
  forewarned = new Set<string>()
  failures = new Map<string, Failure>()
  volumes: Situation['volumes'] = 'unknown'
  ending: Ending | undefined
  deletionTold = false
  removed = false
  forgotten = false
  #count = 0

  constructor(pod: Pod) {
    this.pod = pod
  }

  situation(): Situation {
    return {
      pod: this.pod,
      observed: this.observed,
      ending: this.ending,
      volumes: this.volumes,
      images: this.images,
      failures: this.failures,
      forewarned: this.forewarned,
      health: () => ({ started: true, ready: true, failed: undefined }),
      startedAtMs: 1_000_000,
      deletionTold: this.deletionTold,
      busy: this.busy,
      nowMs: this.nowMs,
    }
  }

  /** One plan; its steps are then under way. Answers when it wants to look again. */
  turn(): number | undefined {
    const cause = this.removed ? 'removed' : endingCause(this.pod, this.observed, 1_000_000, this.nowMs)
    if (cause) this.ending = sharpen(this.ending, { cause, sinceMs: this.nowMs, deadlineMs: this.nowMs + 30_000 })
    const { steps, lookAgainAtMs } = plan(this.situation())
    for (const step of steps) {
      assert.ok(!this.busy.has(subjectOf(step)), `two steps at once for ${subjectOf(step)}`)
      this.check(step)
      this.busy.set(subjectOf(step), step)
    }
    const { phase } = podStatus(this.situation(), [])
    // A final phase is final; the API keeps it.
    if (phase === 'Succeeded' || phase === 'Failed') this.pod = { ...this.pod, status: { ...this.pod.status, phase } }
    return lookAgainAtMs
  }

  check(step: Step): void {
    if (step.kind === 'startContainer') {
      assert.equal(this.ending, undefined, 'nothing starts in a pod that ends')
      const living = this.observed.containers.filter(
        ({ name, state }) => name === step.container && state === 'running',
      )
      assert.deepEqual(living, [], `${step.container} runs already`)
      assert.ok(
        this.observed.sandboxes.find(({ id }) => id === step.sandboxId)?.ready,
        'starts in a sandbox that is ready',
      )
      this.checkOrder(step.container, step.sandboxId)
    }
    if (step.kind === 'createSandbox') {
      assert.ok(!this.observed.sandboxes.some(({ ready }) => ready), 'a pod has one sandbox')
      assert.ok(!this.observed.containers.some(({ state }) => state === 'running'), 'nothing is left of the last one')
    }
    if (step.kind === 'deletePod' || step.kind === 'forget') {
      assert.ok(
        !this.observed.containers.some(({ state }) => state === 'running'),
        'nothing runs of a pod that is told gone',
      )
    }
    if (step.kind === 'killContainer' && step.reason === 'ending') {
      const names = sidecarsOf(this.pod)
      const place = names.indexOf(step.container)
      const mustBeGone = this.observed.containers.filter(({ name, state }) => {
        if (state !== 'running' || place < 0) return false
        return names.indexOf(name) < 0 || names.indexOf(name) > place
      })
      assert.deepEqual(mustBeGone, [], 'a sidecar goes after what it serves')
    }
  }

  /** Init containers in their order, and all of them before the pod's own. */
  checkOrder(name: string, sandboxId: string): void {
    const { initContainers = [], containers } = this.pod.spec
    const here = (container: string) =>
      this.observed.containers.find(record => record.name === container && record.sandboxId === sandboxId)
    if (containers.some(spec => here(spec.name))) return
    for (const spec of initContainers) {
      if (spec.name === name) return
      const record = here(spec.name)
      if (isSidecar(spec)) assert.equal(record?.state, 'running', `${spec.name} runs before ${name}`)
      else assert.equal(record?.state === 'exited' && record.exitCode, 0, `${spec.name} succeeded before ${name}`)
    }
  }

  /** A step under way ends: it did what it should, or nothing. */
  finish(pick: number, fails: boolean): void {
    const steps = [...this.busy.values()]
    const step = steps[pick % Math.max(1, steps.length)]
    if (step === undefined) return
    this.busy.delete(subjectOf(step))
    if (fails) {
      this.failures.set(failureKeyOf(step), {
        reason: 'x',
        message: '',
        atMs: this.nowMs,
        retryAtMs: this.nowMs + 1_000,
      })
      return
    }
    this.failures.delete(failureKeyOf(step))
    this.apply(step)
  }

  apply(step: Step): void {
    switch (step.kind) {
      case 'prepareVolumes':
        this.volumes = 'ready'
        return
      case 'releaseVolumes':
        this.volumes = 'released'
        return
      case 'createSandbox':
        this.learnSandbox({
          id: `s${++this.#count}`,
          attempt: step.attempt,
          ready: true,
          createdAtMs: this.nowMs,
          ips: ['10.0.0.1'],
        })
        return
      case 'stopSandbox':
        for (const sandbox of this.observed.sandboxes) {
          if (sandbox.id === step.id) this.learnSandbox({ ...sandbox, ready: false })
        }
        return
      case 'removeSandbox':
        for (const record of this.observed.containers) if (record.sandboxId === step.id) this.drop(record.id)
        this.drop(step.id)
        return
      case 'ensureImage':
        this.images.set(step.container, step.attempt)
        return
      case 'startContainer': {
        if (step.replaces !== undefined) this.drop(step.replaces)
        const alive = this.observed.sandboxes.find(({ id }) => id === step.sandboxId)?.ready ?? false
        this.learn(this.record(step, alive ? 'running' : 'exited'))
        return
      }
      case 'forewarn':
        this.forewarned.add(step.id)
        return
      case 'killContainer':
        this.exit(step.id, 143)
        return
      case 'removeContainer':
        this.drop(step.id)
        return
      case 'deletePod':
        this.deletionTold = true
        this.removed = true
        return
      case 'forget':
        // What turned up meanwhile is found to be nobody's, and ended like the rest.
        this.forgotten = this.observed.sandboxes.length + this.observed.containers.length === 0
    }
  }

  record(
    { container: name, sandboxId, attempt, backoffMs }: Extract<Step, { kind: 'startContainer' }>,
    state: 'running' | 'exited',
  ): ObservedContainer {
    const spec = [...(this.pod.spec.initContainers ?? []), ...this.pod.spec.containers].find(item => item.name === name)
    return {
      id: `c${++this.#count}`,
      sandboxId,
      name,
      attempt,
      state,
      createdAtMs: this.nowMs,
      startedAtMs: this.nowMs,
      finishedAtMs: state === 'exited' ? this.nowMs : 0,
      exitCode: state === 'exited' ? 255 : 0,
      reason: '',
      message: '',
      image: '',
      imageId: '',
      logPath: '',
      hash: containerHash(spec ?? container(name)),
      backoffMs,
      terminationMessagePolicy: 'File',
    }
  }

  learn(record: ObservedContainer): void {
    this.observed = withContainer(this.observed, record)
  }

  learnSandbox(sandbox: ObservedSandbox): void {
    this.observed = withSandbox(this.observed, sandbox)
  }

  drop(id: string): void {
    this.observed = without(this.observed, id)
  }

  exit(id: string, exitCode: number): void {
    const record = this.observed.containers.find(candidate => candidate.id === id)
    if (record?.state === 'running') this.learn({ ...record, state: 'exited', exitCode, finishedAtMs: this.nowMs })
  }

  happen(happening: Happening): void {
    switch (happening.what) {
      case 'finish':
        this.finish(happening.pick, happening.fails)
        return
      case 'exit': {
        const running = this.observed.containers.filter(({ state }) => state === 'running')
        const picked = running[happening.pick % Math.max(1, running.length)]
        if (picked) this.exit(picked.id, happening.code)
        return
      }
      case 'sandboxDies':
        for (const sandbox of this.observed.sandboxes) this.learnSandbox({ ...sandbox, ready: false })
        for (const { id } of this.observed.containers) this.exit(id, 255)
        return
      case 'sandboxTurnsUp':
        this.learnSandbox({
          id: `s${++this.#count}`,
          attempt: 0,
          ready: true,
          createdAtMs: this.nowMs,
          ips: ['10.0.0.2'],
        })
        return
      case 'agentKilled':
        // Each call under way either reached the runtime or did not; what was remembered is gone.
        for (const step of this.busy.values()) if (this.#count % 2 === 0) this.apply(step)
        this.busy = new Map()
        this.images = new Map()
        this.failures = new Map()
        this.volumes = 'unknown'
        if (!this.removed) this.ending = undefined
        return
      case 'wait':
        this.nowMs += happening.ms
    }
  }

  /** Nothing unforeseen happens any more: steps succeed, what has an end of its own comes to it, time passes. */
  settle(endsByItself: (name: string) => boolean): void {
    for (let turns = 0; turns < 500; turns++) {
      const lookAgainAtMs = this.turn()
      if (this.forgotten) return
      const ending = this.observed.containers.filter(({ name, state }) => state === 'running' && endsByItself(name))
      for (const { id } of ending) this.exit(id, 0)
      if (this.busy.size > 0) this.finish(0, false)
      else if (ending.length > 0) continue
      else if (lookAgainAtMs !== undefined) this.nowMs = Math.max(this.nowMs + 1, lookAgainAtMs)
      else if (this.steady()) return
    }
    assert.fail(`the pod does not settle: ${JSON.stringify(plan(this.situation()).steps)}`)
  }

  steady(): boolean {
    const { steps, lookAgainAtMs } = plan(this.situation())
    return steps.length === 0 && lookAgainAtMs === undefined
  }
}

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ what: fc.constant('finish' as const), pick: fc.nat(5), fails: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('exit' as const), pick: fc.nat(5), code: fc.constantFrom(0, 1) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('sandboxDies' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('sandboxTurnsUp' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('agentKilled' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.constantFrom(1, 900, 20_000, 400_000) }),
  },
)

const pods = fc
  .record({
    restartPolicy: fc.constantFrom('Always' as const, 'OnFailure' as const, 'Never' as const),
    init: fc.array(fc.boolean(), { maxLength: 3 }),
    app: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ restartPolicy, init, app }) =>
    makePod({
      restartPolicy,
      initContainers: init.map((sidecar, index) =>
        container(`init${index}`, sidecar ? { restartPolicy: 'Always' } : {}),
      ),
      containers: Array.from({ length: app }, (_, index) => container(`app${index}`)),
    }),
  )

const sidecarsOf = (pod: Pod): string[] => (pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name)
const stepsOf = (pod: Pod): string[] =>
  (pod.spec.initContainers ?? []).filter(spec => !isSidecar(spec)).map(({ name }) => name)

const live = (model: Model): string[] =>
  model.observed.containers
    .filter(({ state }) => state === 'running')
    .map(({ name }) => name)
    .sort()

it('a pod that always restarts comes to run, whatever happened', () => {
  fc.assert(
    fc.property(pods, fc.array(happening, { maxLength: 80 }), (pod, happenings) => {
      const model = new Model({ ...pod, spec: { ...pod.spec, restartPolicy: 'Always' } })
      for (const each of happenings) {
        model.turn()
        model.happen(each)
      }
      model.settle(name => stepsOf(pod).includes(name))
      const wanted = [...pod.spec.containers.map(({ name }) => name), ...sidecarsOf(pod)].sort()
      assert.deepEqual(live(model), wanted)
      assert.equal(model.observed.sandboxes.filter(({ ready }) => ready).length, 1)
      assert.equal(podStatus(model.situation(), []).phase, 'Running')
      // Of each container's dead no more than one stays beside the newest.
      for (const name of wanted) {
        assert.ok(model.observed.containers.filter(record => record.name === name).length <= 2)
      }
    }),
    { numRuns: 500 },
  )
})

it('a pod that is deleted, at any moment, comes to leave nothing', () => {
  fc.assert(
    fc.property(
      pods,
      fc.array(happening, { maxLength: 40 }),
      fc.array(happening, { maxLength: 40 }),
      (pod, before, after) => {
        const model = new Model(pod)
        const happen = (happenings: readonly Happening[]): void => {
          for (const each of happenings) {
            if (model.forgotten) return
            model.turn()
            model.happen(each)
          }
        }
        happen(before)
        const { metadata } = model.pod
        model.pod = { ...model.pod, metadata: { ...metadata, deletionTimestamp: '2026-01-31T12:00:30Z' } }
        happen(after)
        model.settle(name => stepsOf(pod).includes(name))
        assert.ok(model.forgotten)
        assert.deepEqual(model.observed, { sandboxes: [], containers: [] })
      },
    ),
    { numRuns: 500 },
  )
})

it('a pod whose containers all end for good has a final phase, and keeps nothing running', () => {
  fc.assert(
    fc.property(pods, fc.array(happening, { maxLength: 60 }), (pod, happenings) => {
      const restartPolicy = pod.spec.restartPolicy === 'Always' ? 'OnFailure' : (pod.spec.restartPolicy ?? 'Never')
      const model = new Model({ ...pod, spec: { ...pod.spec, restartPolicy } })
      for (const each of happenings) {
        model.turn()
        model.happen(each)
      }
      model.settle(name => !sidecarsOf(pod).includes(name))
      assert.deepEqual(live(model), [])
      assert.match(podStatus(model.situation(), []).phase ?? '', /^(Succeeded|Failed)$/)
    }),
    { numRuns: 500 },
  )
})
