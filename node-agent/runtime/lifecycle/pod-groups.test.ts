import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { PodSandboxConfig } from '../../../proto/gen/cri.ts'
import { runSandbox } from './run-sandbox.ts'
import { removeSandbox, stopSandbox } from './stop.ts'
import { type FakeMachine, fakeMachine } from './testing.ts'
import { updateSandboxResources } from './update-resources.ts'

describe('groups of pods', () => {
  let machine: FakeMachine
  beforeEach(async () => {
    machine = await fakeMachine()
    machine.sandboxes.configureNetwork()
  })
  afterEach(() => machine.remove())

  const pod = (uid: string, group: string, cpuShares: number, attempt = 0): PodSandboxConfig => ({
    metadata: { name: uid, namespace: 'default', uid, attempt },
    linux: { cgroupParent: `/tessera${group}/pod${uid}`, resources: { cpuShares } },
  })
  const run = async (...asked: Parameters<typeof pod>): Promise<string> =>
    (await runSandbox(machine.runtime, pod(...asked), '')).id
  const shares = (group: string) => machine.cgroups.limits.get(`tessera/${group}`)?.cpuShares

  test('weigh what their pods that run ask for together', async () => {
    const first = await run('a', '/burstable', 512)
    assert.equal(shares('burstable'), 512)
    await run('b', '/burstable', 256)
    await run('c', '/burstable', 2)
    assert.equal(shares('burstable'), 768)
    await stopSandbox(machine.runtime, first)
    assert.equal(shares('burstable'), 256)
    await run('a', '/burstable', 512, 1)
    assert.equal(shares('burstable'), 768, 'its next sandbox is the same pod')
    await removeSandbox(machine.runtime, first)
    assert.equal(shares('burstable'), 768)
  })

  test('of pods that ask for nothing weigh the least, however many', async () => {
    for (const uid of ['a', 'b', 'c']) await run(uid, '/besteffort', 2)
    assert.equal(shares('besteffort'), 2)
  })

  test('follow a pod that is given other resources, and count its overhead', async () => {
    const id = await run('a', '/burstable', 512)
    const record = machine.runtime.sandboxRecords.get(id) ?? assert.fail('no record')
    const given = { resources: { cpuShares: 1024 }, overhead: { cpuShares: 100 } }
    updateSandboxResources(machine.runtime, record, given)
    assert.equal(shares('burstable'), 1124)
  })

  test('are left alone where the client made them', async () => {
    machine.cgroups.others.add('tessera/burstable')
    await run('a', '/burstable', 512)
    assert.equal(shares('burstable'), undefined)
  })

  test('are none of pods in the root itself', async () => {
    await run('a', '', 1024)
    assert.deepEqual([...machine.cgroups.limits.keys()], ['tessera/poda'])
  })
})
