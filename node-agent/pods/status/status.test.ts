import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../../../api/kinds/core-v1/pod.ts'
import type { PodStatus } from '../../../api/kinds/core-v1/pod-status.ts'
import type { PodObservation } from '../observation/observation.ts'
import type { Situation } from '../planning/situation.ts'
import { failureKey } from '../planning/step.ts'
import { container, makePod } from '../testing.ts'
import { ended, ending, nowMs, record, sandbox, seen, situation } from '../testing-situation.ts'
import { podStatus } from './status.ts'

const told = (
  spec: Partial<PodSpec>,
  observed: PodObservation,
  more: Partial<Situation> = {},
  status: PodStatus = {},
): PodStatus => podStatus(situation(makePod(spec, {}, status), observed, more), ['192.0.2.1'])

/** Each container in a few words: `waiting ContainerCreating`, `running`, `terminated 3`. */
const states = ({ initContainerStatuses = [], containerStatuses = [] }: PodStatus): Record<string, string> =>
  Object.fromEntries(
    [...initContainerStatuses, ...containerStatuses].map(({ name, state: { waiting, running, terminated } }) => [
      name,
      waiting
        ? `waiting ${waiting.reason ?? ''}`
        : running
          ? 'running'
          : `terminated ${terminated?.exitCode ?? ''} ${terminated?.reason ?? ''}`,
    ]),
  )

const condition = ({ conditions = [] }: PodStatus, type: string): string => {
  const found = conditions.find(candidate => candidate.type === type)
  return [found?.status, found?.reason].filter(Boolean).join(' ')
}

const failure = (reason: string) => ({ reason, message: 'why', atMs: nowMs, retryAtMs: nowMs + 1000 })
const starting = (name: string) => ({
  kind: 'startContainer' as const,
  container: name,
  sandboxId: 's0',
  attempt: 0,
  backoffMs: 0,
  replaces: undefined,
})

describe('a pod that starts', () => {
  it('has given nothing to a container that is not made', () => {
    const [status] = told({}, seen([])).containerStatuses ?? []
    assert.equal(status?.resources, undefined)
    assert.equal(status?.containerID, undefined)
    assert.deepEqual(status?.state, { waiting: { reason: 'ContainerCreating' } })
  })

  it('tells what a container was given, be it nothing', () => {
    const resources = { requests: { cpu: '1' }, limits: { cpu: '2' } }
    const { containerStatuses } = told(
      { containers: [container('a'), container('b', { resources })] },
      seen([sandbox()], [record('a'), ended('b', 0)]),
    )
    assert.deepEqual(
      containerStatuses?.map(status => [status.resources, status.allocatedResources]),
      [
        [{}, undefined],
        [resources, resources.requests],
      ],
    )
  })

  it('keeps a container out of Running until its postStart hook has ended', () => {
    const status = told({}, seen([sandbox()], [record('main')]), {
      busy: new Map([['container/main', starting('main')]]),
    })
    assert.equal(status.phase, 'Pending')
    assert.deepEqual(states(status), { main: 'waiting ContainerCreating' })
    assert.equal(status.containerStatuses?.[0]?.containerID, undefined)
    assert.equal(status.podIP, undefined)
    assert.equal(condition(status, 'PodReadyToStartContainers'), 'True')
  })

  it('has no address and starts nothing while its volumes are not set up', () => {
    const status = told({}, seen([sandbox()]), {
      volumes: 'unknown',
      failures: new Map([[failureKey('prepareVolumes'), failure('FailedMount')]]),
    })
    assert.equal(status.podIP, undefined)
    assert.equal(condition(status, 'PodReadyToStartContainers'), 'False')
    assert.deepEqual(states(status), { main: 'waiting ContainerCreating' })
  })

  it('keeps address and readiness when a restarted agent has yet to look at its volumes', () => {
    const status = told({}, seen([sandbox()], [record('main')]), { volumes: 'unknown' })
    assert.equal(status.podIP, '10.0.0.1')
    assert.equal(condition(status, 'PodReadyToStartContainers'), 'True')
  })

  it('does not say why where nothing was tried', () => {
    const status = told({}, seen([sandbox()]), {
      failures: new Map([[failureKey('ensureImage', 'main'), failure('')]]),
    })
    assert.deepEqual(states(status), { main: 'waiting ContainerCreating' })
  })
})

