import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
import { CgroupError } from '../cgroups/files.ts'
import type { ContainerRecord } from '../records/records.ts'
import { createContainer } from './create-container.ts'
import type { ContainerEvent } from './events.ts'
import { followExits } from './exits.ts'
import { madeSandboxes } from './ids.ts'
import { recover } from './recovery.ts'
import { runSandbox } from './run-sandbox.ts'
import { startContainer } from './start-container.ts'
import { removeContainer, removeSandbox, stopContainer, stopSandbox } from './stop.ts'
import { type FakeMachine, fakeMachine } from './testing.ts'
import { updateContainerResources, updateSandboxResources } from './update-resources.ts'

const pod: PodSandboxConfig = {
  metadata: { name: 'web', namespace: 'default', uid: 'u1', attempt: 0 },
  hostname: 'web',
  dnsConfig: { servers: ['10.0.0.10'], searches: ['a.b', 'b'], options: ['ndots:5'] },
  linux: { cgroupParent: '/tessera/burstable/podu1', resources: { memoryLimitInBytes: 1000 } },
}
const config = (name: string, more: ContainerConfig = {}): ContainerConfig => ({
  metadata: { name, attempt: 0 },
  image: { image: 'demo:1' },
  linux: { resources: { cpuShares: 512 } },
  ...more,
})

