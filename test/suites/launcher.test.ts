import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { buildContainerPlan } from '../../node-agent/runtime/container/build-plan.ts'
import { openExecStreams } from '../../node-agent/runtime/launcher/terminal.ts'
import { LauncherFixture } from './launcher-harness.ts'

const fixture = new LauncherFixture()
before(() => fixture.open())
after(() => fixture.close())

describe('a container', () => {
  it('runs', async () => {
    const streams = openExecStreams({ stdin: false })
    const spec = fixture.spec(['sh', '-c', 'id; pwd; ls /; mount; ls -l /dev /proc/self/fd; env; ps'], {
      stdio: { kind: 'streams', ...streams.sources },
    })
    const out = text(streams.stdout)
    const err = text(streams.stderr)
    try {
      console.log(JSON.stringify(await fixture.launcher.start(buildContainerPlan(spec))))
    } catch (e) {
      console.log(fixture.logText())
      throw e
    } finally {
      streams.started()
    }
    console.log(await out, await err)
    const exit = await fixture.exitOf(spec.id)
    assert.equal(exit.exitCode, 0)
  })
})
