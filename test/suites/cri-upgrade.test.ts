// A runtime of another build than the launcher that still runs, as an upgrade by hand leaves it.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { ContainerState } from '../../proto/gen/cri.ts'
import { eventually } from './launcher-harness.ts'
import { nothing, RuntimeFixture } from './runtime-harness.ts'

const forever = 'i=0; while true; do echo $i; i=$((i+1)); sleep 0.05; done'
const ours = /(launcherProtocol = )(\d+)/

describe('a runtime that meets another build’s launcher', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  let built = ''
  before(async () => {
    assert.equal(process.getuid?.(), 0, 'containers need root')
    fixture = await new RuntimeFixture().open()
    built = readFileSync(fixture.program, 'utf8')
    assert.match(built, ours)
  })
  after(async () => {
    assert.deepEqual(await fixture.close(), nothing)
  })

  /** The runtime ends; one that speaks a protocol so many numbers later takes its place, the launcher running on. */
  const upgrade = async (by: number): Promise<void> => {
    await fixture.kill()
    const changed = built.replace(ours, (_all, name: string, number: string) => `${name}${Number(number) + by}`)
    writeFileSync(fixture.program, changed)
    await fixture.start()
  }
  const condition = async () =>
    (await fixture.client.status({})).status?.conditions?.find(({ type }) => type === 'RuntimeReady')

  for (const [what, by] of [
    ['newer', 1],
    ['older', -1],
  ] as const) {
    it(`and is ${what}: looks after what runs, starts nothing, and says what to do`, async () => {
      const pod = await fixture.runPod()
      const [kept, stopped] = [
        await fixture.runContainer(pod, 'kept', forever),
        await fixture.runContainer(pod, 'stopped', forever),
      ]
      const waiting = await fixture.createContainer(pod, 'waiting', forever)
      await upgrade(by)
      const { status, reason, message = '' } = (await condition()) ?? {}
      assert.deepEqual([status, reason], [false, 'LauncherMismatch'])
      assert.match(message, by > 0 ? /is of an older build/ : /is of a newer build/)
      assert.match(message, /run the runtime that it came with, or stop .* --cleanup/)
      const refusal = { code: 'UNAVAILABLE', message: /of an? (older|newer) build/ }
      await assert.rejects(fixture.runPod(), refusal)
      await assert.rejects(fixture.client.startContainer({ containerId: waiting }), refusal)
      await assert.rejects(fixture.sh(kept, 'true'), refusal)
      await fixture.client.stopContainer({ containerId: stopped, timeout: 0 })
      assert.equal((await fixture.status(stopped)).exitCode, 137)
      const lines = (await fixture.log(kept)).length
      await eventually('its log goes on', async () => (await fixture.log(kept)).length > lines)
      await upgrade(0)
      assert.equal((await condition())?.status, true)
      assert.equal((await fixture.status(kept)).state, ContainerState.CONTAINER_RUNNING)
      await fixture.client.startContainer({ containerId: waiting })
      await fixture.client.removePodSandbox({ podSandboxId: pod })
    })
  }

  it('can be cleaned up after by it', async () => {
    await fixture.runContainer(await fixture.runPod(), 'left', forever)
    await upgrade(1)
  })
})
