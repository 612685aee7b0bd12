import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  type ContainerConfig,
  NamespaceMode,
  type PodSandboxConfig,
  Signal,
  type UserNamespace,
} from '../../../proto/gen/cri.ts'
import { CgroupError, NoRoomError } from '../cgroups/cgroup-error.ts'
import type { ContainerRecord } from '../records/records.ts'
import { createContainer } from './create-container.ts'
import type { ContainerEvent } from './events.ts'
import { followExits } from './exits.ts'
import { recover } from './recovery.ts'
import { runSandbox } from './run-sandbox.ts'
import { startContainer } from './start-container.ts'
import { removeContainer, removeSandbox, stopContainer, stopSandbox } from './stop.ts'
import { type FakeMachine, fakeMachine } from './testing.ts'
import { containerOf, makeContainer, webPod } from './testing-pod.ts'

describe('sandboxes and containers', () => {
  let machine: FakeMachine
  let stopFollowing: () => void
  let events: ContainerEvent[]

  const attach = (next: FakeMachine): void => {
    machine = next
    stopFollowing = followExits(machine.runtime)
    machine.runtime.events.subscribe(event => events.push(event))
  }
  const restart = async (): Promise<void> => {
    stopFollowing()
    const next = machine.reboot()
    await recover(next.runtime)
    attach(next)
    await settle()
  }
  const settle = async (): Promise<void> => {
    for (let count = 0; count < 5; count++) await turn()
  }
  const make = (name = 'c', more: ContainerConfig = {}) => makeContainer(machine.runtime, name, more)
  const record = (id: string): ContainerRecord => machine.runtime.containerRecords.get(id) ?? assert.fail('no record')

  beforeEach(async () => {
    events = []
    attach(await fakeMachine())
    machine.sandboxes.configureNetwork()
  })
  afterEach(() => {
    stopFollowing()
    machine.remove()
  })

  test('a container’s whole life, in events, states and cgroups', async () => {
    const { sandbox, id } = await make()
    assert.deepEqual(machine.cgroups.limits.get('tessera/burstable/podu1'), { memoryLimitBytes: 1000 })
    assert.deepEqual(machine.cgroups.limits.get(`tessera/burstable/podu1/${id}`), { cpuShares: 512 })
    await startContainer(machine.runtime, id)
    await assert.rejects(startContainer(machine.runtime, id), { code: 'state' })
    machine.launcher.end(id, 3)
    await settle()
    assert.deepEqual([record(id).exit?.exitCode, record(id).exit?.reason], [3, 'Error'])
    assert.equal(machine.launcher.exits.size, 0)
    await assert.rejects(startContainer(machine.runtime, id), /only once/)
    await removeContainer(machine.runtime, id)
    await removeContainer(machine.runtime, id)
    await removeSandbox(machine.runtime, sandbox)
    await removeSandbox(machine.runtime, sandbox)
    assert.deepEqual(
      events.map(event => `${event.containerId === sandbox ? 'sandbox' : 'container'} ${event.kind}`),
      [
        'sandbox created',
        'sandbox started',
        'container created',
        'container started',
        'container stopped',
        'container deleted',
        'sandbox stopped',
        'sandbox deleted',
      ],
    )
    assert.deepEqual([...machine.cgroups.limits.keys()], ['tessera/burstable'])
    assert.deepEqual([...machine.sandboxes.made.keys()], [])
    assert.deepEqual(readdirSync(machine.runtime.ioDir), [])
    assert.deepEqual(readdirSync(path.join(machine.folder, 'containers')), [])
  })

  test('reasons tell an OOM kill, a failure and success apart', async () => {
    const ends: [string, number, number, string][] = [
      ['a', 137, 1, 'OOMKilled'],
      ['b', 137, 0, 'Error'],
      ['c', 0, 0, 'Completed'],
    ]
    for (const [name, exitCode, oomKills, reason] of ends) {
      const { id } = await make(name)
      await startContainer(machine.runtime, id)
      machine.cgroups.oomKills.set(record(id).cgroupPath, oomKills)
      machine.launcher.end(id, exitCode)
      await settle()
      assert.equal(record(id).exit?.reason, reason)
    }
  })

  test('stopping asks, waits, kills; twice is no error', async () => {
    const { id } = await make()
    await startContainer(machine.runtime, id)
    machine.launcher.heedsTerm = false
    await stopContainer(machine.runtime, id, 30)
    assert.deepEqual(machine.launcher.signals, [
      [id, 15],
      [id, 9],
    ])
    assert.equal(record(id).exit?.exitCode, 137)
    await stopContainer(machine.runtime, id, 30)
    await stopContainer(machine.runtime, 'unknown', 30)
    assert.equal(machine.launcher.signals.length, 2)
  })

  test('the stop signal is the pod’s', async () => {
    const { id } = await make('c', { stopSignal: Signal.SIGQUIT })
    await startContainer(machine.runtime, id)
    await stopContainer(machine.runtime, id, 1000)
    assert.deepEqual(machine.launcher.signals, [[id, 3]])
  })

  test('a program that cannot start is told by its exit', async () => {
    const { id } = await make()
    machine.launcher.failWith = { reason: 'ProgramNotFound', message: 'no such program: nope', exitCode: 127 }
    await assert.rejects(startContainer(machine.runtime, id), /no such program: nope/)
    assert.deepEqual([record(id).exit?.exitCode, record(id).exit?.reason], [128, 'StartError'])
  })

  test('a program that its memory limit kills before it ran is told so', async () => {
    const { id } = await make()
    machine.launcher.failWith = { reason: 'Crashed', message: 'ended by signal 9', exitCode: 128 }
    machine.cgroups.oomKills.set(record(id).cgroupPath, 1)
    await assert.rejects(startContainer(machine.runtime, id), /container c: out of memory before its program ran/)
    const { reason, exitCode, message } = record(id).exit ?? assert.fail('no exit')
    assert.deepEqual([reason, exitCode], ['StartError', 128])
    assert.match(message, /^out of memory before its program ran: the memory limit/)
  })

  test('limits that the kernel refuses are the request’s fault, by field, without the machine’s paths', async () => {
    await make()
    const refusal = (error: CgroupError) => {
      machine.cgroups.refuse = () => error
      const { sandboxRecords } = machine.runtime
      const sandboxId = sandboxRecords.list()[0]?.id
      return () => createContainer(machine.runtime, { sandboxId, config: containerOf('refused') })
    }
    assert.throws(refusal(new CgroupError('7: too low (file: EINVAL)', { limit: 'memoryLimitBytes' })), {
      code: 'invalid',
      message: 'container refused: linux.resources.memory_limit_in_bytes: 7: too low (file: EINVAL)',
    })
    assert.throws(refusal(new NoRoomError('no memory is left')), { code: 'limit' })
    assert.throws(refusal(new CgroupError('not writable')), {
      code: 'failed',
      message: 'container refused: not writable',
    })
    assert.equal(machine.runtime.containerRecords.list().length, 1)
  })

  test('names are taken, images needed, sandboxes ready', async () => {
    const { sandbox } = await make('a')
    await assert.rejects(make('a'), { code: 'exists' })
    await assert.rejects(runSandbox(machine.runtime, webPod, ''), { code: 'exists' })
    await assert.rejects(make('b', { image: { image: 'other:1' } }), { name: 'ImageError', code: 'missing' })
    await stopSandbox(machine.runtime, sandbox)
    await stopSandbox(machine.runtime, sandbox)
    await assert.rejects(make('c'), { code: 'state' })
    assert.throws(() => createContainer(machine.runtime, { sandboxId: 'ffff', config: containerOf('d') }), {
      code: 'missing',
    })
    await assert.rejects(
      runSandbox(machine.runtime, { metadata: { name: 'x', uid: 'u2' } }, 'gvisor'),
      /no runtime handler/,
    )
  })

  test('a stop that was cut short is finished by the next one', async () => {
    const { sandbox, id } = await make()
    await startContainer(machine.runtime, id)
    const before = machine.runtime.sandboxRecords.get(sandbox) ?? assert.fail()
    machine.runtime.sandboxRecords.save({ ...before, notReady: true })
    await stopSandbox(machine.runtime, sandbox)
    assert.equal(record(id).exit?.exitCode, 137)
    assert.equal(machine.sandboxes.made.has(sandbox), false)
  })

  test('a sandbox that fails leaves nothing', async () => {
    machine.sandboxes.failWith = new Error('no veth')
    await assert.rejects(runSandbox(machine.runtime, webPod, ''), /pod default\/web: no veth/)
    assert.equal(machine.runtime.sandboxRecords.list().length, 0)
  })

  test('a pod that asks for a user namespace is refused, not run without one', async () => {
    const asking = (usernsOptions: UserNamespace): PodSandboxConfig => ({
      ...webPod,
      linux: { securityContext: { namespaceOptions: { usernsOptions } } },
    })
    const mappings = [{ hostId: 65_536, containerId: 0, length: 65_536 }]
    for (const options of [{ mode: NamespaceMode.POD, uids: mappings, gids: mappings }, {}]) {
      await assert.rejects(runSandbox(machine.runtime, asking(options), ''), {
        code: 'unsupported',
        message:
          "linux.security_context.namespace_options.userns_options: user namespaces (a pod's hostUsers: false) are not supported",
      })
    }
    assert.deepEqual(machine.runtime.sandboxRecords.list(), [])
    await runSandbox(machine.runtime, asking({ mode: NamespaceMode.NODE }), '')
  })

  test('without a pod CIDR only pods on the host’s network run', async () => {
    machine.sandboxes.networkReady = false
    await assert.rejects(runSandbox(machine.runtime, webPod, ''), { code: 'unavailable' })
    const security = { namespaceOptions: { network: 2 } } as const
    const host = { ...webPod, metadata: { name: 'h', uid: 'u3' }, linux: { securityContext: security } }
    assert.deepEqual((await runSandbox(machine.runtime, host, '')).state?.addresses, [])
  })

  test('after a restart: running ones run, ended ones have ended, half-made ones are gone', async () => {
    const { id: running } = await make('running')
    const { id: ended } = await make('ended')
    const { id: created } = await make('created')
    const { id: vanished } = await make('vanished')
    for (const id of [running, ended, vanished]) await startContainer(machine.runtime, id)
    const half = { ...record(created), id: 'f'.repeat(64) }
    delete (half as { made?: true }).made
    machine.runtime.containerRecords.save(half)
    stopFollowing()
    // While nobody looks.
    machine.launcher.end(ended, 7)
    machine.launcher.running.delete(vanished)
    machine.launcher.running.set('stranger', {
      id: 'stranger',
      kind: 'container',
      pid: 5,
      startTime: 1,
      startedAtMs: 0,
    })
    machine.sandboxes.made.set('leaked', { id: 'leaked', hostname: '', network: 'pod', ipc: 'pod' })
    machine.cgroups.create('tessera/burstable/podold/abc', {})
    await restart()
    assert.equal(record(running).exit, undefined)
    assert.equal(record(ended).exit?.exitCode, 7)
    assert.deepEqual([record(created).start, record(created).exit], [undefined, undefined])
    assert.deepEqual([record(vanished).exit?.exitCode, record(vanished).exit?.reason], [255, 'Unknown'])
    assert.equal(machine.runtime.containerRecords.get('f'.repeat(64)), undefined)
    assert.equal(machine.launcher.running.has('stranger'), false)
    assert.equal(machine.sandboxes.made.has('leaked'), false)
    assert.equal(machine.cgroups.limits.has('tessera/burstable/podold/abc'), false)
    assert.ok(machine.cgroups.limits.has(record(running).cgroupPath))
    assert.ok(existsSync(path.join(machine.runtime.ioDir, running)))
    await startContainer(machine.runtime, created)
    await stopContainer(machine.runtime, running, 0)
    assert.equal(record(running).exit?.exitCode, 137)
  })

  test('a start whose record was never written is found at the launcher', async () => {
    const { id } = await make()
    await startContainer(machine.runtime, id)
    const { start: _start, ...before } = record(id)
    machine.runtime.containerRecords.save(before)
    await restart()
    assert.equal(record(id).start?.pid, machine.launcher.running.get(id)?.pid)
  })
})
