import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { ContainerConfig } from '../../../proto/gen/cri.ts'
import { type LimitName, writeError } from '../cgroups/cgroup-error.ts'
import type { ContainerRecord } from '../records/records.ts'
import { createContainer } from './create-container.ts'
import { madeSandboxes } from './ids.ts'
import { runSandbox } from './run-sandbox.ts'
import { startContainer } from './start-container.ts'
import { removeSandbox, stopSandbox } from './stop.ts'
import { type FakeMachine, fakeMachine } from './testing.ts'
import { containerOf, makeContainer, webPod } from './testing-pod.ts'
import { updateContainerResources, updateSandboxResources } from './update-resources.ts'

describe('what is refused', () => {
  let machine: FakeMachine
  const make = (name = 'c', more: ContainerConfig = {}) => makeContainer(machine.runtime, name, more)
  const record = (id: string): ContainerRecord => machine.runtime.containerRecords.get(id) ?? assert.fail('no record')

  beforeEach(async () => {
    machine = await fakeMachine()
    machine.sandboxes.configureNetwork()
  })
  afterEach(() => machine.remove())

  test('a sandbox that is being made is nobody’s to list, stop or remove', async () => {
    const { sandbox } = await make()
    const made = machine.runtime.sandboxRecords.get(sandbox) ?? assert.fail()
    const { state: _state, ...half } = made
    machine.runtime.sandboxRecords.save(half)
    assert.deepEqual(madeSandboxes(machine.runtime), [])
    await stopSandbox(machine.runtime, sandbox)
    await removeSandbox(machine.runtime, sandbox)
    assert.ok(machine.runtime.sandboxRecords.get(sandbox), 'who makes it goes on')
    assert.throws(() => createContainer(machine.runtime, { sandboxId: sandbox, config: containerOf('d') }), {
      code: 'missing',
    })
    machine.runtime.sandboxRecords.save(made)
  })

  test('limits that the kernel refuses are the client’s fault, and change nothing', async () => {
    const refusal = (code: string, limit?: LimitName): Error =>
      writeError('file', '99', limit, Object.assign(new Error(code), { code }))
    machine.cgroups.refuse = ({ cpusetCpus }) => (cpusetCpus === '99' ? refusal('EINVAL', 'cpusetCpus') : undefined)
    const wrong = { resources: { cpusetCpus: '99' } }
    await assert.rejects(runSandbox(machine.runtime, { ...webPod, linux: wrong }, ''), {
      code: 'invalid',
      message: /^linux\.resources\.cpuset_cpus: 99: the kernel does not accept/,
    })
    await assert.rejects(make('c', { linux: wrong }), { code: 'invalid' })
    await assert.rejects(make('c', { linux: { resources: { unified: { 'pids.max': 'many' } } } }), {
      code: 'invalid',
      message: /unified\["pids\.max"\]: "many" is no number/,
    })
    const { id } = await make('d')
    const limits = () => machine.cgroups.limits.get(record(id).cgroupPath)
    machine.cgroups.refuse = ({ memoryLimitBytes }) =>
      memoryLimitBytes === 5 ? refusal('EBUSY', 'memoryLimitBytes') : undefined
    await assert.rejects(updateContainerResources(machine.runtime, id, { memoryLimitInBytes: 5, cpuShares: 7 }), {
      code: 'state',
    })
    assert.equal(record(id).config.linux?.resources?.cpuShares, 512)
    assert.deepEqual(limits(), { cpuShares: 512, memoryLimitBytes: -1 })
    await updateContainerResources(machine.runtime, id, { memoryLimitInBytes: 6 })
    assert.deepEqual(limits(), { cpuShares: 512, memoryLimitBytes: 6 })
    machine.cgroups.refuse = () => refusal('EROFS')
    await assert.rejects(make('e'), { code: 'failed' })
  })

  test('the limits of a pod’s cgroup that its client has made are the client’s', async () => {
    machine.cgroups.others.add('tessera/burstable/podu1')
    const { sandbox } = await make()
    const made = () => machine.runtime.sandboxRecords.get(sandbox) ?? assert.fail()
    const limits = () => machine.cgroups.limits.get('tessera/burstable/podu1')
    assert.deepEqual(limits(), {})
    updateSandboxResources(machine.runtime, made(), { resources: { cpuShares: 9 }, overhead: { cpuQuota: 3 } })
    assert.deepEqual(limits(), {})
    assert.deepEqual(made().config.linux?.resources, { memoryLimitInBytes: 1000, cpuShares: 9, unified: {} })
    assert.deepEqual(made().config.linux?.overhead, { cpuQuota: 3, unified: {} })
    machine.cgroups.others.clear()
    updateSandboxResources(machine.runtime, made(), { resources: { cpuShares: 8 }, overhead: undefined })
    assert.deepEqual(limits(), { memoryLimitBytes: 1000, cpuShares: 8 })
  })

  test('a host path that cannot be made is the client’s fault', async () => {
    const hostPath = path.join(machine.folder, 'file', 'below')
    writeFileSync(path.dirname(hostPath), '')
    await assert.rejects(make('c', { mounts: [{ containerPath: '/m', hostPath }] }), {
      code: 'invalid',
      message: /^container c: mounts: the host path of \/m: ENOTDIR/,
    })
    assert.equal(machine.runtime.containerRecords.list().length, 0)
  })

  test('a log that cannot be opened is told like a program that cannot be started', async () => {
    const file = path.join(machine.folder, 'file')
    writeFileSync(file, '')
    const { id: sandboxId } = await runSandbox(machine.runtime, { ...webPod, logDirectory: file }, '')
    const { id } = createContainer(machine.runtime, { sandboxId, config: containerOf('c', { logPath: 'c/0.log' }) })
    await assert.rejects(startContainer(machine.runtime, id), { code: 'failed', message: /ENOTDIR/ })
    assert.equal(record(id).exit?.reason, 'StartError')
    assert.equal(machine.launcher.plans.length, 0)
  })
})
