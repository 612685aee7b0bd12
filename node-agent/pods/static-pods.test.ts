import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { pods } from '../../api/kinds/core-v1.ts'
import { FakeClient, type FakeOptions } from '../../client/fake.ts'
import { silentLogger } from '../../lib/logger.ts'
import { NodePods } from './node-pods.ts'
import { mirroredUid, staticPod } from './static-pod.ts'
import { StaticPods } from './static-pods.ts'
import { eventually, FakeRuntime } from './testing.ts'

const manifest = (image: string, more = ''): string => `
apiVersion: v1
kind: Pod
metadata:
  name: edge
  namespace: kube-system
spec:
  containers:
    - name: main
      image: ${image}
${more}`

describe('a static pod', () => {
  it('gets the node’s name, a uid of its content, and defaults', () => {
    const pod = staticPod(manifest('demo:1'), '/etc/pods/edge.yaml', 'n1', 0)
    assert.equal(pod.metadata.name, 'edge-n1')
    assert.equal(pod.spec.nodeName, 'n1')
    assert.equal(pod.spec.containers[0]?.imagePullPolicy, 'IfNotPresent')
    assert.match(pod.metadata.uid, /^[0-9a-f]{32}$/)
    assert.equal(staticPod(manifest('demo:1'), '/etc/pods/edge.yaml', 'n1', 5).metadata.uid, pod.metadata.uid)
    assert.notEqual(staticPod(manifest('demo:2'), '/etc/pods/edge.yaml', 'n1', 0).metadata.uid, pod.metadata.uid)
  })

  const wrong: readonly [text: string, message: RegExp][] = [
    ['a: [', /edge\.yaml:1/],
    [`${manifest('x')}\n---\n${manifest('x')}`, /holds 2 documents/],
    [manifest('x', '      imag: y\n'), /unknown field "spec\.containers\[0\]\.imag" \(did you mean "image"\?\)/],
    [manifest('x', '  restartPolicy: Sometimes\n'), /spec\.restartPolicy/],
    [manifest('x', '  volumes:\n    - name: v\n      configMap: {name: c}\n'), /may not name ConfigMaps or Secrets/],
    ['apiVersion: v1\nkind: Service\n', /kind/],
  ]
  for (const [text, message] of wrong) {
    it(`is refused with ${message.source}`, () => {
      assert.throws(
        () => staticPod(text, 'edge.yaml', 'n1', 0),
        error => error instanceof Error && message.test(error.message) && error.message.includes('edge.yaml'),
      )
    })
  }
})

function start(t: TestContext, options: FakeOptions = {}) {
  const root = mkdtempSync(path.join(os.tmpdir(), 'static-pods-'))
  const directory = path.join(root, 'manifests')
  const client = new FakeClient(options)
  const runtime = new FakeRuntime({ images: ['demo:1', 'demo:2'] })
  const stop = new AbortController()
  const staticPods = new StaticPods({ directory, nodeName: 'n1', nodeUid: () => 'node-uid', client, log: silentLogger })
  const agent = new NodePods({
    client,
    runtime,
    events: { record: () => {} },
    settings: {
      nodeName: 'n1',
      root: path.join(root, 'node'),
      logRoot: path.join(root, 'logs'),
      cgroupRoot: 'tessera',
      dns: { servers: [], domain: 'cluster.local' },
      memoryBytes: 1e9,
      podPidsLimit: 0,
      hostIps: () => ['192.0.2.1'],
      resolvConf: () => '',
      allocatable: () => ({}),
    },
    log: silentLogger,
    staticPods,
    onRuntimeConnect: () => Promise.resolve(),
    onRuntimeHealth: () => {},
  })
  const running = [staticPods.run(stop.signal), agent.run(stop.signal)]
  t.after(async () => {
    stop.abort()
    await Promise.all(running)
    rmSync(root, { recursive: true, force: true })
  })
  return { client, runtime, file: path.join(directory, 'edge.yaml') }
}

const mirror = (client: FakeClient) => client.get(pods, { namespace: 'kube-system', name: 'edge-n1' })

describe('static pods', () => {
  it('run, and are shown at the API by a mirror that bears their status', async t => {
    const { client, runtime, file } = start(t)
    writeFileSync(file, manifest('demo:1'))
    await eventually(async () => {
      assert.deepEqual(runtime.running(), ['main'])
      assert.equal((await mirror(client)).status.phase, 'Running')
    })
    const { metadata } = await mirror(client)
    assert.equal(metadata.ownerReferences?.[0]?.uid, 'node-uid')
    assert.equal(metadata.annotations?.['kubernetes.io/config.source'], 'file')
    const [sandbox] = runtime.sandboxes.values()
    assert.equal(sandbox?.metadata?.uid, mirroredUid(await mirror(client)))
  })

  it('do not end with their mirror, which comes back', async t => {
    const { client, runtime, file } = start(t)
    writeFileSync(file, manifest('demo:1'))
    await eventually(async () => assert.ok(await mirror(client)))
    const { uid } = (await mirror(client)).metadata
    await client.delete(pods, { namespace: 'kube-system', name: 'edge-n1' })
    await eventually(async () => {
      const again = await mirror(client)
      assert.notEqual(again.metadata.uid, uid)
      assert.equal(again.status.phase, 'Running')
    })
    assert.equal(runtime.calls.includes('stopContainer'), false)
  })

  it('change with their file, and go with it', async t => {
    const { client, runtime, file } = start(t)
    writeFileSync(file, manifest('demo:1'))
    await eventually(() => assert.deepEqual(runtime.running(), ['main']))
    writeFileSync(file, manifest('demo:2'))
    await eventually(async () => {
      assert.deepEqual(runtime.running(), ['main'])
      assert.equal(runtime.sandboxes.size, 1)
      assert.equal((await mirror(client)).spec.containers[0]?.image, 'demo:2')
    })
    rmSync(file)
    await eventually(async () => {
      assert.equal(runtime.sandboxes.size, 0)
      await assert.rejects(mirror(client), /not found/)
    })
  })

  it('go on when their file becomes wrong', async t => {
    const { runtime, file } = start(t)
    writeFileSync(file, manifest('demo:1'))
    await eventually(() => assert.deepEqual(runtime.running(), ['main']))
    writeFileSync(file, 'kind: [')
    await new Promise(resolve => setTimeout(resolve, 200))
    assert.deepEqual(runtime.running(), ['main'])
  })

  it('run without a control plane', async t => {
    const { runtime, file } = start(t, {
      before: () => {
        throw new Error('nobody there')
      },
    })
    writeFileSync(file, manifest('demo:1'))
    await eventually(() => assert.deepEqual(runtime.running(), ['main']))
  })
})
