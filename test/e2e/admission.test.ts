// What a node does not take, however it came to be there: pods bound past the scheduler, static pods that name what only
// the API has, labels of its own that are not its to set.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Event } from '../../api/kinds/core-v1/event.ts'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import { type Cluster, eventually, importDemoImage, leftovers, run, startCluster } from './cluster.ts'

type Json = Readonly<Record<string, unknown>>

describe('a node', () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster()
    await importDemoImage(cluster)
  })
  after(async () => {
    await cluster.stop()
    assert.deepEqual(leftovers(cluster.name), [])
  })

  const container = (requests: Json = {}): Json => ({
    name: 'main',
    image: 'tessera/demo:1',
    command: ['sleep', '1000'],
    resources: { requests },
  })
  /** Names its node, so that no scheduler looks at it. */
  const bind = (name: string, spec: Json): Promise<string> => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { nodeName: 'local', terminationGracePeriodSeconds: 0, ...spec },
    }
    return cluster.ok(['apply', '-f', '-'], JSON.stringify(pod))
  }
  const get = async (name: string): Promise<Pod> =>
    JSON.parse(await cluster.ok(['get', 'pod', name, '-o', 'json'])) as Pod
  const inPhase = (name: string, phase: string): Promise<Pod> =>
    eventually(async () => {
      const pod = await get(name)
      assert.equal(pod.status.phase, phase)
      return pod
    })

  it('rejects a pod it has no room for, and keeps to it', async () => {
    await bind('fits', { containers: [container({ cpu: '10m' })] })
    await inPhase('fits', 'Running')
    await bind('vast', { containers: [container({ cpu: '1000' })] })
    const { metadata, status } = await inPhase('vast', 'Failed')
    assert.equal(status.reason, 'OutOfcpu')
    const why = /^Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: 10, capacity: \d+$/
    assert.match(status.message ?? '', why)
    assert.equal(status.containerStatuses, undefined)
    assert.match(await cluster.ok(['get', 'pods']), /^vast +0\/1 +OutOfcpu /m)
    await eventually(async () => {
      const { items } = JSON.parse(await cluster.ok(['get', 'events', '-o', 'json'])) as { items: Event[] }
      const told = items.find(({ reason }) => reason === 'OutOfcpu')
      assert.equal(told?.involvedObject.uid, metadata.uid)
      assert.equal(told?.type, 'Warning')
    })
    const before = await get('fits')
    process.kill(cluster.pid('node-agent'), 'SIGKILL')
    await bind('later', { containers: [container()] })
    await inPhase('later', 'Running')
    assert.deepEqual(await get('vast').then(pod => pod.status), status)
    const { containerStatuses } = (await get('fits')).status
    assert.equal(containerStatuses?.[0]?.containerID, before.status.containerStatuses?.[0]?.containerID)
    await cluster.ok(['delete', 'pod', 'vast', 'fits', 'later'])
  })

  it('rejects a pod that wants another node, and knows of labels given a moment ago', async () => {
    const spec = { nodeSelector: { disk: 'ssd' }, containers: [container()] }
    await bind('elsewhere', spec)
    const { status } = await inPhase('elsewhere', 'Failed')
    assert.equal(status.reason, 'NodeAffinity')
    const node = JSON.parse(await cluster.ok(['get', 'node', 'local', '-o', 'json'])) as { metadata: { labels: Json } }
    const labels = { ...node.metadata.labels, disk: 'ssd' }
    await cluster.ok(['apply', '-f', '-'], JSON.stringify({ ...node, metadata: { ...node.metadata, labels } }))
    await bind('here', spec)
    await inPhase('here', 'Running')
    await cluster.ok(['delete', 'pod', 'elsewhere', 'here'])
  })

  it('rejects a pod that would set a kernel parameter not allowed here, and sets those that are safe', async () => {
    const setting = (name: string, value: string): Json => ({
      restartPolicy: 'Never',
      securityContext: { sysctls: [{ name, value }] },
      containers: [{ ...container(), command: ['cat', `/proc/sys/${name.replaceAll('.', '/')}`] }],
    })
    await bind('unsafe', setting('net.core.somaxconn', '1024'))
    const { status } = await inPhase('unsafe', 'Failed')
    assert.equal(status.reason, 'SysctlForbidden')
    assert.equal(status.message, 'Pod was rejected: forbidden sysctl: "net.core.somaxconn" not allowlisted')
    await bind('safe', setting('net.ipv4.tcp_syncookies', '0'))
    await inPhase('safe', 'Succeeded')
    assert.equal(await cluster.ok(['logs', 'safe']), '0\n')
    await cluster.ok(['delete', 'pod', 'unsafe', 'safe'])
  })

  it('refuses a static pod that names what only the API has, by file and field', async () => {
    const folder = `/var/lib/${cluster.name}/static-pods`
    mkdirSync(folder, { recursive: true })
    const file = path.join(folder, 'needy.yaml')
    const spec = { serviceAccountName: 'default', containers: [container()] }
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'needy' }, spec }))
    await eventually(async () => {
      const log = await readFile(`/var/log/${cluster.name}/node-agent.log`, 'utf8')
      const said = 'spec.serviceAccountName: static pods may not reference serviceaccounts'
      assert.ok(log.includes(`static pod refused: ${file}: ${said}`), log.slice(-2000))
    })
    assert.match((await cluster.tsctl(['get', 'pod', 'needy-local'])).stderr, /not found/)
    rmSync(file)
  })

  it('does not start with a label that only administrators give', async () => {
    const label = 'node-restriction.kubernetes.io/trusted'
    const { code, stdout, stderr } = await run(process.execPath, [
      'dist/node-agent.js',
      '--node-labels',
      `${label}=yes`,
    ])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^node-agent: --node-labels .*a node may not give itself the label .*\n$/)
    assert.ok(stderr.includes(`"${label}"`))
  })
})
