import assert from 'node:assert/strict'
import { afterEach, describe, mock, test } from 'node:test'
import { askToStop } from './ask-to-stop.ts'
import { createContainer } from './create-container.ts'
import { runSandbox } from './run-sandbox.ts'
import { startContainer } from './start-container.ts'
import { stopContainer } from './stop.ts'
import { type FakeMachine, fakeMachine } from './testing.ts'

describe('a container that is asked to stop', () => {
  let machine: FakeMachine
  afterEach(() => machine.remove())

  const running = async (pid: 'new' | 'host') => {
    machine = await fakeMachine()
    const { runtime } = machine
    machine.sandboxes.configureNetwork()
    const sandbox = await runSandbox(runtime, { metadata: { name: 'web', namespace: 'default', uid: 'u1' } }, '')
    const { id } = createContainer(runtime, {
      sandboxId: sandbox.id,
      config: {
        metadata: { name: 'c' },
        image: { image: 'demo:1' },
        linux: { securityContext: { namespaceOptions: { pid: pid === 'new' ? 1 : 2 } } },
      },
    })
    await startContainer(runtime, id)
    runtime.launcher.onExit(exit => runtime.exits.announce(exit))
    return { id, stop: (graceMs: number) => stopContainer(runtime, id, graceMs) }
  }

  /** In steps: a timer that another one sets is due in a later one. */
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 10) mock.timers.tick(10)
  }

  test('is sent its signal once, as soon as it will be heard', async () => {
    const { id, stop } = await running('new')
    let looks = 0
    machine.hears = (pid, signal) => {
      assert.deepEqual([pid, signal], [1000, 15])
      looks++
      return looks > 3
    }
    await stop(60_000)
    assert.deepEqual([looks, machine.launcher.signals], [4, [[id, 15]]])
  })

  test('is looked at less and less often while it does not hear, and no longer than somebody waits for it', async () => {
    const { id } = await running('new')
    let looks = 0
    machine.hears = () => {
      looks++
      return false
    }
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const asking = await askToStop(
        machine.runtime,
        machine.runtime.containerRecords.get(id) ?? assert.fail('no record'),
      )
      pass(30_000)
      assert.ok(looks > 10 && looks < 50, `${looks} looks`)
      const before = looks
      asking[Symbol.dispose]()
      pass(30_000)
      assert.equal(looks, before)
    } finally {
      mock.timers.reset()
    }
    assert.deepEqual(machine.launcher.signals, [])
  })

  test('is killed after its grace when it never hears', async () => {
    const { id, stop } = await running('new')
    machine.hears = () => false
    await stop(30)
    assert.deepEqual(machine.launcher.signals, [[id, 9]])
  })

  test('is sent it at once where it is not process 1 of a namespace', async () => {
    const { id, stop } = await running('host')
    machine.hears = () => assert.fail('nobody needs to know')
    await stop(60_000)
    assert.deepEqual(machine.launcher.signals, [[id, 15]])
  })
})
