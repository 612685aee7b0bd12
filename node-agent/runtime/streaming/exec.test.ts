import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { createContainer } from '../lifecycle/create-container.ts'
import { runSandbox } from '../lifecycle/run-sandbox.ts'
import { startContainer } from '../lifecycle/start-container.ts'
import { type FakeMachine, fakeMachine } from '../lifecycle/testing.ts'
import { startExec } from './exec.ts'

describe('a command in a container', () => {
  let machine: FakeMachine

  beforeEach(async () => {
    machine = await fakeMachine()
    machine.sandboxes.configureNetwork()
  })
  afterEach(() => machine.remove())

  test('runs as whoever the container became, with its groups, limits and restrictions', async () => {
    const { runtime, launcher } = machine
    const sandbox = await runSandbox(runtime, { metadata: { name: 'web', namespace: 'default', uid: 'u1' } }, '')
    const { id } = createContainer(runtime, {
      sandboxId: sandbox.id,
      config: {
        metadata: { name: 'c' },
        image: { image: 'demo:1' },
        workingDir: '/srv',
        linux: {
          resources: { oomScoreAdj: 900 },
          securityContext: { runAsUsername: 'web', noNewPrivs: true, seccomp: {} },
        },
      },
    })
    launcher.user = { uid: 1000, gid: 1001, supplementaryGroups: [1001, 50] }
    await startContainer(runtime, id)
    const command = await startExec(runtime, { containerId: id, command: ['id'], stdin: false })
    const steps = launcher.plans.at(-1)?.steps ?? []
    assert.deepEqual(
      steps.find(step => step.do === 'resolveUser'),
      { do: 'resolveUser', user: { user: '1000:1001', supplementaryGroups: [1001, 50], mergeImageGroups: false } },
    )
    assert.deepEqual(
      steps.flatMap(step => (step.do === 'setOomScoreAdj' ? [step.value] : [])),
      [900],
    )
    assert.deepEqual(
      steps.flatMap(step => (step.do === 'execute' ? [step.argv, step.workingDirectory] : [])),
      [['id'], '/srv'],
    )
    const names = steps.map(step => step.do)
    assert.ok(names.includes('setNoNewPrivileges') && names.includes('setSeccomp'))
    command.kill()
  })
})
