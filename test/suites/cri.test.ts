// The whole runtime over its socket: real containers, real kernel.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type ContainerEventResponse, ContainerState, NamespaceMode, RuntimeService } from '../../proto/gen/cri.ts'
import { KubeletClient } from './kubelet-client.ts'
import { forever, hear, nothing, RuntimeFixture } from './runtime-harness.ts'

const isCgroup = (folder: string): boolean => existsSync(path.join(folder, 'cgroup.procs'))

describe('the runtime', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  before(async () => {
    assert.equal(process.getuid?.(), 0, 'containers need root')
    fixture = await new RuntimeFixture().open()
  })
  after(async () => {
    assert.deepEqual(await fixture.close(), nothing)
  })

  it('runs two containers that share localhost, IPC and a name, and nothing else', async () => {
    const pod = await fixture.runPod()
    const web = await fixture.runContainer(
      pod,
      'web',
      `echo hello > /tmp/index.html; httpd -p 127.0.0.1:8080 -h /tmp; echo shared > /dev/shm/note; ${forever}`,
    )
    const other = await fixture.runContainer(pod, 'other', forever)
    const said = await fixture.sh(
      other,
      'for i in $(seq 50); do wget -q -O - http://127.0.0.1:8080/index.html && break; sleep 0.05; done; cat /dev/shm/note; hostname; ls /tmp; ps | wc -l',
    )
    assert.match(said.stdout, /^hello\nshared\npod-\d+\n[0-9]\n$/, JSON.stringify(said))
    const spaces = async (id: string) =>
      (await fixture.sh(id, 'for n in net ipc uts pid mnt; do readlink /proc/self/ns/$n; done')).stdout
        .trim()
        .split('\n')
    const [one, two] = [await spaces(web), await spaces(other)]
    assert.deepEqual(
      one.map((space, index) => space === two[index]),
      [true, true, true, false, false],
    )
    const { status } = await fixture.client.podSandboxStatus({ podSandboxId: pod })
    assert.match((await fixture.sh(web, 'ip -4 -o addr show eth0')).stdout, new RegExp(status?.network?.ip ?? 'none'))
    assert.equal((await fixture.sh(web, 'cat /etc/resolv.conf')).stdout, 'search test.svc\nnameserver 10.96.0.10\n')
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  it('tells exits: code, reason, times, and the last line of the log before the event', async () => {
    const pod = await fixture.runPod()
    const controller = new AbortController()
    const events = await fixture.client.containerEvents(controller.signal)
    const seen: ContainerEventResponse[] = []
    const reading = (async () => {
      for await (const event of events) {
        seen.push(event)
        if (seen.length === 3) return
      }
    })()
    const id = await fixture.runContainer(pod, 'brief', 'echo out; echo err >&2; printf unfinished; exit 7')
    await reading
    controller.abort()
    assert.deepEqual(
      seen.map(event => event.containerEventType),
      [0, 1, 2],
    )
    const status = await fixture.status(id)
    assert.deepEqual([status.state, status.exitCode, status.reason], [ContainerState.CONTAINER_EXITED, 7, 'Error'])
    assert.ok((status.createdAt ?? 0) <= (status.startedAt ?? 0) && (status.startedAt ?? 0) <= (status.finishedAt ?? 0))
    const log = await fixture.log(id)
    assert.deepEqual(
      log.filter(({ stream }) => stream === 'stdout').map(({ text }) => text),
      ['out', 'unfinished'],
    )
    assert.deepEqual(
      log.filter(({ stream }) => stream === 'stderr').map(({ text }) => text),
      ['err'],
    )
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  it('kills what outgrows its memory and says so', async () => {
    const pod = await fixture.runPod()
    const id = await fixture.runContainer(pod, 'greedy', 'dd if=/dev/zero of=/dev/null bs=100M count=1', {
      linux: { resources: { memoryLimitInBytes: 20 << 20 } },
    })
    const { exitCode, reason } = await fixture.ended(id)
    assert.deepEqual([exitCode, reason], [137, 'OOMKilled'])
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  it('limits are in force, and can be changed', async () => {
    const pod = await fixture.runPod()
    const id = await fixture.runContainer(pod, 'limited', forever, {
      linux: {
        resources: {
          memoryLimitInBytes: 64 << 20,
          cpuShares: 512,
          cpuQuota: 50_000,
          cpuPeriod: 100_000,
          unified: { 'pids.max': '50' },
        },
      },
    })
    const read = (v1: string, v2: string) =>
      fixture.sh(id, `cat /sys/fs/cgroup/${v1} 2>/dev/null || cat /sys/fs/cgroup/${v2}`)
    assert.equal(fixture.memoryLimit(id), 64 << 20)
    assert.equal((await read('memory/memory.limit_in_bytes', 'memory.max')).stdout, `${64 << 20}\n`)
    assert.equal((await read('pids/pids.max', 'pids.max')).stdout, '50\n')
    assert.match((await read('cpu/cpu.cfs_quota_us', 'cpu.max')).stdout, /^50000/)
    await fixture.client.updateContainerResources({ containerId: id, linux: { memoryLimitInBytes: 80 << 20 } })
    assert.equal(fixture.memoryLimit(id), 80 << 20)
    const { stats } = await fixture.client.containerStats({ containerId: id })
    assert.ok((stats?.memory?.usageBytes?.value ?? 0) > 0)
    assert.ok((stats?.cpu?.usageCoreNanoSeconds?.value ?? 0) > 0)
    assert.ok((await fixture.client.podSandboxStats({ podSandboxId: pod })).stats?.linux?.network?.defaultInterface)
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  it('users, variables, directories, mounts and read-only roots are as asked', async () => {
    const pod = await fixture.runPod()
    const host = path.join(fixture.folder, 'host')
    mkdirSync(host)
    writeFileSync(path.join(host, 'file'), 'from the host\n')
    const id = await fixture.runContainer(pod, 'asked', forever, {
      workingDir: '/work/here',
      envs: [{ key: 'OWN', value: 'a b' }],
      mounts: [
        { containerPath: '/mnt/data', hostPath: host, readonly: true },
        { containerPath: '/made', hostPath: path.join(fixture.folder, 'made') },
      ],
      linux: {
        securityContext: {
          runAsUsername: 'web',
          supplementalGroups: [7],
          readonlyRootfs: true,
          noNewPrivs: true,
          namespaceOptions: { pid: NamespaceMode.CONTAINER },
          capabilities: { dropCapabilities: ['ALL'], addCapabilities: ['NET_RAW'] },
          maskedPaths: ['/proc/kcore'],
          readonlyPaths: ['/proc/sys'],
        },
      },
    })
    const said = await fixture.sh(
      id,
      'id -u; id -g; id -G; pwd; echo $OWN $FROM_IMAGE $HOSTNAME; cat /mnt/data/file; touch /mnt/data/x 2>/dev/null || echo ro-mount; touch /x 2>/dev/null || echo ro-root; touch /made/y 2>/dev/null || echo denied; grep -E "^(NoNewPrivs|CapBnd)" /proc/self/status',
    )
    const lines = said.stdout.trim().split('\n')
    assert.deepEqual(lines.slice(0, 2), ['1000', '1001'])
    assert.deepEqual(new Set(lines[2]?.split(' ')), new Set(['1001', '7', '50']))
    assert.deepEqual(lines.slice(3, 9), [
      '/work/here',
      `a b yes ${lines[4]?.split(' ')[3] ?? ''}`,
      'from the host',
      'ro-mount',
      'ro-root',
      'denied',
    ])
    assert.match(said.stdout, /CapBnd:\t0000000000002000/)
    assert.match(said.stdout, /NoNewPrivs:\t1/)
    assert.deepEqual((await fixture.status(id)).user?.linux?.uid, 1000)
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  it('what cannot start says why', async () => {
    const pod = await fixture.runPod()
    const id = await fixture.createContainer(pod, 'wrong', '', { command: ['/no/such/program'] })
    await assert.rejects(fixture.client.startContainer({ containerId: id }), /wrong: .*\/no\/such\/program/)
    const { state, exitCode, reason } = await fixture.status(id)
    assert.deepEqual([state, exitCode, reason], [ContainerState.CONTAINER_EXITED, 128, 'StartError'])
    const nobody = await fixture.createContainer(pod, 'nobody', '', {
      command: ['/bin/true'],
      linux: { securityContext: { runAsUsername: 'ghost' } },
    })
    await assert.rejects(fixture.client.startContainer({ containerId: nobody }), /ghost/)
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  it('stops gracefully, or by force', async () => {
    const pod = await fixture.runPod()
    const polite = await fixture.runContainer(
      pod,
      'polite',
      'trap "echo bye; exit 5" TERM; while true; do sleep 0.05; done',
    )
    const deaf = await fixture.runContainer(pod, 'deaf', 'trap "" TERM; while true; do sleep 0.05; done')
    await delay(100)
    await fixture.client.stopContainer({ containerId: polite, timeout: 10 })
    assert.equal((await fixture.status(polite)).exitCode, 5)
    assert.deepEqual(
      (await fixture.log(polite)).map(({ text }) => text),
      ['bye'],
    )
    const begin = Date.now()
    await fixture.client.stopContainer({ containerId: deaf, timeout: 1 })
    assert.ok(Date.now() - begin >= 1000)
    assert.equal((await fixture.status(deaf)).exitCode, 137)
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  it('asks a program to stop that installs its handler only after it was told to', async () => {
    const pod = await fixture.runPod()
    const script = 'while [ ! -e /tmp/go ]; do sleep 0.05; done; trap "exit 6" TERM; while true; do sleep 0.05; done'
    const late = await fixture.runContainer(pod, 'late', script)
    const stopped = fixture.client.stopContainer({ containerId: late, timeout: 60 })
    await delay(100)
    await fixture.sh(late, 'touch /tmp/go')
    await stopped
    assert.equal((await fixture.status(late)).exitCode, 6)
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  it('rotated logs go on', async () => {
    const pod = await fixture.runPod()
    const id = await fixture.runContainer(pod, 'talker', 'i=0; while true; do echo $i; i=$((i+1)); sleep 0.01; done')
    await delay(200)
    const { logPath = '' } = await fixture.status(id)
    renameSync(logPath, `${logPath}.1`)
    await fixture.client.reopenContainerLog({ containerId: id })
    await delay(200)
    await fixture.client.stopContainer({ containerId: id, timeout: 0 })
    const content = (file: string) =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map(line => Number(line.split(' ').at(-1)))
    const numbers = [...content(`${logPath}.1`), ...content(logPath)]
    assert.ok(numbers.length > 10)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    )
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  describe('exec', () => {
    let pod: string
    let id: string
    before(async () => {
      pod = await fixture.runPod()
      id = await fixture.runContainer(pod, 'host', forever)
    })
    after(() => fixture.client.removePodSandbox({ podSandboxId: pod }))

    it('passes streams and the exit code on', async () => {
      const session = fixture.client.exec({
        containerId: id,
        command: ['/bin/sh', '-c', 'cat; echo e >&2; exit 9'],
        stdin: true,
      })
      await session.write(Buffer.from('in'))
      await session.write(Buffer.from('put'))
      session.closeStdin()
      assert.deepEqual(await hear(session), { stdout: 'input', stderr: 'e\n', code: 9 })
    })

    it('moves megabytes both ways', async () => {
      const session = fixture.client.exec({ containerId: id, command: ['/bin/cat'], stdin: true })
      const piece = Buffer.alloc(1 << 16, 'abcdefg\n')
      const writing = (async () => {
        for (let count = 0; count < 64; count++) await session.write(piece)
        session.closeStdin()
      })()
      let bytes = 0
      for await (const event of session) if (event.kind === 'stdout') bytes += event.data.length
      await writing
      assert.equal(bytes, piece.length * 64)
    })

    it('gives a terminal that can be resized', async () => {
      const session = fixture.client.exec({
        containerId: id,
        command: ['/bin/sh', '-c', 'tty; stty size; read line; stty size; echo got $line; exit 3'],
        stdin: true,
        tty: true,
        columns: 90,
        rows: 30,
      })
      let heard = ''
      let code = -1
      for await (const event of session) {
        if (event.kind === 'exit') code = event.code
        else heard += Buffer.from(event.data).toString()
        if (heard.endsWith('30 90\r\n')) {
          session.resize(120, 40)
          await delay(50)
          await session.write(Buffer.from('typed\n'))
        }
      }
      assert.match(heard, /^\/dev\/\S+\r\n30 90\r\ntyped\r\n40 120\r\ngot typed\r\n$/)
      assert.equal(code, 3)
    })

    it('dies with its client', async () => {
      const before = fixture.kernel().processes
      const session = fixture.client.exec({ containerId: id, command: ['/bin/sleep', '1000'] })
      const listening = hear(session).catch(() => undefined)
      for (let tries = 0; fixture.kernel().processes === before && tries < 200; tries++) await delay(10)
      session.cancel()
      await listening
      for (let tries = 0; fixture.kernel().processes > before && tries < 500; tries++) await delay(10)
      assert.equal(fixture.kernel().processes, before)
    })

    it('says what is wrong', async () => {
      const missing = { code: 'UNKNOWN', message: /failed to exec in container: .*\/nope/ }
      await assert.rejects(hear(fixture.client.exec({ containerId: id, command: ['/nope'] })), missing)
      await assert.rejects(fixture.client.execSync({ containerId: id, cmd: ['/nope'] }), missing)
      await assert.rejects(hear(fixture.client.exec({ containerId: 'ghost', command: ['/bin/true'] })), {
        code: 'NOT_FOUND',
      })
      await assert.rejects(fixture.client.execSync({ containerId: id, cmd: ['/bin/sleep', '10'], timeout: 1 }), {
        code: 'DEADLINE_EXCEEDED',
      })
    })

    it('output is cut to what the kubelet’s client takes in one message, and the command goes on', async () => {
      const script = 'dd if=/dev/zero bs=1M count=20; dd if=/dev/zero bs=1M count=20 1>&2; exit 3'
      using kubelet = new KubeletClient(fixture.socket)
      const request = { containerId: id, cmd: ['/bin/sh', '-c', script] }
      const { stdout, stderr, exitCode } = await kubelet.call(RuntimeService.ExecSync, request)
      assert.equal(exitCode, 3)
      const [out = 0, err = 0] = [stdout?.length, stderr?.length]
      assert.ok(out + err > (16 << 20) - 1024 && Math.abs(out - err) < 2, `${out} and ${err}`)
    })

    it('a command nobody waits for any more is killed', async () => {
      const before = fixture.kernel().processes
      const controller = new AbortController()
      const call = fixture.client.execSync(
        { containerId: id, cmd: ['/bin/sleep', '1000'] },
        { signal: controller.signal },
      )
      for (let tries = 0; fixture.kernel().processes === before && tries < 200; tries++) await delay(10)
      controller.abort()
      await assert.rejects(call, { code: 'CANCELLED' })
      for (let tries = 0; fixture.kernel().processes > before && tries < 500; tries++) await delay(10)
      assert.equal(fixture.kernel().processes, before)
    })

    it('may take longer than a timer can be set for', async () => {
      const { exitCode } = await fixture.client.execSync({ containerId: id, cmd: ['/bin/true'], timeout: 10_000_000 })
      assert.equal(exitCode, 0)
      const deaf = await fixture.runContainer(pod, 'patient', 'trap "exit 4" TERM; while true; do sleep 0.05; done')
      await delay(100)
      await fixture.client.stopContainer({ containerId: deaf, timeout: 10_000_000 })
      assert.equal((await fixture.status(deaf)).exitCode, 4)
    })
  })

  it('a terminal’s output is logged', async () => {
    const pod = await fixture.runPod()
    const id = await fixture.runContainer(pod, 'term', 'tty; stty size; echo done', { tty: true })
    await fixture.ended(id)
    const said = (await fixture.log(id)).map(({ text }) => text.replace('\r', ''))
    assert.match(said[0] ?? '', /^\/dev\//)
    assert.deepEqual(said.slice(1), ['24 80', 'done'])
    await fixture.client.removePodSandbox({ podSandboxId: pod })
  })

  it('a cgroup parent of the client’s is left as it was found', async () => {
    const root = `${fixture.cgroupRoot}-client`
    const hierarchy = ['memory', '.'].map(name => path.join('/sys/fs/cgroup', name)).find(isCgroup) ?? assert.fail()
    const inHierarchy = (name: string): boolean => existsSync(path.join(hierarchy, root, name))
    mkdirSync(path.join(hierarchy, root, 'theirs'), { recursive: true })
    try {
      const parents = ['theirs', 'theirs/pod', 'ours/deep/pod', 'ours/deep/other']
      const pods = await Promise.all(
        parents.map(name => fixture.runPod({ linux: { cgroupParent: `/${root}/${name}` } })),
      )
      await Promise.all(pods.map(pod => fixture.runContainer(pod, 'c', forever)))
      assert.deepEqual(parents.map(inHierarchy), [true, true, true, true])
      const [first, second, third, fourth] = pods
      await fixture.client.removePodSandbox({ podSandboxId: third })
      assert.deepEqual([inHierarchy('ours/deep/pod'), inHierarchy('ours/deep')], [false, true])
      for (const podSandboxId of [first, second, fourth]) await fixture.client.removePodSandbox({ podSandboxId })
      assert.deepEqual([inHierarchy('theirs'), inHierarchy('theirs/pod'), inHierarchy('ours')], [true, false, false])
      // A sandbox that cannot be made leaves nothing of it either.
      const linux = { cgroupParent: `/${root}/failed/pod`, sysctls: { 'net.no.such': '1' } }
      await assert.rejects(fixture.runPod({ linux }), { code: 'INVALID_ARGUMENT' })
      assert.equal(inHierarchy('failed'), false)
    } finally {
      rmdirSync(path.join(hierarchy, root, 'theirs'))
      rmdirSync(path.join(hierarchy, root))
    }
    for (const name of readdirSync('/sys/fs/cgroup'))
      assert.equal(existsSync(path.join('/sys/fs/cgroup', name, root)), false)
  })

  it('fifty pods at once, and nothing of them afterwards', async () => {
    const pods = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const pod = await fixture.runPod()
        const id = await fixture.runContainer(pod, 'c', `echo up; ${forever}`)
        return { pod, id }
      }),
    )
    const addresses = await Promise.all(
      pods.map(async ({ pod }) => (await fixture.client.podSandboxStatus({ podSandboxId: pod })).status?.network?.ip),
    )
    assert.equal(new Set(addresses).size, 50)
    for (const { id } of pods) assert.equal((await fixture.status(id)).state, ContainerState.CONTAINER_RUNNING)
    await Promise.all(pods.map(({ pod }) => fixture.client.removePodSandbox({ podSandboxId: pod })))
    for (let tries = 0; tries < 100 && !isDeepStrictEqual(fixture.kernel(), nothing); tries++) await delay(20)
    assert.deepEqual(fixture.kernel(), nothing)
  })
})
