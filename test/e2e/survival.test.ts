// Programs of a node are killed while pods run, in every order: no container notices, nothing is lost.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { type Cluster, eventually, importDemoImage, startCluster } from './cluster.ts'

const programs = ['node-agent', 'runtime', 'control-plane'] as const

interface PodFacts {
  readonly uid: string
  readonly ip: string
  readonly containers: readonly string[]
  readonly restarts: number
}

describe('kill -9', () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster()
    await importDemoImage(cluster)
    for (const name of ['steady', 'counter']) {
      await cluster.ok(
        ['apply', '-f', '-'],
        manifest(name, 'i=0; while true; do echo $i; i=$((i+1)); sleep 0.05; done'),
      )
    }
    await eventually(async () => {
      for (const name of ['steady', 'counter'])
        assert.match(await cluster.ok(['get', 'pod', name, '--no-headers']), /1\/1 +Running/)
    })
  })
  after(() => cluster.stop())

  const facts = async (name: string): Promise<PodFacts> => {
    const pod = JSON.parse(await cluster.ok(['get', 'pod', name, '-o', 'json'])) as {
      metadata: { uid: string }
      status: {
        podIP: string
        phase: string
        containerStatuses: { containerID: string; restartCount: number; state: object }[]
      }
    }
    const [status] = pod.status.containerStatuses
    assert.equal(pod.status.phase, 'Running')
    assert.ok(status)
    assert.ok('running' in status.state)
    return {
      uid: pod.metadata.uid,
      ip: pod.status.podIP,
      containers: pod.status.containerStatuses.map(each => each.containerID),
      restarts: status.restartCount,
    }
  }

  const killed = (program: string): void => {
    process.kill(cluster.pid(program), 'SIGKILL')
  }

  const orders = programs.flatMap(first =>
    programs.filter(second => second !== first).map(second => [first, second] as const),
  )
  for (const order of [...programs.map(program => [program] as const), ...orders, programs]) {
    it(`${order.join(', then ')}: the pod stays what it was`, async () => {
      const before = await facts('steady')
      for (const program of order) killed(program)
      await eventually(async () => assert.deepEqual(await facts('steady'), before))
      // The node works: a new pod starts, and goes.
      await eventually(async () => {
        await cluster.ok(['apply', '-f', '-'], manifest('probe', 'sleep 1000'))
        assert.match(await cluster.ok(['get', 'pod', 'probe', '--no-headers']), /1\/1 +Running/)
      })
      await eventually(() => cluster.ok(['delete', 'pod', 'probe', '--now', '--ignore-not-found']))
      assert.deepEqual(await facts('steady'), before)
    })
  }

  it('lost no line of output', async () => {
    const lines = (await cluster.ok(['logs', 'counter'])).trim().split('\n').map(Number)
    assert.ok(lines.length > 20)
    assert.deepEqual(
      lines,
      lines.map((_, index) => index),
    )
  })

  it('left no process of ours twice', () => {
    const record = JSON.parse(readFileSync(`/run/${cluster.name}/supervisor.json`, 'utf8')) as { programs: object }
    assert.deepEqual(Object.keys(record.programs).sort(), ['control-plane', 'node-agent', 'runtime'])
  })
})

function manifest(name: string, script: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'tessera/demo:1', command: ['sh', '-c', script] }],
    },
  })
}
