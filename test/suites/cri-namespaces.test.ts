// Which namespaces containers share with their pod and their node.
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { NamespaceMode } from '../../proto/gen/cri.ts'
import { forever, nothing, RuntimeFixture } from './runtime-harness.ts'

const { POD, CONTAINER, NODE, TARGET } = NamespaceMode

describe('namespaces', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  const pods: string[] = []
  before(async () => {
    fixture = await new RuntimeFixture().open()
  })
  after(async () => {
    await Promise.all(pods.map(podSandboxId => fixture.client.removePodSandbox({ podSandboxId })))
    assert.deepEqual(await fixture.close(), nothing)
  })

  /** A pod and a container of it that say the same of namespaces, as the kubelet's do. */
  async function run(namespaceOptions: object, script = forever): Promise<{ pod: string; id: string; more: object }> {
    const more = { linux: { securityContext: { namespaceOptions } } }
    const pod = await fixture.runBarePod('NamespaceOption-PodSandbox', more)
    pods.push(pod)
    return { pod, more, id: await fixture.runBareContainer(pod, ['sh', '-c', script], more) }
  }
  const namespace = async (id: string, kind: string): Promise<string> =>
    (await fixture.exec(id, 'readlink', `/proc/self/ns/${kind}`)).stdout

  it('PID of the node: it sees the node’s processes, and other containers’', async () => {
    const { pod, id, more } = await run({ pid: NODE, ipc: POD, network: POD }, 'echo $$ > /tmp/pid; exec sleep 4321')
    const pid = (await fixture.exec(id, 'cat', '/tmp/pid')).stdout.trim()
    const other = await fixture.runBareContainer(pod, ['sleep', '1000'], more)
    const seen = (await fixture.exec(other, 'pidof', 'sleep', '||', 'true')).stdout.trim().split(' ')
    assert.ok(seen.includes(pid), `${pid} of ${seen.join()}`)
    assert.equal(fixture.onHost(`tr '\\0' ' ' < /proc/${pid}/cmdline`), 'sleep 4321 ')
  })

  for (const [mode, name, visible] of [
    [NODE, 'node', true],
    [POD, 'pod', false],
  ] as const) {
    it(`IPC of the ${name}: memory shared on the node is ${visible ? '' : 'not '}there`, async () => {
      const segment = fixture.onHost('ipcmk -M 4096').replace(/\D/g, '')
      try {
        const { id } = await run({ pid: POD, ipc: mode, network: POD })
        const lines = (await fixture.exec(id, 'cat', '/proc/sysvipc/shm')).stdout.trim().split('\n').slice(1)
        const ids = lines.map(line => line.trim().split(/\s+/)[1])
        assert.equal(ids.includes(segment), visible, ids.join())
      } finally {
        fixture.onHost(`ipcrm -m ${segment}`)
      }
    })
  }

  it('PID of the pod: the first process is not the container’s', async () => {
    const { id } = await run({ pid: POD }, 'exec sleep 4321')
    assert.doesNotMatch((await fixture.exec(id, 'cat', '/proc/1/cmdline')).stdout, /sleep/)
  })

  it('PID of the container: the first process is its own', async () => {
    const { id } = await run({ pid: CONTAINER }, 'exec sleep 4321')
    assert.equal((await fixture.exec(id, 'cat', '/proc/1/cmdline')).stdout, 'sleep\0' + '4321\0')
  })

  it('PID of a target: it sees the target’s processes', async () => {
    const { pod, id } = await run({ pid: CONTAINER })
    const more = { linux: { securityContext: { namespaceOptions: { pid: TARGET, targetId: id } } } }
    const debugger_ = await fixture.runBareContainer(pod, ['sleep', '4321'], more)
    assert.equal(await namespace(debugger_, 'pid'), await namespace(id, 'pid'))
    const wrong = { linux: { securityContext: { namespaceOptions: { pid: TARGET, targetId: 'f'.repeat(64) } } } }
    await assert.rejects(fixture.runBareContainer(pod, ['true'], wrong), {
      code: 'INVALID_ARGUMENT',
      message: /target_id/,
    })
  })

  for (const [mode, name, visible] of [
    [NODE, 'node', true],
    [POD, 'pod', false],
  ] as const) {
    it(`network of the ${name}: a port of the node is ${visible ? '' : 'not '}there`, async () => {
      const server = createServer().listen(0)
      try {
        const address = server.address()
        assert.ok(typeof address === 'object' && address)
        const { id } = await run({ pid: POD, ipc: POD, network: mode })
        const { stdout } = await fixture.exec(id, 'netstat', '-ln')
        assert.equal(stdout.includes(`:${address.port} `), visible, stdout)
      } finally {
        server.close()
      }
    })
  }
})
