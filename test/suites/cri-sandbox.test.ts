// Pod sandboxes as clients of CRI see them, the kubelet and crictl among them.
import assert from 'node:assert/strict'
import { get } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { type ContainerEventResponse, NamespaceMode, PodSandboxState } from '../../proto/gen/cri.ts'
import { claimPorts } from '../ports.ts'
import { eventually } from './launcher-harness.ts'
import { forever, nothing, RuntimeFixture } from './runtime-harness.ts'

const longName = 'PodSandbox-for-create-test-of-a-name-that-is-longer-than-any-host-name-may-be.-x'

/** The status code of a page. */
function status(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, response => {
      response.resume()
      resolve(response.statusCode)
    }).once('error', reject)
  })
}

describe('pod sandboxes', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  const pods: string[] = []

  before(async () => {
    fixture = await new RuntimeFixture().open()
  })
  after(async () => {
    await Promise.all(pods.map(podSandboxId => fixture.client.removePodSandbox({ podSandboxId })))
    assert.deepEqual(await fixture.close(), nothing)
  })

  const run: RuntimeFixture['runBarePod'] = async (...args) => {
    const pod = await fixture.runBarePod(...args)
    pods.push(pod)
    return pod
  }
  const statusOf = async (podSandboxId: string) => (await fixture.client.podSandboxStatus({ podSandboxId })).status
  const list = async (filter: object) => (await fixture.client.listPodSandbox({ filter })).items ?? []

  it('of a name longer than a host name run, and are called by what fits of it', async () => {
    const pod = await run(longName)
    assert.equal((await statusOf(pod))?.state, PodSandboxState.SANDBOX_READY)
    const container = await fixture.runBareContainer(pod, ['top'])
    assert.equal((await fixture.exec(container, 'hostname')).stdout, `${longName.slice(0, 63)}\n`)
    assert.equal((await fixture.exec(container, 'cat', '/etc/hostname')).stdout, `${longName.slice(0, 63)}\n`)
  })

  it('are stopped and removed, and are gone from lists', async () => {
    const pod = await run('PodSandbox-for-test-remove')
    await fixture.client.stopPodSandbox({ podSandboxId: pod })
    assert.equal((await statusOf(pod))?.state, PodSandboxState.SANDBOX_NOTREADY)
    await fixture.client.removePodSandbox({ podSandboxId: pod })
    assert.deepEqual(await list({ id: pod }), [])
    await assert.rejects(statusOf(pod), { code: 'NOT_FOUND' })
  })

  it('keep what they were given', async () => {
    const labels = { foo: 'bar', 'io.kubernetes.pod.name': 'web' }
    const annotations = { abc: 'def' }
    const pod = await run('PodSandbox-with-attributes', { labels, annotations })
    const [listed] = await list({ id: pod })
    const told = await statusOf(pod)
    for (const each of [listed, told]) {
      assert.deepEqual({ ...each?.labels }, labels)
      assert.deepEqual({ ...each?.annotations }, annotations)
      assert.deepEqual([each?.metadata?.attempt, each?.runtimeHandler], [2, ''])
      assert.ok((each?.createdAt ?? 0) > 0)
    }
    assert.deepEqual({ ...told?.metadata }, { ...listed?.metadata })
  })

  describe('with the same metadata', () => {
    const labels = { unique: 'test' }
    const config = (uid: string, attempt: number) => ({
      metadata: { name: 'unique', namespace: 'test', uid, attempt },
      labels,
    })
    const runAs = async (uid: string, attempt: number): Promise<string> => {
      const { podSandboxId = '' } = await fixture.client.runPodSandbox({ config: config(uid, attempt) })
      pods.push(podSandboxId)
      return podSandboxId
    }
    const count = async () => (await list({ labelSelector: labels })).length

    it('there is one, ready or not, until it is removed', async () => {
      const first = await runAs('a', 0)
      await assert.rejects(runAs('a', 0), { code: 'ALREADY_EXISTS' })
      await fixture.client.stopPodSandbox({ podSandboxId: first })
      await assert.rejects(runAs('a', 0), { code: 'ALREADY_EXISTS' })
      assert.equal(await count(), 1)
      assert.notEqual(await runAs('a', 1), first)
      await fixture.client.removePodSandbox({ podSandboxId: first })
      assert.notEqual(await runAs('a', 0), first)
      assert.equal(await count(), 2)
    })

    it('but another UID there may be two', async () => {
      await runAs('b', 0)
      await runAs('c', 0)
      assert.equal(await count(), 4)
    })

    it('one comes of several asked for at once, or of one asked for again after a deadline', async () => {
      const answers = await Promise.allSettled(Array.from({ length: 5 }, () => runAs('d', 0)))
      assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.equal(await count(), 5)
      await fixture.client.runPodSandbox({ config: config('e', 0) }, { timeoutMs: 1 }).catch(() => undefined)
      await runAs('e', 0).catch(() => undefined)
      await eventually('it is listed', async () => (await count()) === 6)
      for (const { id = '' } of await list({ labelSelector: labels })) pods.push(id)
    })
  })

  it('set kernel parameters of their own', async () => {
    const values: [string, string, string][] = [
      ['kernel.shm_rmid_forced', '1', '/proc/sys/kernel/shm_rmid_forced'],
      ['fs.mqueue.msg_max', '100', '/proc/sys/fs/mqueue/msg_max'],
      ['net/ipv4/tcp_syncookies', '0', '/proc/sys/net/ipv4/tcp_syncookies'],
    ]
    for (const [name, value, file] of values) {
      const pod = await run('pod-sandbox-with-sysctls', { linux: { sysctls: { [name]: value } } })
      const container = await fixture.runBareContainer(pod, ['top'])
      assert.equal((await fixture.exec(container, 'cat', file)).stdout, `${value}\n`, name)
    }
  })

  it('configure DNS as asked, and the host’s where nothing is', async () => {
    const dnsConfig = { servers: ['10.10.10.10'], searches: ['example.com'], options: ['ndots:8'] }
    const pod = await run('create-PodSandbox-with-DNS-config', { dnsConfig })
    const container = await fixture.runBareContainer(pod, ['top'])
    assert.equal(
      (await fixture.exec(container, 'cat', '/etc/resolv.conf')).stdout,
      'search example.com\nnameserver 10.10.10.10\noptions ndots:8\n',
    )
  })

  it('bring /etc/hosts, the host’s on the host’s network', async () => {
    const pod = await run('with-hosts', { hostname: 'test-hostname' })
    const container = await fixture.runBareContainer(pod, ['top'])
    const { network } = (await statusOf(pod)) ?? {}
    const hosts = (await fixture.exec(container, 'cat', '/etc/hosts')).stdout
    assert.match(hosts, /^127\.0\.0\.1\tlocalhost$/m)
    assert.ok(hosts.endsWith(`${network?.ip}\ttest-hostname\n`), hosts)
    assert.equal((await fixture.exec(container, 'hostname')).stdout, 'test-hostname\n')
    const linux = {
      securityContext: { namespaceOptions: { network: NamespaceMode.NODE, pid: NamespaceMode.CONTAINER } },
    }
    const onHost = await run('on-host', { linux })
    const other = await fixture.runBareContainer(onHost, ['top'], { linux })
    const script = 'cat /etc/hosts; hostname'
    assert.equal((await fixture.sh(other, script)).stdout, fixture.onHost(script))
    assert.equal((await statusOf(onHost))?.network?.ip, '')
  })

  it('answer on their address, and on the host’s ports that are mapped to them', async () => {
    const hostPort = await claimPorts()
    const pod = await run('create-PodSandbox-with-port-mapping', {
      portMappings: [{ containerPort: 80 }, { containerPort: 80, hostPort }],
    })
    await fixture.runBareContainer(pod, ['sh', '-c', `echo hello > /tmp/index.html; httpd -f -p 80 -h /tmp`])
    const ip = (await statusOf(pod))?.network?.ip ?? ''
    await eventually('the page is there', async () => (await status(`http://${ip}/`).catch(() => 0)) === 200)
    assert.equal(await status(`http://127.0.0.1:${hostPort}/`), 200)
    const taken = run('taken', { portMappings: [{ containerPort: 80, hostPort }] })
    await assert.rejects(taken, { code: 'ALREADY_EXISTS', message: new RegExp(`host ports ${hostPort}/tcp`) })
  })

  it('hold several containers, each with its log and its commands', async () => {
    const logDirectory = `${fixture.folder}/logs/several`
    const pod = await run('PodSandbox-for-multi-container-test', { logDirectory })
    const containers = await Promise.all(
      ['httpd', 'busybox'].map(name =>
        fixture.runBareContainer(pod, ['sh', '-c', `echo hello from ${name}; sleep 1000`], { logPath: `${name}.log` }),
      ),
    )
    for (const [index, name] of ['httpd', 'busybox'].entries()) {
      const id = containers[index] ?? ''
      assert.equal((await fixture.status(id)).logPath, `${logDirectory}/${name}.log`)
      await eventually('it is logged', async () => (await fixture.log(id))[0]?.text === `hello from ${name}`)
      assert.deepEqual(await fixture.exec(id, 'echo', name), { stdout: `${name}\n`, stderr: '', exitCode: 0 })
    }
  })

  it('tell their life, and their containers’, in events with statuses', async () => {
    const controller = new AbortController()
    const events = await fixture.client.containerEvents(controller.signal)
    const pod = await fixture.runBarePod('evented')
    const container = await fixture.runBareContainer(pod, ['sh', '-c', forever])
    await fixture.client.removePodSandbox({ podSandboxId: pod })
    const told: ContainerEventResponse[] = []
    for await (const event of events) {
      if (event.podSandboxStatus?.id === pod) told.push(event)
      if (event.containerId === pod && event.containerEventType === 3) break
    }
    controller.abort()
    assert.deepEqual(
      told.map(({ containerId, containerEventType, podSandboxStatus, containersStatuses = [] }) => [
        containerId === pod ? 'sandbox' : 'container',
        containerEventType,
        podSandboxStatus?.state,
        containersStatuses.map(({ id, state }) => [id === container, state]),
      ]),
      [
        ['sandbox', 0, 0, []],
        ['sandbox', 1, 0, []],
        ['container', 0, 0, [[true, 0]]],
        ['container', 1, 0, [[true, 1]]],
        // The sandbox is not ready from the moment it is asked to stop.
        ['container', 2, 1, [[true, 2]]],
        ['sandbox', 2, 1, [[true, 2]]],
        ['container', 3, 1, []],
        ['sandbox', 3, 1, []],
      ],
    )
    const times = told.map(({ createdAt = 0 }) => createdAt)
    assert.deepEqual(times, times.toSorted())
  })

  it('of wrong configuration are refused with the field’s name, and nothing in the runtime’s log', async () => {
    const { CONTAINER, POD } = NamespaceMode
    const wrong: [object, string, RegExp][] = [
      [{ hostname: 'h'.repeat(65) }, 'INVALID_ARGUMENT', /^hostname: /],
      [{ portMappings: [{ hostPort: 99999, containerPort: 1 }] }, 'INVALID_ARGUMENT', /^port_mappings\[0\]\.host_port/],
      [{ linux: { sysctls: { 'vm.swappiness': '1' } } }, 'INVALID_ARGUMENT', /^linux\.sysctls: "vm\.swappiness"/],
      [{ linux: { sysctls: { 'net.ipv4.tcp_syncookies': 'no' } } }, 'INVALID_ARGUMENT', /does not take "no"/],
      [{ linux: { cgroupParent: '/../up' } }, 'INVALID_ARGUMENT', /^linux\.cgroup_parent: /],
      [
        { linux: { resources: { cpusetCpus: 'x' } } },
        'INVALID_ARGUMENT',
        /^linux\.resources\.cpuset_cpus: x: .*\(cpuset\.cpus: EINVAL\)/,
      ],
      [{ linux: { resources: { unified: { 'pids.max': '-5' } } } }, 'INVALID_ARGUMENT', /pids\.max/],
      [{ linux: { securityContext: { namespaceOptions: { ipc: CONTAINER } } } }, 'INVALID_ARGUMENT', /\.ipc: /],
      [
        { linux: { securityContext: { namespaceOptions: { usernsOptions: { mode: POD } } } } },
        'UNIMPLEMENTED',
        /userns_options: /,
      ],
    ]
    for (const [config, code, message] of wrong) await assert.rejects(run('wrong', config), { code, message })
    await assert.rejects(
      fixture.client.runPodSandbox({ config: { metadata: { name: 'a', uid: 'b' } }, runtimeHandler: 'gvisor' }),
      { code: 'INVALID_ARGUMENT', message: /no runtime handler "gvisor"/ },
    )
    assert.deepEqual(fixture.said, [])
  })

  it('tell crictl their namespaces, and their process if they have one', async () => {
    const linux = { securityContext: { namespaceOptions: { pid: NamespaceMode.POD } } }
    const pod = await run('verbose', { linux })
    const container = await fixture.runBareContainer(pod, ['top'], { linux })
    const ofPod = await fixture.client.podSandboxStatus({ podSandboxId: pod, verbose: true })
    const ofContainer = await fixture.client.containerStatus({ containerId: container, verbose: true })
    const info = (verbose: Record<string, string> | undefined) =>
      JSON.parse(verbose?.['info'] ?? '') as { pid: number; runtimeSpec: { linux: { namespaces: object[] } } }
    assert.equal(fixture.onHost(`cat /proc/${info(ofPod.info).pid}/comm`), 'pause\n')
    assert.equal(fixture.onHost(`cat /proc/${info(ofContainer.info).pid}/comm`), 'top\n')
    assert.equal(info(ofPod.info).runtimeSpec.linux.namespaces.length, 4)
    assert.deepEqual({ ...(await fixture.client.podSandboxStatus({ podSandboxId: pod })).info }, {})
  })
})
