// Containers as clients of CRI see them: their life, commands, logs, volumes and stats.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ContainerState, RuntimeService } from '../../proto/gen/cri.ts'
import { KubeletClient } from './kubelet-client.ts'
import { eventually } from './launcher-harness.ts'
import { forever, nothing, RuntimeFixture } from './runtime-harness.ts'

describe('containers', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  let pod: string
  let logDirectory: string

  before(async () => {
    fixture = await new RuntimeFixture().open()
    logDirectory = path.join(fixture.folder, 'logs', 'containers')
    pod = await fixture.runBarePod('create-PodSandbox-for-container', { logDirectory })
  })
  after(async () => {
    await fixture.client.removePodSandbox({ podSandboxId: pod })
    assert.deepEqual(fixture.said, [])
    assert.deepEqual(await fixture.close(), nothing)
  })

  const run: RuntimeFixture['runBareContainer'] = (...args) => fixture.runBareContainer(...args)
  const list = async (filter: object) => (await fixture.client.listContainers({ filter })).containers ?? []
  const stateOf = async (id: string) => (await fixture.status(id)).state

  describe('in each state', () => {
    const made: Record<'created' | 'running' | 'stopped', () => Promise<string>> = {
      created: () => fixture.createContainer(pod, `c-${randomUUID()}`, forever),
      running: () => run(pod, ['sh', '-c', forever]),
      stopped: async () => {
        const id = await run(pod, ['sh', '-c', forever])
        await fixture.client.stopContainer({ containerId: id, timeout: 60 })
        assert.equal(await stateOf(id), ContainerState.CONTAINER_EXITED)
        return id
      },
    }
    for (const [name, make] of Object.entries(made)) {
      it(`${name}: are stopped and removed, and once more without error`, async () => {
        const containerId = await make()
        assert.deepEqual(
          (await list({ id: containerId })).map(({ id }) => id),
          [containerId],
        )
        for (let times = 0; times < 2; times++) await fixture.client.stopContainer({ containerId, timeout: 60 })
        for (let times = 0; times < 2; times++) await fixture.client.removeContainer({ containerId })
        assert.deepEqual(await list({ id: containerId }), [])
        await assert.rejects(fixture.status(containerId), { code: 'NOT_FOUND' })
      })
    }
  })

  it('nobody has made are stopped and removed without error, but have no status, stats or commands', async () => {
    const id = randomUUID()
    const { client } = fixture
    await client.stopContainer({ containerId: id, timeout: 0 })
    await client.removeContainer({ containerId: id })
    await client.stopPodSandbox({ podSandboxId: id })
    await client.removePodSandbox({ podSandboxId: id })
    const missing: Promise<unknown>[] = [
      client.containerStatus({ containerId: id }),
      client.containerStats({ containerId: id }),
      client.podSandboxStatus({ podSandboxId: id }),
      client.podSandboxStats({ podSandboxId: id }),
      client.startContainer({ containerId: id }),
      client.updateContainerResources({ containerId: id, linux: {} }),
      client.updatePodSandboxResources({ podSandboxId: id, resources: {} }),
      client.reopenContainerLog({ containerId: id }),
      client.execSync({ containerId: id, cmd: ['true'] }),
      client.createContainer({ podSandboxId: id, config: { metadata: { name: 'c' } } }),
    ]
    for (const call of missing) await assert.rejects(call, { code: 'NOT_FOUND' })
  })

  describe('run commands', () => {
    let id: string
    before(async () => {
      id = await run(pod, ['top'])
    })

    it('whose output is theirs, to the byte', async () => {
      assert.deepEqual(await fixture.exec(id, 'echo', '-n', 'hello'), { stdout: 'hello', stderr: '', exitCode: 0 })
    })

    it('that are gone when they took too long', async () => {
      const late = fixture.client.execSync({ containerId: id, cmd: ['sleep', '4321'], timeout: 1 })
      await assert.rejects(late, { code: 'DEADLINE_EXCEEDED' })
      assert.equal((await fixture.sh(id, 'pidof sleep || true')).stdout, '')
    })

    it('none, where none is named or none runs', async () => {
      await assert.rejects(fixture.client.execSync({ containerId: id, cmd: [] }), { code: 'INVALID_ARGUMENT' })
      const created = await fixture.createContainer(pod, `c-${randomUUID()}`, forever)
      const early = fixture.client.execSync({ containerId: created, cmd: ['true'] })
      await assert.rejects(early, { code: 'FAILED_PRECONDITION', message: /is not running/ })
    })
  })

  describe('log', () => {
    it('what they say in CRI’s format', async () => {
      const id = await run(pod, ['echo', 'hello World'], { logPath: 'said.log' })
      await fixture.ended(id)
      const line = readFileSync(path.join(logDirectory, 'said.log'), 'utf8')
      assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z stdout F hello World\n$/)
    })

    it('to a new file once the old one was moved away, and only there', async () => {
      const id = await run(pod, ['sh', '-c', 'while true; do echo again; sleep 0.01; done'], { logPath: 'long.log' })
      const file = path.join(logDirectory, 'long.log')
      await eventually('it is logged', () => existsSync(file) && readFileSync(file).length > 0)
      renameSync(file, `${file}.old`)
      await fixture.client.reopenContainerLog({ containerId: id })
      assert.ok(existsSync(file))
      const length = readFileSync(`${file}.old`).length
      await eventually('the new one is written', () => readFileSync(file).length > 0)
      assert.equal(readFileSync(`${file}.old`).length, length)
      await fixture.client.stopContainer({ containerId: id, timeout: 0 })
      await assert.rejects(fixture.client.reopenContainerLog({ containerId: id }), { code: 'FAILED_PRECONDITION' })
    })
  })

  describe('mount', () => {
    let host: string
    beforeEach(() => {
      host = path.join(fixture.folder, randomUUID())
      mkdirSync(host)
      writeFileSync(path.join(host, 'testVolume.file'), '')
    })

    it('folders of the host, and what a symbolic link leads to', async () => {
      const link = `${host}-symlink`
      symlinkSync(host, link)
      for (const hostPath of [host, link]) {
        const mounts = [{ hostPath, containerPath: hostPath, selinuxRelabel: true }]
        const id = await run(pod, ['top'], { mounts })
        assert.equal((await fixture.exec(id, 'ls', '-A', hostPath)).stdout, 'testVolume.file\n')
        const [told] = (await fixture.status(id)).mounts ?? []
        assert.deepEqual([told?.hostPath, told?.containerPath, told?.readonly], [hostPath, hostPath, false])
      }
    })

    it('nothing that cannot be, and say what', async () => {
      const wrong: [object, RegExp][] = [
        [{ hostPath: 'relative', containerPath: '/m' }, /^mounts\[0\]\.host_path: "relative" is not absolute/],
        [{ hostPath: host, containerPath: '' }, /^mounts\[0\]\.container_path: is empty/],
        [{ hostPath: host, containerPath: '/' }, /container_path: a mount cannot take the place of the root/],
        [{ hostPath: path.join(host, 'testVolume.file', 'x'), containerPath: '/m' }, /host path of \/m: ENOTDIR/],
        [{ hostPath: host, containerPath: '/m', recursiveReadOnly: true }, /recursive_read_only: needs readonly/],
      ]
      for (const [mount, message] of wrong) {
        await assert.rejects(run(pod, ['top'], { mounts: [mount] }), { code: 'INVALID_ARGUMENT', message })
      }
    })
  })

  it('that outgrow their memory end with 137, OOMKilled', async () => {
    const resources = { memoryLimitInBytes: 15 << 20, memorySwapLimitInBytes: 15 << 20 }
    const id = await run(pod, ['sh', '-c', 'dd if=/dev/zero of=/dev/null bs=20M'], { linux: { resources } })
    const { exitCode, reason } = await fixture.ended(id)
    assert.deepEqual([exitCode, reason], [137, 'OOMKilled'])
  })

  it('have stats while they run', async () => {
    using kubelet = new KubeletClient(fixture.socket)
    const labels = { foo: randomUUID() }
    const id = await run(pod, ['top'], { labels })
    const { stats } = await kubelet.call(RuntimeService.ContainerStats, { containerId: id })
    assert.equal(stats?.attributes?.id, id)
    assert.match(stats.attributes.metadata?.name ?? '', /^c-/)
    const { cpu, memory, writableLayer } = stats
    for (const timestamp of [cpu, memory, writableLayer].map(usage => usage?.timestamp ?? 0)) {
      assert.ok(Math.abs(timestamp / 1e6 - Date.now()) < 60_000)
    }
    assert.ok((memory?.workingSetBytes?.value ?? 0) > 0)
    assert.ok((writableLayer?.fsId?.mountpoint ?? '') !== '')
    const found = async (filter: object): Promise<boolean> => {
      const { stats: all = [] } = await kubelet.call(RuntimeService.ListContainerStats, filter)
      return all.some(({ attributes }) => attributes?.id === id)
    }
    assert.ok(await found({}))
    assert.ok(await found({ filter: { id } }))
    assert.ok(await found({ filter: { labelSelector: labels } }))
    assert.equal(await found({ filter: { labelSelector: { foo: 'baz' } } }), false)
    const ofPod = (await kubelet.call(RuntimeService.PodSandboxStats, { podSandboxId: pod })).stats
    assert.ok(ofPod?.linux?.containers?.some(({ attributes }) => attributes?.id === id))
    assert.ok((ofPod?.linux?.process?.processCount?.value ?? 0) > 0)
    assert.equal(ofPod?.linux?.network?.defaultInterface?.name, 'eth0')
    await fixture.client.stopContainer({ containerId: id, timeout: 0 })
    assert.equal(await found({}), false)
  })

  it('change their limits all at once or not at all', async () => {
    const id = await run(pod, ['top'], { linux: { resources: { memoryLimitInBytes: 64 << 20 } } })
    const update = (linux: object) => fixture.client.updateContainerResources({ containerId: id, linux })
    await update({ memoryLimitInBytes: 80 << 20, cpuShares: 500 })
    assert.equal(fixture.memoryLimit(id), 80 << 20)
    const wrong = update({ memoryLimitInBytes: 90 << 20, unified: { 'pids.max': '9223372036854775807' } })
    await assert.rejects(wrong, { code: 'INVALID_ARGUMENT' })
    await assert.rejects(update({ memoryLimitInBytes: 90 << 20, cpusetCpus: '9999' }), {
      code: 'INVALID_ARGUMENT',
      message: /^linux\.resources: .*cpuset\.cpus: EINVAL|ERANGE/,
    })
    assert.equal(fixture.memoryLimit(id), 80 << 20)
    const { resources } = await fixture.status(id)
    assert.deepEqual([resources?.linux?.memoryLimitInBytes, resources?.linux?.cpuShares], [80 << 20, 500])
  })
})
