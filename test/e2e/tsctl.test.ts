// tsctl against a real cluster: every command, and what it says when something is wrong.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { makeTar } from '../../node-agent/runtime/images/testing.ts'
import { type Cluster, eventually, importDemoImage, run, startCluster } from './cluster.ts'

const pod = (name: string, script: string, extra = ''): string => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: { app: ${name} }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: tessera/demo:1
      command: [sh, -c, ${JSON.stringify(script)}]
${extra}`

describe('tsctl', () => {
  let cluster: Cluster
  let folder: string
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'tessera-e2e-'))
    cluster = await startCluster()
    await importDemoImage(cluster)
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await cluster.stop()
  })

  const running = (name: string): Promise<void> =>
    eventually(async () => assert.match(await cluster.ok(['get', 'pod', name, '--no-headers']), / 1\/1 +Running /))

  it('applies, changes, and leaves alone', async () => {
    const file = path.join(folder, 'a.yaml')
    writeFileSync(file, pod('apply-me', 'sleep 1000'))
    assert.equal(await cluster.ok(['apply', '-f', file]), 'pod/apply-me created\n')
    assert.equal(await cluster.ok(['apply', '-f', file]), 'pod/apply-me unchanged\n')
    writeFileSync(file, pod('apply-me', 'sleep 1000').replace('labels: {', 'labels: { tier: web,'))
    assert.equal(await cluster.ok(['apply', '-f', file]), 'pod/apply-me configured\n')
    assert.equal(await cluster.ok(['get', 'pods', '-l', 'tier=web', '-o', 'name']), 'pod/apply-me\n')
    assert.equal(await cluster.ok(['delete', '-f', file]), 'pod "apply-me" deleted from default namespace\n')
    assert.match((await cluster.tsctl(['get', 'pod', 'apply-me'])).stderr, /NotFound.*pods "apply-me" not found/)
  })

  it('reads a directory, several documents, and standard input', async () => {
    const inside = path.join(folder, 'several')
    rmSync(inside, { recursive: true, force: true })
    mkdirSync(inside)
    const map = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {a: "1"}\n`
    writeFileSync(path.join(inside, 'one.yaml'), `${map('m1')}---\n${map('m2')}`)
    writeFileSync(
      path.join(inside, 'two.json'),
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm3' } }),
    )
    assert.equal(
      await cluster.ok(['apply', '-f', inside]),
      'configmap/m1 created\nconfigmap/m2 created\nconfigmap/m3 created\n',
    )
    assert.equal(await cluster.ok(['create', '-f', '-'], map('m4')), 'configmap/m4 created\n')
    assert.equal(
      await cluster.ok(['delete', 'configmap', 'm1', 'm2', 'm3', 'm4']).then(text => text.split('\n').length),
      5,
    )
  })

  it('prints objects as yaml, json and names, in wide tables, in every namespace', async () => {
    assert.match(await cluster.ok(['get', 'node', 'local', '-o', 'yaml']), /^apiVersion: v1\nkind: Node\n/)
    const node = JSON.parse(await cluster.ok(['get', 'node', 'local', '-o', 'json'])) as { kind: string }
    assert.equal(node.kind, 'Node')
    assert.match(await cluster.ok(['get', 'ns', '-o', 'name']), /^namespace\/default\n/)
    assert.match(
      await cluster.ok(['get', 'leases', '-A']),
      /^NAMESPACE +NAME +HOLDER +AGE\nkube-node-lease +local +local /,
    )
    assert.match(await cluster.ok(['get', 'nodes', '-o', 'wide']), /^NAME +STATUS +ROLES +AGE +VERSION +INTERNAL-IP/)
  })

  it('shows logs, of the run before too', async () => {
    await cluster.ok(['apply', '-f', '-'], pod('talker', 'echo one; echo two; sleep 1; exit 3'))
    await eventually(async () => assert.equal(await cluster.ok(['logs', 'talker', '--tail', '1']), 'two\n'))
    await eventually(async () => assert.equal(await cluster.ok(['logs', 'talker', '--previous']), 'one\ntwo\n'))
    await cluster.ok(['delete', 'pod', 'talker', '--now'])
  })

  it('runs commands in containers and passes their exit codes on', async () => {
    await cluster.ok(['apply', '-f', '-'], pod('shell', 'sleep 1000'))
    await running('shell')
    assert.equal(await cluster.ok(['exec', 'shell', '--', 'echo', 'hi']), 'hi\n')
    assert.equal((await cluster.tsctl(['exec', 'shell', '--', 'sh', '-c', 'exit 7'])).code, 7)
    assert.equal(await cluster.ok(['exec', '-i', 'shell', '--', 'wc', '-c'], 'x'.repeat(300_000)), '300000\n')
    assert.match((await cluster.tsctl(['exec', 'shell', '--', 'no-such-command'])).stderr, /no-such-command/)
    await cluster.ok(['delete', 'pod', 'shell'])
  })

  it('describes a pod with its events', async () => {
    await cluster.ok(['apply', '-f', '-'], pod('described', 'sleep 1000'))
    await running('described')
    await eventually(async () => {
      const text = await cluster.ok(['describe', 'pod', 'described'])
      assert.match(text, /^Name: +described\nNamespace: +default\n/)
      assert.match(text, /Normal +Scheduled .*Successfully assigned default\/described to local/)
      assert.match(text, /Normal +Started /)
    })
    await cluster.ok(['delete', 'pod', 'described'])
  })

  it('says why a pod does not fit', async () => {
    const huge = '      resources: { requests: { cpu: "1000" } }\n'
    await cluster.ok(['apply', '-f', '-'], pod('huge', 'true', huge))
    await eventually(async () =>
      assert.match(
        await cluster.ok(['describe', 'pod', 'huge']),
        /FailedScheduling.*0\/1 nodes are available: 1 Insufficient cpu/,
      ),
    )
    await cluster.ok(['delete', 'pod', 'huge'])
  })

  it('says that an image is missing', async () => {
    await cluster.ok(['apply', '-f', '-'], pod('imageless', 'true').replace('tessera/demo:1', 'nobody/nothing:2'))
    await eventually(async () =>
      assert.match(await cluster.ok(['get', 'pod', 'imageless', '--no-headers']), /ErrImagePull|ImagePullBackOff/),
    )
    await cluster.ok(['delete', 'pod', 'imageless'])
  })

  it('lists, imports and removes images of the node that is the cluster’s', async () => {
    assert.match(await cluster.ok(['image', 'ls']), /docker\.io\/tessera\/demo:1 /)
    const rootfs = await makeTar([{ name: 'bin/x', content: 'x', mode: 0o755 }])
    const archive = path.join(folder, 'rootfs.tar')
    writeFileSync(archive, rootfs)
    for (const name of ['gone:1', 'gone:2']) {
      assert.match(await cluster.ok(['image', 'import', archive, '--name', name]), /^imported .*gone:1/)
    }
    const removed = await cluster.tsctl(['image', 'rm', 'none:1', 'gone:2', 'Bad', 'gone:1', 'none:2'])
    assert.deepEqual(
      [removed.code, removed.stdout],
      [1, 'removed docker.io/library/gone:1\nremoved docker.io/library/gone:2\n'],
    )
    for (const told of [/no image "none:1" on this node/, /no image "none:2"/, /"Bad": .*must be lowercase/]) {
      assert.match(removed.stderr, told)
    }
    // A kubeconfig of another cluster, at the same address.
    const other = path.join(folder, 'other.kubeconfig')
    const ca = Buffer.from('-----BEGIN CERTIFICATE-----\nb3RoZXI=\n-----END CERTIFICATE-----\n').toString('base64')
    const text = readFileSync(cluster.kubeconfig, 'utf8')
    writeFileSync(other, text.replace(/(certificate-authority-data: ).*/, `$1${ca}`))
    const withOther = (...args: string[]) => run(process.execPath, ['dist/tsctl.js', '--kubeconfig', other, ...args])
    const refused = await withOther('image', 'ls')
    assert.deepEqual([refused.code, refused.stdout], [1, ''])
    assert.match(
      refused.stderr,
      /the cluster of context "kubernetes-admin@tessera" \(https:.*\) has no node on this machine: run this/,
    )
    const named = await withOther('image', '--runtime-socket', `/run/${cluster.name}/runtime.sock`, 'ls')
    assert.match(named.stdout, /docker\.io\/tessera\/demo:1 /)
  })

  it('prints kinds, versions, a kubeconfig, completions', async () => {
    assert.match(await cluster.ok(['api-resources']), /^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\n/)
    assert.match(await cluster.ok(['version']), /^Client Version: v.*\nServer Version: v1\.36/)
    assert.match(await cluster.ok(['kubeconfig']), /certificate-authority-data: /)
    assert.match(await cluster.ok(['completion', 'bash']), /complete .* tsctl/)
  })

  const mistakes: [name: string, args: string[], input: string, message: RegExp][] = [
    [
      'a misspelt field',
      ['apply', '-f', '-'],
      pod('x', 'true').replace('image:', 'imge:'),
      /unknown field "spec\.containers\[0\]\.imge"/,
    ],
    [
      'a wrong type',
      ['apply', '-f', '-'],
      pod('x', 'true').replace('terminationGracePeriodSeconds: 0', 'terminationGracePeriodSeconds: soon'),
      /spec\.terminationGracePeriodSeconds/,
    ],
    [
      'an unknown kind',
      ['apply', '-f', '-'],
      'apiVersion: v1\nkind: Pot\nmetadata: {name: x}\n',
      /no matches for kind "Pot" in version "v1"/,
    ],
    ['an invalid name', ['apply', '-f', '-'], pod('No_Good', 'true'), /metadata\.name: Invalid value: "No_Good"/],
    ['broken YAML', ['apply', '-f', '-'], 'a: [', /standard input:\d+: /],
    ['a file that is not there', ['apply', '-f', '/nowhere.yaml'], '', /the path "\/nowhere\.yaml" does not exist/],
    ['an unknown type', ['get', 'pots'], '', /doesn't have a resource type "pots"/],
    ['an unknown namespace', ['-n', 'nowhere', 'apply', '-f', '-'], pod('x', 'true'), /namespaces "nowhere" not found/],
    ['a bad selector', ['get', 'pods', '-l', 'a in (b'], '', /unable to parse requirement: found/],
    ['a bad archive', ['image', '--runtime-socket=SOCKET', 'import', '-'], 'this is no archive', /archive/],
  ]
  for (const [name, args, input, message] of mistakes) {
    it(`says what is wrong: ${name}`, async () => {
      const words = args.map(word => word.replace('SOCKET', `/run/${cluster.name}/runtime.sock`))
      const { code, stderr } = await cluster.tsctl(words, input)
      assert.equal(code, 1)
      assert.match(stderr, message)
    })
  }

  it('refuses a name that is taken', async () => {
    const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: taken}\n'
    await cluster.ok(['create', '-f', '-'], map)
    assert.match(
      (await cluster.tsctl(['create', '-f', '-'], map)).stderr,
      /AlreadyExists.*configmaps "taken" already exists/,
    )
    await cluster.ok(['delete', 'configmap', 'taken'])
  })

  it('says so when nothing listens', async () => {
    const config = await cluster.ok(['kubeconfig'])
    const file = path.join(folder, 'dead.kubeconfig')
    writeFileSync(file, config.replace(/grpc: .*/, 'grpc: 127.0.0.1:1'))
    assert.throws(
      () => execFileSync(process.execPath, ['dist/tsctl.js', '--kubeconfig', file, 'get', 'pods'], { stdio: 'pipe' }),
      /127\.0\.0\.1:1/,
    )
  })
})
