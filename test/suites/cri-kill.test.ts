// kill -9 of the runtime at many points: no container notices, no exit code or log line is lost, nothing leaks.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { RuntimeError } from '../../client/runtime.ts'
import { ContainerState, NamespaceMode } from '../../proto/gen/cri.ts'
import { nothing, RuntimeFixture } from './runtime-harness.ts'

/** What a client may see of a runtime that is killed under it. */
const interruptions = new Set(['UNAVAILABLE', 'CANCELLED', 'INTERNAL', 'UNKNOWN'])

describe('a runtime killed', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  before(async () => {
    assert.equal(process.getuid?.(), 0, 'containers need root')
    fixture = await new RuntimeFixture().open()
  })
  after(async () => {
    assert.deepEqual(await fixture.close(), nothing)
  })

  it('leaves running ones running and finds how the others ended', async () => {
    const pod = await fixture.runPod()
    const steady = await fixture.runContainer(
      pod,
      'steady',
      'i=0; while true; do echo $i; i=$((i+1)); sleep 0.002; done',
    )
    const before = await fixture.client.containerStatus({ containerId: steady, verbose: true })
    const endings: { readonly id: string; readonly code: number }[] = []
    const lifetimes = [0, 0.02, 0.05, 0.1, 0.2, 0.4]
    for (let round = 0; round < 10; round++) {
      for (const [index, seconds] of lifetimes.entries()) {
        const code = 10 + index
        const name = `ends-${round}-${index}`
        const id = await fixture.runContainer(pod, name, `sleep ${seconds}; echo last words; exit ${code}`)
        endings.push({ id, code })
      }
      await delay((round * 37) % 150)
      await fixture.kill()
      await delay((round * 53) % 120)
      await fixture.start()
    }
    for (const { id, code } of endings) {
      const { exitCode, reason } = await fixture.ended(id)
      assert.deepEqual([exitCode, reason], [code, 'Error'])
      assert.deepEqual(
        (await fixture.log(id)).map(({ text }) => text),
        ['last words'],
      )
    }
    const now = await fixture.client.containerStatus({ containerId: steady, verbose: true })
    assert.equal(now.status?.state, ContainerState.CONTAINER_RUNNING)
    assert.equal(now.status.startedAt, before.status?.startedAt)
    await fixture.client.stopContainer({ containerId: steady, timeout: 0 })
    const numbers = (await fixture.log(steady)).map(({ text }) => Number(text))
    assert.ok(numbers.length > 200)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    )
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  it('in the middle of making and removing pods leaks nothing', async () => {
    for (let round = 0; round < 15; round++) {
      const churn = Array.from({ length: 4 }, (_, index) =>
        interruptible(() => makeAndRemove(fixture, index % 2 === 0 ? NamespaceMode.POD : NamespaceMode.CONTAINER)),
      )
      await delay(5 + ((round * 29) % 110))
      await fixture.kill()
      await Promise.all(churn)
      await fixture.start()
      // Whatever is on record can be used: what runs has its namespaces, what does not can be removed.
      const { containers = [] } = await fixture.client.listContainers({
        filter: { state: { state: ContainerState.CONTAINER_RUNNING } },
      })
      for (const { id = '' } of containers) assert.equal((await fixture.sh(id, 'echo ok')).stdout, 'ok\n')
    }
    const { items = [] } = await fixture.client.listPodSandbox({})
    await Promise.all(items.map(({ id = '' }) => fixture.client.removePodSandbox({ podSandboxId: id })))
    assert.deepEqual((await fixture.client.listContainers({})).containers ?? [], [])
    await fixture.restart()
    // What the kernel takes apart in the background may take a moment.
    for (let tries = 0; tries < 100 && !isDeepStrictEqual(fixture.kernel(), nothing); tries++) await delay(20)
    assert.deepEqual(fixture.kernel(), nothing)
  })
})

/** @param pid whose PID namespace: with POD there is an init to make and end too */
async function makeAndRemove(fixture: RuntimeFixture, pid: NamespaceMode): Promise<void> {
  const linux = { securityContext: { namespaceOptions: { pid } } }
  const podSandboxId = await fixture.runPod({ linux })
  const id = await fixture.runContainer(podSandboxId, 'c', 'while true; do sleep 0.05; done', { linux })
  await fixture.client.stopContainer({ containerId: id, timeout: 0 })
  await fixture.client.removeContainer({ containerId: id })
  await fixture.client.removePodSandbox({ podSandboxId })
}

/** Runs again and again until the runtime goes away. */
async function interruptible(action: () => Promise<void>): Promise<void> {
  try {
    for (;;) await action()
  } catch (error) {
    assert.ok(error instanceof RuntimeError && interruptions.has(error.code), String(error))
  }
}