describe('sandboxes and containers', () => {
  let machine: FakeMachine
  let stopFollowing: () => void
  let events: ContainerEvent[]

  const attach = (next: FakeMachine): void => {
    machine = next
    stopFollowing = followExits(machine.parts)
    machine.parts.events.subscribe(event => events.push(event))
  }
  const restart = async (): Promise<void> => {
    stopFollowing()
    const next = machine.reboot()
    await recover(next.parts)
    attach(next)
    await settle()
  }
  const settle = async (): Promise<void> => {
    for (let count = 0; count < 5; count++) await turn()
  }
  const make = async (name = 'c', more: ContainerConfig = {}): Promise<{ sandbox: string; id: string }> => {
    const sandbox = machine.parts.sandboxRecords.list()[0]?.id ?? (await runSandbox(machine.parts, pod, '')).id
    return { sandbox, id: createContainer(machine.parts, { sandboxId: sandbox, config: config(name, more) }).id }
  }
  const record = (id: string): ContainerRecord => machine.parts.containerRecords.get(id) ?? assert.fail('no record')

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
    await startContainer(machine.parts, id)
    await assert.rejects(startContainer(machine.parts, id), { code: 'state' })
    machine.launcher.end(id, 3)
    await settle()
    assert.deepEqual([record(id).exit?.exitCode, record(id).exit?.reason], [3, 'Error'])
    assert.equal(machine.launcher.exits.size, 0)
    await assert.rejects(startContainer(machine.parts, id), /only once/)
    await removeContainer(machine.parts, id)
    await removeContainer(machine.parts, id)
    await removeSandbox(machine.parts, sandbox)
    await removeSandbox(machine.parts, sandbox)
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
    assert.deepEqual([...machine.cgroups.limits.keys()], [])
    assert.deepEqual([...machine.sandboxes.made.keys()], [])
    assert.deepEqual(readdirSync(machine.parts.ioDir), [])
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
      await startContainer(machine.parts, id)
      machine.cgroups.oomKills.set(record(id).cgroupPath, oomKills)
      machine.launcher.end(id, exitCode)
      await settle()
      assert.equal(record(id).exit?.reason, reason)
    }
  })

  test('stopping asks, waits, kills; twice is no error', async () => {
    const { id } = await make()
    await startContainer(machine.parts, id)
    machine.launcher.heedsTerm = false
    await stopContainer(machine.parts, id, 30)
    assert.deepEqual(machine.launcher.signals, [
      [id, 15],
      [id, 9],
    ])
    assert.equal(record(id).exit?.exitCode, 137)
    await stopContainer(machine.parts, id, 30)
    await stopContainer(machine.parts, 'unknown', 30)
    assert.equal(machine.launcher.signals.length, 2)
  })

  test('the stop signal is the pod’s', async () => {
    const { id } = await make('c', { stopSignal: Signal.SIGQUIT })
    await startContainer(machine.parts, id)
    await stopContainer(machine.parts, id, 1000)
    assert.deepEqual(machine.launcher.signals, [[id, 3]])
  })

  test('a program that cannot start is told by its exit', async () => {
    const { id } = await make()
    machine.launcher.failWith = { reason: 'ProgramNotFound', message: 'no such program: nope', exitCode: 127 }
    await assert.rejects(startContainer(machine.parts, id), /no such program: nope/)
    assert.deepEqual([record(id).exit?.exitCode, record(id).exit?.reason], [127, 'StartError'])
  })

  test('names are taken, images needed, sandboxes ready', async () => {
    const { sandbox } = await make('a')
    await assert.rejects(make('a'), { code: 'exists' })
    await assert.rejects(runSandbox(machine.parts, pod, ''), { code: 'exists' })
    await assert.rejects(make('b', { image: { image: 'other:1' } }), { name: 'ImageError', code: 'missing' })
    await stopSandbox(machine.parts, sandbox)
    await stopSandbox(machine.parts, sandbox)
    await assert.rejects(make('c'), { code: 'state' })
    assert.throws(() => createContainer(machine.parts, { sandboxId: 'ffff', config: config('d') }), { code: 'missing' })
    await assert.rejects(
      runSandbox(machine.parts, { metadata: { name: 'x', uid: 'u2' } }, 'gvisor'),
      /no runtime handler/,
    )
  })

  test('a sandbox that is being made is nobody’s to list, stop or remove', async () => {
    const { sandbox } = await make()
    const made = machine.parts.sandboxRecords.get(sandbox) ?? assert.fail()
    const { state: _state, ...half } = made
    machine.parts.sandboxRecords.save(half)
    assert.deepEqual(madeSandboxes(machine.parts), [])
    await stopSandbox(machine.parts, sandbox)
    await removeSandbox(machine.parts, sandbox)
    assert.ok(machine.parts.sandboxRecords.get(sandbox), 'who makes it goes on')
    assert.throws(() => createContainer(machine.parts, { sandboxId: sandbox, config: config('d') }), {
      code: 'missing',
    })
    machine.parts.sandboxRecords.save(made)
  })

  test('limits that the kernel refuses are the client’s fault, and change nothing', async () => {
    const refusal = (code: string): Error =>
      new CgroupError(`writing: ${code}`, { cause: Object.assign(new Error(code), { code }) })
    machine.cgroups.refuse = ({ cpusetCpus }) => (cpusetCpus === '99' ? refusal('EINVAL') : undefined)
    const wrong = { resources: { cpusetCpus: '99' } }
    await assert.rejects(runSandbox(machine.parts, { ...pod, linux: wrong }, ''), {
      code: 'invalid',
      message: /^linux\.resources: writing: EINVAL/,
    })
    await assert.rejects(make('c', { linux: wrong }), { code: 'invalid' })
    await assert.rejects(make('c', { linux: { resources: { unified: { 'pids.max': 'many' } } } }), {
      code: 'invalid',
      message: /unified\["pids\.max"\]: "many" is no number/,
    })
    const { id } = await make('d')
    const limits = () => machine.cgroups.limits.get(record(id).cgroupPath)
    machine.cgroups.refuse = ({ memoryLimitBytes }) => (memoryLimitBytes === 5 ? refusal('EBUSY') : undefined)
    await assert.rejects(updateContainerResources(machine.parts, id, { memoryLimitInBytes: 5, cpuShares: 7 }), {
      code: 'state',
    })
    assert.equal(record(id).config.linux?.resources?.cpuShares, 512)
    assert.deepEqual(limits(), { cpuShares: 512, memoryLimitBytes: -1 })
    await updateContainerResources(machine.parts, id, { memoryLimitInBytes: 6 })
    assert.deepEqual(limits(), { cpuShares: 512, memoryLimitBytes: 6 })
    machine.cgroups.refuse = () => refusal('EROFS')
    await assert.rejects(make('e'), { code: 'failed' })
  })

  test('the limits of a pod’s cgroup that its client has made are the client’s', async () => {
    machine.cgroups.others.add('tessera/burstable/podu1')
    const { sandbox } = await make()
    const made = () => machine.parts.sandboxRecords.get(sandbox) ?? assert.fail()
    const limits = () => machine.cgroups.limits.get('tessera/burstable/podu1')
    assert.deepEqual(limits(), {})
    updateSandboxResources(machine.parts, made(), { resources: { cpuShares: 9 }, overhead: { cpuQuota: 3 } })
    assert.deepEqual(limits(), {})
    assert.deepEqual(made().config.linux?.resources, { memoryLimitInBytes: 1000, cpuShares: 9, unified: {} })
    assert.deepEqual(made().config.linux?.overhead, { cpuQuota: 3 })
    machine.cgroups.others.clear()
    updateSandboxResources(machine.parts, made(), { resources: { cpuShares: 8 }, overhead: undefined })
    assert.deepEqual(limits(), { memoryLimitBytes: 1000, cpuShares: 8 })
  })

  test('a host path that cannot be made is the client’s fault', async () => {
    const hostPath = path.join(machine.folder, 'file', 'below')
    writeFileSync(path.dirname(hostPath), '')
    await assert.rejects(make('c', { mounts: [{ containerPath: '/m', hostPath }] }), {
      code: 'invalid',
      message: /^mounts: the host path of \/m: ENOTDIR/,
    })
    assert.equal(machine.parts.containerRecords.list().length, 0)
  })

  test('a log that cannot be opened is told like a program that cannot be started', async () => {
    const file = path.join(machine.folder, 'file')
    writeFileSync(file, '')
    const { id: sandboxId } = await runSandbox(machine.parts, { ...pod, logDirectory: file }, '')
    const { id } = createContainer(machine.parts, { sandboxId, config: config('c', { logPath: 'c/0.log' }) })
    await assert.rejects(startContainer(machine.parts, id), { code: 'failed', message: /ENOTDIR/ })
    assert.equal(record(id).exit?.reason, 'StartError')
    assert.equal(machine.launcher.plans.length, 0)
  })

  test('a stop that was cut short is finished by the next one', async () => {
    const { sandbox, id } = await make()
    await startContainer(machine.parts, id)
    const before = machine.parts.sandboxRecords.get(sandbox) ?? assert.fail()
    machine.parts.sandboxRecords.save({ ...before, notReady: true })
    await stopSandbox(machine.parts, sandbox)
    assert.equal(record(id).exit?.exitCode, 137)
    assert.equal(machine.sandboxes.made.has(sandbox), false)
  })

  test('a sandbox that fails leaves nothing', async () => {
    machine.sandboxes.failWith = new Error('no veth')
    await assert.rejects(runSandbox(machine.parts, pod, ''), /pod default\/web: no veth/)
    assert.equal(machine.parts.sandboxRecords.list().length, 0)
  })

  test('a pod that asks for a user namespace is refused, not run without one', async () => {
    const asking = (usernsOptions: UserNamespace): PodSandboxConfig => ({
      ...pod,
      linux: { securityContext: { namespaceOptions: { usernsOptions } } },
    })
    const mappings = [{ hostId: 65_536, containerId: 0, length: 65_536 }]
    for (const options of [{ mode: NamespaceMode.POD, uids: mappings, gids: mappings }, {}]) {
      await assert.rejects(runSandbox(machine.parts, asking(options), ''), {
        code: 'unsupported',
        message:
          "linux.security_context.namespace_options.userns_options: user namespaces (a pod's hostUsers: false) are not supported",
      })
    }
    assert.deepEqual(machine.parts.sandboxRecords.list(), [])
    await runSandbox(machine.parts, asking({ mode: NamespaceMode.NODE }), '')
  })

  test('without a pod CIDR only pods on the host’s network run', async () => {
    machine.sandboxes.networkReady = false
    await assert.rejects(runSandbox(machine.parts, pod, ''), { code: 'unavailable' })
    const security = { namespaceOptions: { network: 2 } } as const
    const host = { ...pod, metadata: { name: 'h', uid: 'u3' }, linux: { securityContext: security } }
    assert.deepEqual((await runSandbox(machine.parts, host, '')).state?.addresses, [])
  })

  test('resolv.conf, hostname and hosts are the sandbox’s', async () => {
    const { sandbox, id } = await make()
    const folder = machine.parts.sandboxRecords.folderOf(sandbox)
    const file = (name: string): string => readFileSync(path.join(folder, name), 'utf8')
    assert.equal(file('resolv.conf'), 'search a.b b\nnameserver 10.0.0.10\noptions ndots:5\n')
    assert.equal(file('hostname'), 'web\n')
    assert.match(file('hosts'), /^127\.0\.0\.1\tlocalhost\n.*\n10\.0\.0\.1\tweb\n$/s)
    const bound = record(id).spec.mounts.map(mount => (mount.kind === 'bind' ? mount.source : ''))
    assert.ok(bound.includes(path.join(folder, 'hosts')))
    const own = await make('own', { mounts: [{ containerPath: '/etc/hosts', hostPath: '/etc/hosts' }] })
    const hosts = record(own.id).spec.mounts.filter(mount => mount.target === '/etc/hosts')
    assert.deepEqual(
      hosts.map(mount => mount.kind === 'bind' && mount.source),
      ['/etc/hosts'],
    )
  })

  test('on the host’s network hosts is the host’s, and so is resolv.conf where nothing is said of DNS', async () => {
    const linux = { securityContext: { namespaceOptions: { network: NamespaceMode.NODE } } }
    const run = async (uid: string, more: PodSandboxConfig): Promise<string> => {
      const { id } = await runSandbox(machine.parts, { metadata: { name: uid, uid }, linux, ...more }, '')
      return machine.parts.sandboxRecords.folderOf(id)
    }
    const silent = await run('silent', {})
    for (const name of ['hosts', 'resolv.conf']) {
      assert.equal(readFileSync(path.join(silent, name), 'utf8'), readFileSync(path.join('/etc', name), 'utf8'))
    }
    const empty = await run('empty', { dnsConfig: {} })
    assert.equal(readFileSync(path.join(empty, 'resolv.conf'), 'utf8'), '')
  })

  test('a sandbox of an older runtime is given the files it lacks, and keeps the others', async () => {
    const { sandbox } = await make()
    const folder = machine.parts.sandboxRecords.folderOf(sandbox)
    rmSync(path.join(folder, 'hosts'))
    writeFileSync(path.join(folder, 'hostname'), 'kept\n')
    await restart()
    assert.match(readFileSync(path.join(folder, 'hosts'), 'utf8'), /\tweb\n$/)
    assert.equal(readFileSync(path.join(folder, 'hostname'), 'utf8'), 'kept\n')
  })

  test('after a restart: running ones run, ended ones have ended, half-made ones are gone', async () => {
    const { id: running } = await make('running')
    const { id: ended } = await make('ended')
    const { id: created } = await make('created')
    const { id: vanished } = await make('vanished')
    for (const id of [running, ended, vanished]) await startContainer(machine.parts, id)
    const half = { ...record(created), id: 'f'.repeat(64) }
    delete (half as { made?: true }).made
    machine.parts.containerRecords.save(half)
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
    assert.equal(machine.parts.containerRecords.get('f'.repeat(64)), undefined)
    assert.equal(machine.launcher.running.has('stranger'), false)
    assert.equal(machine.sandboxes.made.has('leaked'), false)
    assert.equal(machine.cgroups.limits.has('tessera/burstable/podold/abc'), false)
    assert.ok(machine.cgroups.limits.has(record(running).cgroupPath))
    assert.ok(existsSync(path.join(machine.parts.ioDir, running)))
    await startContainer(machine.parts, created)
    await stopContainer(machine.parts, running, 0)
    assert.equal(record(running).exit?.exitCode, 137)
  })

  test('a start whose record was never written is found at the launcher', async () => {
    const { id } = await make()
    await startContainer(machine.parts, id)
    const { start: _start, ...before } = record(id)
    machine.parts.containerRecords.save(before)
    await restart()
    assert.equal(record(id).start?.pid, machine.launcher.running.get(id)?.pid)
  })
})
