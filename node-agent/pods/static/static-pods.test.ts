import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { pino } from 'pino'
import { StatusError } from '../../../api/errors.ts'
import { pods } from '../../../api/kinds/core-v1/pod.ts'
import { FakeClient, type FakeOptions } from '../../../client/fake.ts'
import type { Clock } from '../../../lib/clock.ts'
import { type Logger, silentLogger } from '../../../lib/logger.ts'
import { ManualClock } from '../../../test/manual-clock.ts'
import { NodePods } from '../node-pods.ts'
import { abilities, eventually, FakeRuntime, type FakeRuntimeOptions, nodeSource } from '../testing.ts'
import { testSettings } from '../testing-node.ts'
import { mirroredUid, staticPod } from './static-pod.ts'
import { StaticPods } from './static-pods.ts'

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

interface Line {
  readonly level: number
  readonly msg: string
  readonly file?: string
}

/** A logger that keeps its lines. */
function keepingLogger(lines: Line[]) {
  return pino({ level: 'debug' }, { write: (text: string) => void lines.push(JSON.parse(text) as Line) })
}

const warning = 40

describe('a static pod', () => {
  it('may have what needs no API', () => {
    const volumes =
      '  volumes:\n    - {name: a, hostPath: {path: /etc}}\n    - {name: b, emptyDir: {}}\n    - name: c\n' +
      '      projected: {sources: [{downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}}]}\n'
    assert.equal(staticPod(manifest('x', volumes), 'edge.yaml', 'n1', 0).spec.volumes?.length, 3)
  })

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
    [manifest('x', '      imag: y\n'), /unknown field "spec\.containers\[0\]\.imag"/],
    [manifest('x', '  restartPolicy: Sometimes\n'), /spec\.restartPolicy/],
    [
      manifest('x', '  volumes:\n    - name: v\n      configMap: {name: c}\n'),
      /spec\.volumes\[0\]\.configMap: static pods may not reference configmaps; they run .*hostPath/,
    ],
    ['apiVersion: v1\nkind: Service\n', /kind/],
    [manifest('x', '  serviceAccountName: sa\n'), /spec\.serviceAccountName: .* serviceaccounts/],
    [manifest('x', '  imagePullSecrets: [{name: s}]\n'), /spec\.imagePullSecrets\[0\]: .* secrets/],
    [
      manifest('x', '      env:\n        - {name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}\n'),
      /spec\.containers\[0\]\.env\[0\]\.valueFrom\.secretKeyRef: .* secrets/,
    ],
    [
      manifest('x', '      envFrom:\n        - configMapRef: {name: c}\n'),
      /spec\.containers\[0\]\.envFrom\[0\]\.configMapRef: .* configmaps/,
    ],
    [
      manifest(
        'x',
        '  volumes:\n    - {name: a, emptyDir: {}}\n    - {name: b, persistentVolumeClaim: {claimName: c}}\n',
      ),
      /spec\.volumes\[1\]\.persistentVolumeClaim: .* persistentvolumeclaims/,
    ],
    [
      manifest('x', '  volumes:\n    - {name: v, cephfs: {monitors: [m], secretRef: {name: s}}}\n'),
      /spec\.volumes\[0\]: .* secrets/,
    ],
    [
      manifest('x', '  volumes:\n    - name: v\n      projected: {sources: [{serviceAccountToken: {path: t}}]}\n'),
      /spec\.volumes\[0\]\.projected\.sources\[0\]\.serviceAccountToken: .* serviceaccounts/,
    ],
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

interface StartOptions {
  readonly runtime?: FakeRuntimeOptions
  readonly client?: FakeOptions
  readonly nodeUid?: () => string | undefined
  readonly log?: Logger
  readonly clock?: Clock
}

function start(t: TestContext, options: StartOptions = {}) {
  const root = mkdtempSync(path.join(os.tmpdir(), 'static-pods-'))
  const directory = path.join(root, 'manifests')
  const client = new FakeClient(options.client)
  const runtime = new FakeRuntime({ images: ['demo:1', 'demo:2'], ...options.runtime })
  const stop = new AbortController()
  const staticPods = new StaticPods({
    directory,
    nodeName: 'n1',
    nodeUid: options.nodeUid ?? (() => 'node-uid'),
    client,
    log: options.log ?? silentLogger,
    ...(options.clock && { clock: options.clock }),
  })
  const agent = new NodePods({
    client,
    runtime,
    events: { record: () => {} },
    settings: testSettings(root),
    node: nodeSource(),
    abilities: () => abilities,
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

  it('begin again when their file is put back while they end', async t => {
    let letStop = (): void => {}
    const mayStop = new Promise<void>(resolve => {
      letStop = resolve
    })
    const before = async (call: string): Promise<void> => {
      if (call === 'stopContainer') await mayStop
    }
    const { client, runtime, file } = start(t, { runtime: { before } })
    writeFileSync(file, manifest('demo:1'))
    await eventually(async () => assert.equal((await mirror(client)).status.phase, 'Running'))
    const [first] = runtime.sandboxes.keys()
    rmSync(file)
    await eventually(() => assert.equal(runtime.stops.length, 1))
    writeFileSync(file, manifest('demo:1'))
    await eventually(async () => assert.ok(await mirror(client)))
    letStop()
    await eventually(async () => {
      const [second] = runtime.sandboxes.keys()
      assert.notEqual(second, first)
      assert.deepEqual(runtime.running(), ['main'])
      assert.equal((await mirror(client)).status.phase, 'Running')
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
      client: {
        before: () => {
          throw new Error('nobody there')
        },
      },
    })
    writeFileSync(file, manifest('demo:1'))
    await eventually(() => assert.deepEqual(runtime.running(), ['main']))
  })

  it('whose mirror is refused run, tell why once, and ask again seldom', async t => {
    const lines: Line[] = []
    const clock = new ManualClock()
    let refused = true
    let asked = 0
    const { client, runtime, file } = start(t, {
      log: keepingLogger(lines),
      clock,
      client: {
        before: ({ verb, resource, name }) => {
          if (verb !== 'create' || resource !== 'pods') return
          asked++
          if (refused) throw StatusError.forbidden(pods, name, 'node "n1" may not')
        },
      },
    })
    writeFileSync(file, manifest('demo:1'))
    await eventually(() => assert.deepEqual([runtime.running(), asked], [['main'], 1]))
    clock.advance(60_000)
    await new Promise(resolve => setTimeout(resolve, 50))
    assert.equal(asked, 1)
    clock.advance(240_000)
    await eventually(() => assert.equal(asked, 2))
    const warnings = lines.filter(({ level }) => level === warning)
    assert.deepEqual(
      warnings.map(({ msg, file }) => ({ msg, file })),
      [
        {
          msg:
            'static pod runs, but the API refuses the mirror that would show it: ' +
            'pods "edge-n1" is forbidden: node "n1" may not',
          file,
        },
      ],
    )
    refused = false
    clock.advance(300_000)
    await eventually(async () => assert.equal((await mirror(client)).status.phase, 'Running'))
  })

  it('have a mirror once their Node is registered', async t => {
    let registered = false
    const { client, runtime, file } = start(t, { nodeUid: () => (registered ? 'late' : undefined) })
    writeFileSync(file, manifest('demo:1'))
    await eventually(() => assert.deepEqual(runtime.running(), ['main']))
    await assert.rejects(mirror(client), /not found/)
    registered = true
    await eventually(async () => assert.equal((await mirror(client)).metadata.ownerReferences?.[0]?.uid, 'late'))
  })
})