describe('a pod that failed to initialise', () => {
  const spec = {
    restartPolicy: 'Never' as const,
    initContainers: [container('a'), container('b')],
    containers: [container('main')],
  }

  it('leaves what is behind waiting', () => {
    const status = told(spec, seen([sandbox({ ready: false })], [ended('a', 9)]), { ending: ending('finished') })
    assert.equal(status.phase, 'Failed')
    assert.deepEqual(states(status), {
      a: 'terminated 9 Error',
      b: 'waiting PodInitializing',
      main: 'waiting PodInitializing',
    })
    assert.equal(condition(status, 'Initialized'), 'False ContainersNotInitialized')
    assert.equal(condition(status, 'Ready'), 'False PodFailed')
  })

  it('stays as it was told when it is told again', () => {
    const observed = seen([sandbox({ ready: false })], [ended('a', 0), ended('b', 0, { finishedAtMs: nowMs })])
    const deadline = ending('deadline', { failure: { reason: 'DeadlineExceeded', message: 'late' } })
    const first = told(spec, observed, { ending: deadline })
    assert.deepEqual([first.phase, first.reason, first.message], ['Failed', 'DeadlineExceeded', 'late'])
    assert.equal(states(first)['main'], 'waiting PodInitializing')
    // An agent that came later does not know when the end began.
    const again = told(spec, observed, { ending: ending('finished', { sinceMs: nowMs }) }, first)
    assert.equal(states(again)['main'], 'waiting PodInitializing')
    assert.deepEqual([again.phase, again.reason], ['Failed', 'DeadlineExceeded'])
  })

  it('counts as initialised once its last step had succeeded', () => {
    const observed = seen([sandbox({ ready: false })], [ended('a', 0), ended('b', 0, { finishedAtMs: nowMs - 9_000 })])
    assert.deepEqual(states(told(spec, observed, { ending: ending('deleted') })), {
      a: 'terminated 0 Completed',
      b: 'terminated 0 Completed',
      main: 'terminated 137 ContainerStatusUnknown',
    })
  })

  it('marks the first step, which was due, when nothing of it ever began', () => {
    assert.deepEqual(states(told(spec, seen([]), { ending: ending('deleted') })), {
      a: 'terminated 137 ContainerStatusUnknown',
      b: 'waiting PodInitializing',
      main: 'waiting PodInitializing',
    })
  })
})

describe('a pod that is over', () => {
  it('failed if it never came to start its containers', () => {
    const status = told({}, seen([sandbox({ ready: false })]), { ending: ending('deleted'), volumes: 'released' })
    assert.equal(status.phase, 'Failed')
    assert.equal(condition(status, 'Ready'), 'False ContainersNotReady')
    assert.deepEqual(states(status), { main: 'terminated 137 ContainerStatusUnknown' })
    assert.equal(status.podIP, undefined)
    const again = told({}, seen([]), { ending: ending('deleted'), volumes: 'released', nowMs: nowMs + 9_000 }, status)
    assert.deepEqual(again, status)
  })

  it('keeps the address it was known by', () => {
    const before = { podIP: '10.0.0.9', podIPs: [{ ip: '10.0.0.9' }] }
    const status = told({}, seen([]), { ending: ending('deleted'), volumes: 'released' }, before)
    assert.equal(status.podIP, '10.0.0.9')
  })

  it('says that what never started did so in 1970, as the runtime has it', () => {
    const observed = seen([sandbox()], [ended('main', 128, { startedAtMs: 0, reason: 'StartError' })])
    const status = told({ restartPolicy: 'Never' }, observed, { ending: ending('finished') })
    assert.equal(status.containerStatuses?.[0]?.state.terminated?.startedAt, '1970-01-01T00:00:00Z')
  })
})

it('orders init containers as they run, the others by their names', () => {
  const spec = { initContainers: [container('z'), container('y')], containers: [container('b'), container('a')] }
  const status = told(spec, seen([]))
  assert.deepEqual(
    [status.initContainerStatuses, status.containerStatuses].map(list => list?.map(({ name }) => name)),
    [
      ['z', 'y'],
      ['a', 'b'],
    ],
  )
})

describe('the phase of a pod', () => {
  const two = { containers: [container('a'), container('b')] }
  const table: readonly (readonly [string, Partial<PodSpec>, PodObservation, Partial<Situation>, string])[] = [
    ['one runs, one has yet to begin', two, seen([sandbox()], [record('a')]), {}, 'Pending'],
    [
      'one runs, one is done',
      { ...two, restartPolicy: 'Never' },
      seen([sandbox()], [record('a'), ended('b', 0)]),
      {},
      'Running',
    ],
    ['one waits to be restarted', two, seen([sandbox()], [ended('a', 1), record('b')]), {}, 'Running'],
    ['both will be restarted', two, seen([sandbox()], [ended('a', 1), ended('b', 0)]), {}, 'Running'],
    [
      'one of two failed for good',
      { ...two, restartPolicy: 'Never' },
      seen([sandbox()], [ended('a', 1), ended('b', 0)]),
      { ending: ending('finished') },
      'Failed',
    ],
    [
      'both succeeded',
      { ...two, restartPolicy: 'OnFailure' },
      seen([sandbox()], [ended('a', 0), ended('b', 0)]),
      { ending: ending('finished') },
      'Succeeded',
    ],
    [
      'a sidecar is restarted while the pod runs',
      { initContainers: [container('side', { restartPolicy: 'Always' })] },
      seen([sandbox()], [ended('side', 1), record('main')]),
      {},
      'Running',
    ],
    [
      'a sidecar has yet to start',
      { initContainers: [container('side', { restartPolicy: 'Always' })] },
      seen([sandbox()], [record('side')]),
      { health: () => ({ started: false, ready: false, failed: undefined }) },
      'Pending',
    ],
    [
      'an init container will be tried again',
      { initContainers: [container('step')] },
      seen([sandbox()], [ended('step', 1)]),
      {},
      'Pending',
    ],
    [
      'an init container is tried again',
      { initContainers: [container('step')] },
      seen([sandbox()], [record('step', { attempt: 1 }), ended('step', 1)]),
      {},
      'Pending',
    ],
  ]
  for (const [what, spec, observed, more, phase] of table) {
    it(`is ${phase} when ${what}`, () => assert.equal(told(spec, observed, more).phase, phase))
  }

  it('never leaves a final one', () => {
    const status = told({}, seen([sandbox()], [record('main')]), {}, { phase: 'Failed', reason: 'Evicted' })
    assert.deepEqual([status.phase, status.reason], ['Failed', 'Evicted'])
  })
})
