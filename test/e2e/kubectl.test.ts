// Stock kubectl against a real cluster, with the kubeconfig that `tsctl kubeconfig` prints.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { kubectl } from '../../tools/kubectl.mjs'
import { type Cluster, eventually, importDemoImage, type Result, startCluster } from './cluster.ts'

const pod = (name: string, script: string): string => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: { app: ${name} }
spec:
  terminationGracePeriodSeconds: 0
  restartPolicy: Never
  containers:
    - name: main
      image: tessera/demo:1
      command: [sh, -c, ${JSON.stringify(script)}]
`

describe('kubectl', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessera-e2e-kubectl-'))
  const command = kubectl()
  let cluster: Cluster

  before(async () => {
    cluster = await startCluster()
    await importDemoImage(cluster)
    writeFileSync(path.join(folder, 'config'), await cluster.ok(['kubeconfig']))
  })

  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await cluster.stop()
  })

  function run(args: readonly string[], input = ''): Promise<Result> {
    const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: path.join(folder, 'config') }
    return new Promise(resolve => {
      const child = execFile(command, args, { env, timeout: 110_000 }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 255 : 0, stdout, stderr })
      })
      child.stdin?.end(input)
    })
  }

  async function ok(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await run(args, input)
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}${stdout}`)
    return stdout
  }

  it('sees the node', async () => {
    assert.match(await ok(['get', 'nodes']), /^NAME +STATUS +ROLES +AGE +VERSION\n\S+ +Ready /)
    assert.match(await ok(['describe', 'nodes']), /Capacity:\n +cpu: +\d/)
    await ok(['get', 'leases', '-n', 'kube-node-lease'])
  })

  it('applies a pod, waits for it, reads its log, runs a command in it and deletes it', async () => {
    await ok(['apply', '-f', '-'], pod('web', 'echo hello from $HOSTNAME; sleep 1000'))
    await ok(['wait', '--for=condition=Ready', 'pod/web', '--timeout=90s'])
    assert.match(await ok(['get', 'pods', '-o', 'wide']), /^web +1\/1 +Running +0 +\S+ +\d+\.\d+\.\d+\.\d+ +\S+/m)
    // Events are written beside the pod, not before it.
    await eventually(async () =>
      assert.match(await ok(['describe', 'pod', 'web']), /State: +Running[^]*Events:[^]*Started/),
    )
    await eventually(async () => assert.equal(await ok(['logs', 'web']), 'hello from web\n'))
    assert.match(await ok(['logs', 'web', '--timestamps', '--tail=1']), /^\d{4}-\d\d-\d\dT\S+Z hello from web\n$/)
    assert.equal(await ok(['exec', '-i', 'web', '--', 'cat'], 'through and back\n'), 'through and back\n')
    const failed = await run(['exec', 'web', '--', 'sh', '-c', 'echo oops >&2; exit 7'])
    assert.deepEqual([failed.code, failed.stdout], [7, ''])
    assert.match(failed.stderr, /^oops\n/)
    assert.match(await ok(['delete', 'pod', 'web', '--timeout=90s']), /deleted/)
    assert.match((await run(['get', 'pod', 'web'])).stderr, /NotFound/)
  })

  it('waits for a pod that ends, and tells of one that cannot be', async () => {
    await ok(['apply', '-f', '-'], pod('once', 'exit 3'))
    await ok(['wait', '--for=jsonpath={.status.phase}=Failed', 'pod/once', '--timeout=90s'])
    assert.match(await ok(['get', 'pod', 'once']), /Error/)
    const code = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}'
    assert.equal(await ok(['get', 'pod', 'once', '-o', code]), '3')
    await ok(
      ['apply', '-f', '-'],
      pod('huge', 'true').replace('command:', 'resources: {requests: {cpu: 10k}}\n      command:'),
    )
    await ok(['wait', '--for=condition=PodScheduled=false', 'pod/huge', '--timeout=90s'])
    await eventually(async () =>
      assert.match(await ok(['describe', 'pod', 'huge']), /FailedScheduling.*Insufficient cpu/),
    )
    const refused = await run(['exec', 'huge', '--', 'true'])
    assert.notEqual(refused.code, 0)
    assert.match(refused.stderr, /pod huge does not have a host assigned/)
    await ok(['delete', 'pod', 'once', 'huge', '--timeout=90s'])
  })
})
