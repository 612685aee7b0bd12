// Stock kubectl against the REST door, over a real registry on a store of its own.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { kinds } from '../../../api/kinds/index.ts'
import { GrpcAgentClient } from '../../../client/agents.ts'
import { type ControlPlane, type Doors, openControlPlane } from '../../../test/suites/doors.ts'
import { kubectl as findKubectl } from '../../../tools/kubectl.mjs'
import type { Registry } from '../../registry/contract.ts'

const kubectl = findKubectl()

interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const pod = (name: string, extra: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: { containers: [{ name: 'main', image: 'busybox' }], ...extra },
  })

describe('kubectl', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'tessera-kubectl-'))
  let controlPlane: ControlPlane
  let doors: Doors
  let registry: Registry

  before(async () => {
    controlPlane = await openControlPlane()
    ;({ doors, registry } = controlPlane)
  })

  after(async () => {
    await controlPlane.close()
    rmSync(home, { recursive: true, force: true })
  })

  const environment = () => ({ PATH: process.env['PATH'], KUBECONFIG: doors.kubeconfig, HOME: home })

  function run(args: readonly string[], input = '', variables: NodeJS.ProcessEnv = {}): Promise<Result> {
    return new Promise(resolve => {
      const child = execFile(
        kubectl,
        args,
        { env: { ...environment(), ...variables }, timeout: 60_000, maxBuffer: 1 << 26 },
        (error, stdout, stderr) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
        },
      )
      child.stdin?.end(input)
    })
  }

  /** What kubectl prints when it succeeds. */
  async function ok(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await run(args, input)
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}${stdout}`)
    return stdout
  }

  /** What kubectl prints when it fails. */
  async function fails(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await run(args, input)
    assert.notEqual(code, 0, `kubectl ${args.join(' ')} succeeded: ${stdout}`)
    return stderr
  }

  it('learns what is served', async () => {
    assert.match(await ok(['version']), /Server Version: v1\.36\.2\+tessera/)
    const resources = await ok(['api-resources', '--no-headers'])
    assert.match(resources, /^pods +po +v1 +true +Pod$/m)
    assert.match(resources, /^leases +coordination\.k8s\.io\/v1 +true +Lease$/m)
    const versions = (await ok(['api-versions'])).trim().split('\n')
    assert.deepEqual(versions, [...new Set(kinds.map(({ apiVersion }) => apiVersion))].sort())
    assert.match(await ok(['explain', 'pod.spec.containers.image']), /FIELD: image <string>/)
    assert.equal(await ok(['get', '--raw', '/readyz']), 'ok')
  })

  it('applies, changes and shows an object', async () => {
    assert.match(await ok(['apply', '-f', '-'], pod('a')), /pod\/a created/)
    assert.match(await ok(['apply', '-f', '-'], pod('a')), /pod\/a unchanged/)
    const changed = pod('a').replace('"app":"a"', '"app":"b"')
    assert.match(await ok(['apply', '-f', '-'], changed), /pod\/a configured/)
    assert.match(await ok(['get', 'pods']), /^NAME +READY +STATUS +RESTARTS +AGE\na +0\/1 +Pending +0 +\d+s\n$/)
    assert.match(await ok(['get', 'pods', '-A', '-o', 'wide']), /^NAMESPACE .*IP +NODE[^]*\ndefault +a .*<none>/)
    assert.match(await ok(['get', 'pod', 'a', '-o', 'yaml']), /^apiVersion: v1\nkind: Pod\n/)
    assert.equal(await ok(['get', 'pod', 'a', '-o', 'jsonpath={.metadata.labels.app}']), 'b')
    assert.match(await ok(['describe', 'pod', 'a']), /^Name: +a\n[^]*QoS Class: +BestEffort/)
    assert.match(await ok(['get', 'pods', '-l', 'app=b', '--sort-by=.metadata.name']), /^a /m)
    assert.match(await ok(['get', 'pods', '--chunk-size=1']), /^a /m)
    assert.equal(await ok(['get', 'pods', '-l', 'app=zzz', '-o', 'name']), '')
  })

  it('patches in every way there is', async () => {
    await ok(['patch', 'pod', 'a', '-p', '{"metadata":{"labels":{"s":"1"}}}'])
    await ok(['patch', 'pod', 'a', '--type=merge', '-p', '{"metadata":{"labels":{"m":"2"}}}'])
    await ok(['patch', 'pod', 'a', '--type=json', '-p', '[{"op":"add","path":"/metadata/labels/j","value":"3"}]'])
    await ok(['label', 'pod', 'a', 'l=4', 'app-'])
    await ok(['annotate', 'pod', 'a', 'note=5'])
    assert.equal(
      await ok(['get', 'pod', 'a', '-o', 'jsonpath={.metadata.labels}']),
      '{"j":"3","l":"4","m":"2","s":"1"}',
    )
    assert.match(await ok(['set', 'image', 'pod/a', 'main=busybox:2']), /image updated/)
    assert.equal(await ok(['get', 'pod', 'a', '-o', 'jsonpath={.spec.containers[0].image}']), 'busybox:2')
    assert.match(await ok(['apply', '--dry-run=server', '-f', '-'], pod('dry')), /created \(server dry run\)/)
    assert.match(await fails(['get', 'pod', 'dry']), /NotFound/)
  })

  it('sends protobuf to create what it has commands for', async () => {
    await ok(['create', 'namespace', 'other'])
    await ok(['create', 'configmap', 'settings', '--from-literal=key=value', '-n', 'other'])
    await ok(['create', 'secret', 'generic', 'hidden', '--from-literal=key=value', '-n', 'other'])
    await ok(['create', 'service', 'clusterip', 'web', '--tcp=80:8080', '-n', 'other'])
    assert.equal(await ok(['get', 'configmap', 'settings', '-n', 'other', '-o', 'jsonpath={.data.key}']), 'value')
    assert.equal(await ok(['get', 'secret', 'hidden', '-n', 'other', '-o', 'jsonpath={.data.key}']), 'dmFsdWU=')
    const port = 'jsonpath={.spec.ports[0].port}>{.spec.ports[0].targetPort}'
    assert.equal(await ok(['get', 'service', 'web', '-n', 'other', '-o', port]), '80>8080')
    assert.match(await ok(['get', 'cm,secret', '-n', 'other']), /configmap\/settings +1 [^]*secret\/hidden +Opaque +1 /)
  })

  it('watches', async () => {
    const child = spawn(kubectl, ['get', 'configmaps', '-w', '-n', 'other'], { env: environment() })
    let printed = ''
    const saw = (pattern: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`not seen: ${pattern.source} in:\n${printed}`)), 30_000)
        const look = (): void => {
          if (!pattern.test(printed)) return
          clearTimeout(timer)
          resolve()
        }
        child.stdout.on('data', look)
        look()
      })
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
    })
    try {
      await saw(/^NAME +DATA +AGE\n[^]*settings +1/)
      await ok(['create', 'configmap', 'later', '--from-literal=a=b', '-n', 'other'])
      await saw(/^later +1/m)
      await ok(['patch', 'configmap', 'later', '-n', 'other', '-p', '{"data":{"c":"d"}}'])
      await saw(/^later +2/m)
    } finally {
      child.kill()
    }
    assert.equal(printed.match(/NAME/g)?.length, 1, 'the columns are sent once')
  })

  it('waits for a condition and for an end', async () => {
    assert.match(
      await ok(['wait', '--for=jsonpath={.status.phase}=Pending', 'pod/a', '--timeout=30s']),
      /condition met/,
    )
    assert.match(await fails(['wait', '--for=condition=Ready', 'pod/a', '--timeout=1s']), /timed out waiting/)
    await Promise.all([
      ok(['wait', '--for=delete', 'configmap/later', '-n', 'other', '--timeout=30s']),
      ok(['delete', 'configmap', 'later', '-n', 'other']),
    ])
  })

  it('hears clearly what is wrong', async () => {
    const misspelt = pod('bad').replace('"image"', '"imge"')
    assert.match(
      await fails(['apply', '-f', '-'], misspelt),
      /strict decoding error: unknown field "spec\.containers\[0\]\.imge"/,
    )
    assert.match(await fails(['apply', '-f', '-'], pod('Bad_Name')), /metadata\.name: Invalid value: "Bad_Name"/)
    assert.match(await fails(['create', '-f', '-'], pod('a')), /AlreadyExists.*pods "a" already exists/)
    assert.match(await fails(['get', 'pod', 'nope']), /Error from server \(NotFound\): pods "nope" not found/)
    assert.match(await fails(['get', 'gadgets']), /the server doesn't have a resource type "gadgets"/)
    assert.match(
      await fails(['apply', '-f', '-'], '{"apiVersion":"v1","kind":"Gadget","metadata":{"name":"x"}}'),
      /no matches for kind "Gadget" in version "v1"/,
    )
    assert.match(await fails(['get', 'pods', '--field-selector=colour=red']), /field label not supported: colour/)
    const warned = await run(
      ['apply', '--validate=warn', '-f', '-'],
      pod('warned').replace('"spec":{', '"spec":{"colour":"red",'),
    )
    assert.equal(warned.code, 0, warned.stderr)
    assert.match(warned.stderr, /Warning: unknown field "spec\.colour"/)
  })

  it('may do only what its user may', async () => {
    const config = await doors.config('nobody', { name: 'jane', groups: [] })
    const answer = await doors.fetch('/api/v1/namespaces/default/pods', { as: config })
    assert.equal(answer.code, 403)
    assert.match(
      answer.body,
      /pods is forbidden: User \\"jane\\" cannot list resource \\"pods\\" in API group \\"\\" in the namespace \\"default\\"/,
    )
    assert.match(
      await fails(['get', 'pods', '--as=jane']),
      /pods is forbidden: User "jane" cannot list resource "pods"/,
    )
    assert.match(await ok(['get', 'pods', '--as=jane', '--as-group=x', '--as-group=system:masters']), /^a /m)
    const plotting = { as: config, headers: { 'impersonate-user': 'admin', 'impersonate-group': 'system:masters' } }
    const plotted = await doors.fetch('/api/v1/namespaces/default/pods', plotting)
    assert.equal(plotted.code, 403)
    assert.match(plotted.body, /User \\"jane\\" cannot impersonate resource \\"users\\"/)
    assert.equal((await doors.fetch('/readyz', { as: null })).code, 200)
    const anonymous = await doors.fetch('/api/v1/pods', { as: null })
    assert.equal(anonymous.code, 403)
    assert.match(anonymous.body, /User \\"system:anonymous\\" cannot list resource/)
    assert.equal((await doors.fetch('/api', { as: null, headers: { authorization: 'Bearer x' } })).code, 401)
  })

  it('reads logs and runs commands', async () => {
    const { object } = await registry.resource('', 'v1', 'pods')!.get({ namespace: 'default', name: 'a' })
    await registry.bind([{ namespace: 'default', name: 'a', uid: object.metadata.uid, node: 'n1' }])
    assert.match(await fails(['exec', 'a', '--', 'ls']), /node "n1" is not connected/)
    const agent = new GrpcAgentClient(await doors.nodeConfig('n1'))
    const leaving = new AbortController()
    const serving = (async () => {
      for await (const { openLogs, openExec } of agent.session('n1', leaving.signal)) {
        if (openLogs) {
          const sink = agent.serveLogs()
          await sink.send({ ticket: openLogs.ticket, data: Buffer.from(`tail ${openLogs.request?.tailLines}\n`) })
          await sink.finish()
        } else if (openExec) {
          const stream = agent.serveExec()
          await stream.send({ ticket: openExec.ticket })
          for await (const { stdin, stdinClosed } of stream) {
            if (stdin?.length) await stream.send({ output: { stdout: stdin } })
            if (stdinClosed) {
              await stream.send({ output: { stderr: Buffer.from('done\n') } })
              await stream.send({ output: { exitCode: 7 } })
            }
          }
        }
      }
    })()
    while (!doors.sessions.isConnected('n1')) await new Promise(resolve => setTimeout(resolve, 5))
    try {
      assert.equal(await ok(['logs', 'a', '--tail=2']), 'tail 2\n')
      const told = { code: 7, stdout: 'hello\n', stderr: 'done\ncommand terminated with exit code 7\n' }
      assert.deepEqual(await run(['exec', '-i', 'a', '--', 'cat'], 'hello\n'), told)
      const overSpdy = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' }
      assert.deepEqual(await run(['exec', '-i', 'a', '--', 'cat'], 'hello\n', overSpdy), told)
      const much = 'x'.repeat(8 * 1024 * 1024)
      for (const variables of [{}, overSpdy]) {
        const { stdout } = await run(['exec', '-i', 'a', '--', 'cat'], much, variables)
        assert.equal(stdout.length, much.length)
      }
    } finally {
      leaving.abort()
      await serving
      agent.close()
    }
  })

  it('deletes', async () => {
    await ok(['create', '-f', '-'], pod('doomed'))
    assert.match(await ok(['delete', 'pod', 'doomed', '--now']), /pod "doomed" deleted/)
    assert.match(await ok(['delete', 'configmaps', '--all', '-n', 'other']), /"settings" deleted/)
    assert.equal(await ok(['get', 'pod', 'doomed', '--ignore-not-found']), '')
  })
})
