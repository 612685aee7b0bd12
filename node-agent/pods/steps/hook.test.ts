// Hooks on a node in memory. The words are those of a kubelet v1.36, which keeps what a hook said out of its events.
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { pods } from '../../../api/kinds/core-v1/pod.ts'
import type { Lifecycle } from '../../../api/kinds/core-v1/probes.ts'
import type { ExecSyncRequest, StopContainerRequest } from '../../../proto/gen/cri.ts'
import { rawServer } from '../../probes/testing.ts'
import { container, eventually } from '../testing.ts'
import { type Harness, harness } from '../testing-node.ts'

interface Script {
  /** Exit codes by command; other commands succeed. */
  readonly exits?: Readonly<Record<string, number>>
  /** Commands that run until their container is stopped. */
  readonly endless?: readonly string[]
  readonly graceSeconds?: number
}

interface Node extends Harness {
  /** Commands and stops, in their order. */
  readonly did: string[]
  /** What each stop gave, in seconds. */
  readonly graces: (number | undefined)[]
}

async function run(t: TestContext, lifecycle: Lifecycle, script: Script = {}): Promise<Node> {
  const { exits = {}, endless = [], graceSeconds = 3_600 } = script
  const did: string[] = []
  const graces: (number | undefined)[] = []
  let stopped = (): void => {}
  const stop = new Promise<void>(resolve => {
    stopped = resolve
  })
  const h = harness(t, {
    speed: 10,
    runtime: {
      before: async (call, request) => {
        if (call === 'stopContainer') {
          did.push('stop')
          graces.push((request as StopContainerRequest).timeout)
          stopped()
        } else if (call === 'execSync') {
          const [command = ''] = (request as ExecSyncRequest).cmd ?? []
          did.push(command)
          if (endless.includes(command)) await stop
        }
      },
      exec: ({ cmd: [command = ''] = [] }) => ({ exitCode: exits[command] ?? 0, stdout: 'secret' }),
    },
  })
  h.start()
  await h.apply({
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: graceSeconds,
    containers: [container('main', { lifecycle })],
  })
  return { ...h, did, graces }
}

const exec = (command: string) => ({ exec: { command: [command] } })

async function deleteWhenRunning(h: Harness): Promise<void> {
  await eventually(async () => assert.equal((await h.get()).status.phase, 'Running'))
  const { metadata } = await h.get()
  await h.client.delete(pods, { namespace: 'default', name: metadata.name })
}

describe('a postStart hook', () => {
  it('that fails ends its container as any end does, and is told without what it said', async t => {
    const h = await run(t, { postStart: exec('bad'), preStop: exec('bye') }, { exits: { bad: 4 } })
    await eventually(() => assert.deepEqual(h.did, ['bad', 'bye', 'stop']))
    await eventually(() => assert.deepEqual(h.events.slice(-2), failedPostStart))
    assert.equal(h.events.join().includes('secret'), false)
  })
})

const failedPostStart = ['Warning FailedPostStartHook: PostStartHook failed', 'Normal Killing: FailedPostStartHook']

describe('a preStop hook', () => {
  it('runs before the container is stopped', async t => {
    const h = await run(t, { preStop: exec('bye') })
    await deleteWhenRunning(h)
    await eventually(() => assert.deepEqual(h.did, ['bye', 'stop']))
    assert.equal(
      h.events.some(event => event.includes('PreStop')),
      false,
    )
  })

  it('that fails is told without what it said, and the container stops', async t => {
    const h = await run(t, { preStop: exec('bad') }, { exits: { bad: 1 } })
    await deleteWhenRunning(h)
    await eventually(() => assert.deepEqual(h.did, ['bad', 'stop']))
    assert.equal(h.events.includes('Warning FailedPreStopHook: PreStopHook failed'), true)
    assert.equal(h.events.join().includes('secret'), false)
  })

  it('that takes all the time there is leaves the container two seconds, and has failed with its end', async t => {
    const h = await run(t, { preStop: exec('slow') }, { endless: ['slow'], exits: { slow: 137 }, graceSeconds: 5 })
    await deleteWhenRunning(h)
    await eventually(() => assert.deepEqual(h.did, ['slow', 'stop']))
    assert.deepEqual(h.graces, [2])
    await eventually(() => assert.equal(h.events.at(-1), 'Warning FailedPreStopHook: PreStopHook failed'))
  })

  it('that only waits has not failed when the container ended first', async t => {
    const h = await run(t, { preStop: { sleep: { seconds: 3_600 } } }, { graceSeconds: 5 })
    await deleteWhenRunning(h)
    await eventually(() => assert.deepEqual(h.did, ['stop']))
    await eventually(() => assert.deepEqual(h.runtime.running(), []))
    assert.equal(
      h.events.some(event => event.includes('PreStop')),
      false,
    )
  })

  it('over HTTP asks for any answer at all', async t => {
    const { port, heard } = await rawServer(t, () => 'HTTP/1.1 500 x\r\n\r\n')
    const httpHeaders = [{ name: 'X-Mine', value: 'v' }]
    const h = await run(t, { preStop: { httpGet: { host: '127.0.0.1', port, path: '/bye', httpHeaders } } })
    await deleteWhenRunning(h)
    await eventually(() => assert.deepEqual(h.did, ['stop']))
    assert.equal(
      h.events.some(event => event.includes('PreStop')),
      false,
    )
    assert.equal(
      heard[0],
      `GET /bye HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: kube-lifecycle/1.36\r\nAccept: */*\r\nX-Mine: v\r\nAccept-Encoding: gzip\r\n\r\n`,
    )
  })

  it('over HTTPS is sent in the clear to a server that speaks just that, without its credentials', async t => {
    const { port, heard } = await rawServer(t, (request, socket) => {
      if (request.startsWith('GET ')) return 'HTTP/1.1 200 OK\r\n\r\n'
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
      return undefined
    })
    const httpHeaders = [{ name: 'Authorization', value: 'Bearer secret' }]
    const httpGet = { scheme: 'HTTPS' as const, host: '127.0.0.1', port, path: '/bye', httpHeaders }
    const h = await run(t, { preStop: { httpGet } })
    await deleteWhenRunning(h)
    await eventually(() => assert.deepEqual(h.did, ['stop']))
    const request = `request to HTTPS lifecycle hook 127.0.0.1:${port} got HTTP response, retry with HTTP succeeded`
    assert.equal(h.events.includes(`Warning LifecycleHTTPFallback: ${request}`), true)
    assert.match(heard[1] ?? '', /^GET \/bye HTTP\/1.1\r\n/)
    assert.equal(heard.join('').includes('secret'), false)
  })
})
