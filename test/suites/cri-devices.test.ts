// Devices of the machine in containers, as their nodes and as their device cgroup have it.
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { nothing, RuntimeFixture } from './runtime-harness.ts'

const forever = 'while true; do sleep 1000; done'

describe('devices', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  before(async () => {
    assert.equal(process.getuid?.(), 0, 'containers need root')
    fixture = await new RuntimeFixture().open()
  })
  after(async () => {
    assert.deepEqual(await fixture.close(), nothing)
  })

  it('are all of the machine’s in a privileged container', async () => {
    const pod = await fixture.runPod({ linux: { securityContext: { privileged: true } } })
    const id = await fixture.runContainer(pod, 'c', forever, { linux: { securityContext: { privileged: true } } })
    const { stdout } = await fixture.sh(id, 'stat -c "%t:%T %a" /dev/kmsg; ls -l /dev/ptmx; ls /dev/pts')
    assert.match(stdout, new RegExp(`^1:b ${(statSync('/dev/kmsg').mode & 0o777).toString(8)}\n`))
    assert.match(stdout, /ptmx -> pts\/ptmx\nptmx\n$/)
    assert.equal((await fixture.sh(id, ': < /dev/kmsg')).exitCode, 0)
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  it('are in another container those it is given, and no others, whatever nodes it makes', async () => {
    const pod = await fixture.runPod()
    const id = await fixture.runContainer(pod, 'c', forever, {
      devices: [{ hostPath: '/dev/kmsg', containerPath: '/dev/given', permissions: 'r' }],
      // The kernel asks for it where dmesg is restricted.
      linux: { securityContext: { capabilities: { addCapabilities: ['SYSLOG'] } } },
    })
    assert.equal((await fixture.sh(id, 'ls /dev/kmsg')).exitCode, 1)
    assert.equal((await fixture.sh(id, ': < /dev/given')).exitCode, 0)
    assert.match((await fixture.sh(id, ': > /dev/given')).stderr, /Operation not permitted/)
    const made = await fixture.sh(id, 'mknod /tmp/loop b 7 0 && : < /tmp/loop')
    assert.match(made.stderr, /Operation not permitted/)
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })
})
