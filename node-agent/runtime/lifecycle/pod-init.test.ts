import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { NamespaceMode, type PodSandboxConfig } from '../../../proto/gen/cri.ts'
import type { SandboxRecord } from '../records/records.ts'
import { createContainer } from './create-container.ts'
import type { ContainerEvent } from './events.ts'
import { followExits } from './exits.ts'
import { recover } from './recovery.ts'
import { runSandbox } from './run-sandbox.ts'
import { startContainer } from './start-container.ts'
import { removeSandbox, stopSandbox } from './stop.ts'
import { type FakeMachine, fakeMachine } from './testing.ts'

const options = (pid: NamespaceMode) => ({ securityContext: { namespaceOptions: { pid } } })
const pod = (pid: NamespaceMode = NamespaceMode.POD): PodSandboxConfig => ({
  metadata: { name: 'web', namespace: 'default', uid: 'u1', attempt: 0 },
  linux: { cgroupParent: '/tessera/podu1', ...options(pid) },
})

describe('the init of a pod', () => {
  let machine: FakeMachine
  let stopFollowing: () => void
  let events: ContainerEvent[]

  const attach = (next: FakeMachine): void => {
    machine = next
    stopFollowing = followExits(machine.runtime)
    machine.runtime.events.subscribe(event => events.push(event))
  }
  const settle = async (): Promise<void> => {
    for (let count = 0; count < 5; count++) await turn()
  }
  const restart = async (): Promise<void> => {
    stopFollowing()
    const next = machine.reboot()
    await recover(next.runtime)
    attach(next)
    await settle()
  }
  const record = ({ id }: SandboxRecord): SandboxRecord => machine.runtime.sandboxRecords.get(id) ?? assert.fail('gone')
  const add = (sandboxId: string, pid: NamespaceMode = NamespaceMode.POD) =>
    createContainer(machine.runtime, {
      sandboxId,
      config: { metadata: { name: 'c' }, image: { image: 'demo:1' }, linux: options(pid) },
    })

  beforeEach(async () => {
    events = []
    attach(await fakeMachine())
    machine.sandboxes.configureNetwork()
  })
  afterEach(() => {
    stopFollowing()
    machine.remove()
  })

  test('is there for pods that share their PID namespace only, with a cgroup below the pod’s', async () => {
    const sandbox = await runSandbox(machine.runtime, pod(), '')
    const process = machine.launcher.running.get(sandbox.id)
    assert.deepEqual([process?.kind, process?.pid], ['sandbox', sandbox.init?.pid])
    assert.ok(machine.cgroups.limits.has(`tessera/podu1/${sandbox.id}`))
    assert.deepEqual(add(sandbox.id).spec.namespaces.pid, sandbox.init)
    await removeSandbox(machine.runtime, sandbox.id)
    assert.equal(machine.launcher.running.size, 0)
    assert.deepEqual([...machine.cgroups.limits.keys()], [])
    for (const config of [pod(NamespaceMode.CONTAINER), pod(NamespaceMode.NODE), { ...pod(), linux: {} }]) {
      const other = await runSandbox(machine.runtime, config, '')
      assert.deepEqual([other.init, machine.launcher.running.size], [undefined, 0])
      assert.throws(() => add(other.id), { code: 'invalid', message: /namespace_options\.pid: POD, but the sandbox/ })
      await removeSandbox(machine.runtime, other.id)
    }
  })

  test('that cannot start leaves nothing of the sandbox', async () => {
    machine.launcher.failWith = { reason: 'SystemCall', message: 'clone: EAGAIN', exitCode: 128 }
    await assert.rejects(runSandbox(machine.runtime, pod(), ''), {
      code: 'failed',
      message: /pod default\/web: clone: EAG/,
    })
    assert.equal(machine.runtime.sandboxRecords.list().length, 0)
    assert.equal(machine.sandboxes.made.size, 0)
    assert.equal(machine.cgroups.limits.size, 0)
  })

  test('takes the sandbox’s readiness along, with an event, once', async () => {
    const sandbox = await runSandbox(machine.runtime, pod(), '')
    const { id } = add(sandbox.id)
    machine.launcher.end(sandbox.id, 137, 9)
    await settle()
    assert.equal(record(sandbox).notReady, true)
    assert.deepEqual(
      events.map(({ kind, containerId }) => [kind, containerId]),
      [
        ['created', sandbox.id],
        ['started', sandbox.id],
        ['created', id],
        ['stopped', sandbox.id],
      ],
    )
    assert.equal(machine.launcher.exits.size, 0, 'acknowledged')
    await assert.rejects(startContainer(machine.runtime, id), { code: 'state' })
    await stopSandbox(machine.runtime, sandbox.id)
    assert.equal(events.filter(({ kind }) => kind === 'stopped').length, 1)
  })

  test('is not told beside its sandbox, which is stopped once', async () => {
    const sandbox = await runSandbox(machine.runtime, pod(), '')
    await stopSandbox(machine.runtime, sandbox.id)
    await settle()
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['created', 'started', 'stopped'],
    )
    assert.deepEqual(machine.launcher.signals, [[sandbox.id, 9]])
  })

  test('runs on over a restart, unless its sandbox was only half made', async () => {
    const sandbox = await runSandbox(machine.runtime, pod(), '')
    await restart()
    assert.equal(record(sandbox).notReady, undefined)
    assert.ok(machine.launcher.running.has(sandbox.id))
    assert.ok(machine.cgroups.limits.has(`tessera/podu1/${sandbox.id}`))
    const { state: _state, init: _init, ...half } = record(sandbox)
    machine.runtime.sandboxRecords.save(half)
    await restart()
    assert.equal(machine.launcher.running.size, 0)
    assert.equal(machine.runtime.sandboxRecords.list().length, 0)
  })

  for (const seen of [true, false]) {
    test(`that ends while the runtime is down is missed afterwards (${seen ? 'seen' : 'not seen'} by the launcher)`, async () => {
      const sandbox = await runSandbox(machine.runtime, pod(), '')
      stopFollowing()
      if (seen) machine.launcher.end(sandbox.id, 137, 9)
      else machine.launcher.running.delete(sandbox.id)
      await restart()
      assert.equal(record(sandbox).notReady, true)
      assert.equal(machine.launcher.exits.size, 0)
    })
  }
})

describe('under a launcher of another build', () => {
  test('nothing is started or killed, and containers that wait keep their one start', async () => {
    const machine = await fakeMachine()
    try {
      machine.sandboxes.configureNetwork()
      const { runtime, launcher } = machine
      const sandbox = await runSandbox(runtime, pod(NamespaceMode.CONTAINER), '')
      const { id } = createContainer(runtime, {
        sandboxId: sandbox.id,
        config: { metadata: { name: 'c' }, image: { image: 'demo:1' } },
      })
      launcher.mismatch = 'an older build'
      await assert.rejects(startContainer(runtime, id), { code: 'unavailable', message: 'an older build' })
      assert.equal(runtime.containerRecords.get(id)?.exit, undefined)
      const other = { ...pod(), metadata: { name: 'b', uid: 'u2' } }
      await assert.rejects(runSandbox(runtime, other, ''), { code: 'unavailable', message: 'an older build' })
      launcher.running.set('unknown', { id: 'unknown', kind: 'container', pid: 5, startTime: 1, startedAtMs: 0 })
      await recover(runtime)
      assert.ok(launcher.running.has('unknown'))
      launcher.mismatch = undefined
      await startContainer(runtime, id)
    } finally {
      machine.remove()
    }
  })
})
