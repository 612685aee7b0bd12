// Pods whose containers see each other's processes: a PID namespace with an init of its own, over the runtime's socket.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ContainerEventType, ContainerState, NamespaceMode, PodSandboxState } from '../../proto/gen/cri.ts'
import { eventually } from './launcher-harness.ts'
import { forever, nothing, RuntimeFixture } from './runtime-harness.ts'

const shared = { securityContext: { namespaceOptions: { pid: NamespaceMode.POD } } }
const isolated = { securityContext: { namespaceOptions: { pid: NamespaceMode.CONTAINER } } }

describe('a pod that shares its PID namespace', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  before(async () => {
    assert.equal(process.getuid?.(), 0, 'containers need root')
    fixture = await new RuntimeFixture().open()
  })
  after(async () => {
    assert.deepEqual(await fixture.close(), nothing)
  })

  const runPod = () => fixture.runPod({ linux: shared })
  const run = (pod: string, name: string, script = forever, attempt = 0) =>
    fixture.runContainer(pod, name, `${script} # ${name}`, { linux: shared, metadata: { name, attempt } })
  const remove = (podSandboxId: string) => fixture.client.removePodSandbox({ podSandboxId })
  const stateOf = async (podSandboxId: string) =>
    (await fixture.client.podSandboxStatus({ podSandboxId })).status?.state
  const isRunning = async (id: string) => (await fixture.status(id)).state === ContainerState.CONTAINER_RUNNING
  const launcherPid = async (): Promise<number> => {
    const { info } = await fixture.client.status({ verbose: true })
    return (JSON.parse(info?.['launcher'] ?? '{}') as { readonly pid: number }).pid
  }
  /** The init's number on the host. */
  const initOf = async (podSandboxId: string): Promise<number> => {
    const { info } = await fixture.client.podSandboxStatus({ podSandboxId, verbose: true })
    const { pid } = JSON.parse(info?.['info'] ?? '{}') as { readonly pid?: number }
    return pid || assert.fail('the sandbox has no init')
  }

  it('shows each container the other one’s processes, under an init that is neither’s', async () => {
    const pod = await runPod()
    await run(pod, 'first')
    const second = await run(pod, 'second')
    assert.match((await fixture.sh(second, 'ps')).stdout, /^ +1 .*\/pause\n[^]*# first[^]*# second/m)
    await remove(pod)
  })

  it('goes on when its first container ends, which can start again', async () => {
    const pod = await runPod()
    const first = await run(pod, 'first')
    const second = await run(pod, 'second')
    await fixture.client.stopContainer({ containerId: first, timeout: 0 })
    assert.equal((await fixture.status(first)).exitCode, 137)
    await delay(50)
    assert.ok(await isRunning(second), 'the second container runs on')
    const again = await run(pod, 'first', forever, 1)
    assert.match((await fixture.sh(again, 'ps')).stdout, /# second/)
    assert.match((await fixture.sh(second, 'ps')).stdout, /# first/)
    assert.equal(await stateOf(pod), PodSandboxState.SANDBOX_READY)
    await remove(pod)
  })

  it('ends with a container what that one has left behind, and nothing else', async () => {
    const pod = await runPod()
    const first = await run(pod, 'first', 'sleep 1001 & exit 4')
    const second = await run(pod, 'second')
    assert.equal((await fixture.ended(first)).exitCode, 4)
    assert.doesNotMatch((await fixture.sh(second, 'ps')).stdout, /sleep 1001/)
    await remove(pod)
  })

  it('leaves no zombie of processes that lost their parent', async () => {
    const pod = await runPod()
    const id = await run(pod, 'only')
    // Each subshell ends before its child, which so becomes the init's.
    await fixture.sh(id, 'for i in 1 2 3 4 5; do (sleep 0.1 & ); done')
    await delay(300)
    const { stdout } = await fixture.sh(id, 'grep -h -E "^(Name|State)" /proc/[0-9]*/status')
    assert.doesNotMatch(stdout, /State:\tZ/)
    await remove(pod)
  })

  it('has an init that can do nothing, see nothing, and not be ended from inside', async () => {
    const pod = await runPod()
    const id = await run(pod, 'only')
    const init = await initOf(pod)
    const status = readFileSync(`/proc/${init}/status`, 'utf8')
    for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) assert.match(status, new RegExp(`^Cap${set}:\t0+$`, 'm'))
    assert.match(status, /^NoNewPrivs:\t1$/m)
    assert.match(status, /^Seccomp:\t2$/m)
    assert.match(status, /^Uid:\t65535\t65535\t65535\t65535$/m)
    // root owns what proc shows of a process that is not dumpable, whoever runs it (proc(5)).
    assert.equal(statSync(`/proc/${init}/status`).uid, 0)
    assert.deepEqual(readdirSync(`/proc/${init}/fd`), [])
    assert.deepEqual(readdirSync(`/proc/${init}/root`), ['pause'])
    assert.equal(readFileSync(`/proc/${init}/mountinfo`, 'utf8').trim().split('\n').length, 1)
    const container = JSON.parse(
      (await fixture.client.containerStatus({ containerId: id, verbose: true })).info?.['info'] ?? '{}',
    ) as { readonly pid: number }
    for (const kind of ['net', 'ipc', 'uts', 'pid'])
      assert.equal(readlinkSync(`/proc/${init}/ns/${kind}`), readlinkSync(`/proc/${container.pid}/ns/${kind}`))
    for (const kind of ['net', 'ipc', 'uts', 'pid', 'mnt', 'cgroup'])
      assert.notEqual(readlinkSync(`/proc/${init}/ns/${kind}`), readlinkSync(`/proc/self/ns/${kind}`))
    await fixture.sh(id, 'for signal in TERM INT HUP QUIT KILL; do kill -$signal 1; done')
    assert.notEqual((await fixture.sh(id, 'ls /proc/1/root/')).exitCode, 0)
    assert.ok(await isRunning(id))
    assert.equal(await initOf(pod), init)
    await remove(pod)
  })

  it('is not ready any more when its init is killed, says so, and another sandbox takes its place', async () => {
    const pod = await runPod()
    const first = await run(pod, 'first')
    const controller = new AbortController()
    const events = await fixture.client.containerEvents(controller.signal)
    const told = (async () => {
      for await (const { containerId, containerEventType, podSandboxStatus } of events)
        if (containerId === pod) return [containerEventType, podSandboxStatus?.state]
      return []
    })()
    process.kill(await initOf(pod), 'SIGKILL')
    assert.deepEqual(await told, [ContainerEventType.CONTAINER_STOPPED_EVENT, PodSandboxState.SANDBOX_NOTREADY])
    controller.abort()
    assert.equal((await fixture.ended(first)).exitCode, 137)
    assert.equal(await stateOf(pod), PodSandboxState.SANDBOX_NOTREADY)
    await assert.rejects(run(pod, 'late'), /not ready/)
    const next = await runPod()
    await run(next, 'first')
    await remove(pod)
    await remove(next)
  })

  it('survives a runtime that is killed; an init that dies meanwhile is noticed', async () => {
    const [kept, lost] = [await runPod(), await runPod()]
    const id = await run(kept, 'first')
    const [init, doomed] = [await initOf(kept), await initOf(lost)]
    await fixture.kill()
    process.kill(doomed, 'SIGKILL')
    await fixture.start()
    assert.equal(await stateOf(lost), PodSandboxState.SANDBOX_NOTREADY)
    assert.equal(await stateOf(kept), PodSandboxState.SANDBOX_READY)
    assert.equal(await initOf(kept), init)
    await fixture.client.stopContainer({ containerId: id, timeout: 0 })
    const again = await run(kept, 'first', forever, 1)
    assert.match((await fixture.sh(again, 'ps')).stdout, /^ +1 .*\/pause/m)
    await remove(kept)
    await remove(lost)
  })

  it('survives a launcher that is killed, and the new one still sees its init end', async () => {
    const pod = await runPod()
    const id = await run(pod, 'first')
    const init = await initOf(pod)
    const launcher = await launcherPid()
    process.kill(launcher, 'SIGKILL')
    // Calls that meet the broken connection are refused, to be tried again.
    await eventually('another launcher is there', async () => {
      return (await launcherPid().catch(() => launcher)) !== launcher
    })
    await fixture.client.stopContainer({ containerId: id, timeout: 0 })
    const again = await run(pod, 'first', forever, 1)
    assert.match((await fixture.sh(again, 'ps')).stdout, /^ +1 .*\/pause/m)
    process.kill(init, 'SIGKILL')
    await eventually('the sandbox is not ready', async () => (await stateOf(pod)) === PodSandboxState.SANDBOX_NOTREADY)
    assert.notEqual((await fixture.ended(again)).exitCode, 0)
    await remove(pod)
  })

  it('is refused to a container whose sandbox was not made for it', async () => {
    const pod = await fixture.runPod({ linux: isolated })
    await assert.rejects(run(pod, 'odd'), { code: 'INVALID_ARGUMENT', message: /namespace_options\.pid: POD/ })
    await remove(pod)
  })

  it('is not needed to look into one container: namespace mode TARGET', async () => {
    const pod = await fixture.runPod({ linux: isolated })
    const target = await fixture.runContainer(pod, 'target', `${forever} # target`, { linux: isolated })
    const debug = (targetId: string) => ({
      linux: { securityContext: { namespaceOptions: { pid: NamespaceMode.TARGET, targetId } } },
    })
    const debugger_ = await fixture.runContainer(pod, 'debugger', `${forever} # debugger`, debug(target))
    assert.match((await fixture.sh(debugger_, 'ps')).stdout, /^ +1 .*# target\n[^]*# debugger/m)
    await fixture.client.stopContainer({ containerId: debugger_, timeout: 0 })
    assert.ok(await isRunning(target))
    const other = await fixture.runPod({ linux: isolated })
    await assert.rejects(fixture.runContainer(other, 'stranger', forever, debug(target)), { code: 'INVALID_ARGUMENT' })
    await fixture.client.stopContainer({ containerId: target, timeout: 0 })
    await assert.rejects(fixture.runContainer(pod, 'late', forever, debug(target)), { code: 'INVALID_ARGUMENT' })
    await remove(pod)
    await remove(other)
  })

  it('leaves nothing', async () => {
    await eventually('nothing is left', () => {
      const { processes, cgroups, mounts } = fixture.kernel()
      return processes === 0 && cgroups.length === 0 && mounts === 0
    })
  })
})
