// What pods do on a real node: limits, restarts, init containers, volumes, environment, ends.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import { type Cluster, eventually, importDemoImage, leftovers, startCluster } from './cluster.ts'

type Json = Readonly<Record<string, unknown>>

const container = (script: string, extra: Json = {}): Json => ({
  name: 'main',
  image: 'tessera/demo:1',
  command: ['sh', '-c', script],
  ...extra,
})

describe('pods', () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster()
    await importDemoImage(cluster)
  })
  after(async () => {
    await cluster.stop()
    assert.deepEqual(leftovers(cluster.name), [])
  })

  const apply = (name: string, spec: Json, metadata: Json = {}): Promise<string> => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, ...metadata },
      spec: { terminationGracePeriodSeconds: 0, ...spec },
    }
    return cluster.ok(['apply', '-f', '-'], JSON.stringify(pod))
  }
  const get = async (name: string): Promise<Pod> =>
    JSON.parse(await cluster.ok(['get', 'pod', name, '-o', 'json'])) as Pod
  const when = (name: string, check: (pod: Pod) => void): Promise<Pod> =>
    eventually(async () => {
      const pod = await get(name)
      check(pod)
      return pod
    })
  const finished = (name: string, phase: string): Promise<Pod> =>
    when(name, pod => assert.equal(pod.status.phase, phase))

  it('kills a container that exceeds its memory and says OOMKilled', async () => {
    await apply('greedy', {
      restartPolicy: 'Never',
      containers: [container('head -c 64m /dev/zero | tail', { resources: { limits: { memory: '16Mi' } } })],
    })
    const { status } = await finished('greedy', 'Failed')
    const ended = status.containerStatuses?.[0]?.state.terminated
    assert.equal(ended?.reason, 'OOMKilled')
    assert.equal(ended.exitCode, 137)
  })

  it('sets limits that the container can see', async () => {
    await apply('limited', {
      restartPolicy: 'Never',
      containers: [
        container(
          'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max; nproc',
          {
            resources: { limits: { memory: '32Mi', cpu: '500m' }, requests: { cpu: '100m' } },
          },
        ),
      ],
    })
    const { status } = await finished('limited', 'Succeeded')
    assert.equal(status.qosClass, 'Burstable')
    assert.match(await cluster.ok(['logs', 'limited']), /^33554432\n/)
  })

  it('limits a pod as a whole, in a cgroup of its own', async () => {
    const where = 'cat /sys/fs/cgroup/memory/memory.stat 2>/dev/null | grep hierarchical_memory_limit'
    await apply('whole', {
      restartPolicy: 'Never',
      resources: { limits: { memory: '48Mi', cpu: '400m' }, requests: { cpu: '100m' } },
      containers: [container(`${where} || echo hierarchical_memory_limit $(cat /sys/fs/cgroup/memory.max)`)],
    })
    await finished('whole', 'Succeeded')
    assert.equal(await cluster.ok(['logs', 'whole']), 'hierarchical_memory_limit 50331648\n')
  })

  it('knows itself by name: hosts file, host name, resolver', async () => {
    await apply('named', {
      restartPolicy: 'Never',
      hostname: 'own',
      subdomain: 'sub',
      setHostnameAsFQDN: true,
      hostAliases: [{ ip: '192.0.2.7', hostnames: ['seven'] }],
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['192.0.2.53'], searches: ['example.com'], options: [{ name: 'ndots', value: '2' }] },
      containers: [container('hostname; head -1 /etc/hosts; tail -5 /etc/hosts; cat /etc/resolv.conf')],
    })
    const { status } = await finished('named', 'Succeeded')
    const full = 'own.sub.default.svc.cluster.local'
    assert.deepEqual((await cluster.ok(['logs', 'named'])).trimEnd().split('\n'), [
      full,
      '# Kubernetes-managed hosts file.',
      'fe00::2\tip6-allrouters',
      `${status.podIP ?? ''}\t${full}\town`,
      '',
      '# Entries added by HostAliases.',
      '192.0.2.7\tseven',
      'search example.com',
      'nameserver 192.0.2.53',
      'options ndots:2',
    ])
  })

  it('restarts what fails, with back-off, and remembers the run before', async () => {
    await apply('failing', { restartPolicy: 'OnFailure', containers: [container('echo run; exit 3')] })
    const { status } = await when('failing', pod => {
      assert.ok((pod.status.containerStatuses?.[0]?.restartCount ?? 0) >= 1)
      assert.equal(pod.status.containerStatuses?.[0]?.state.waiting?.reason, 'CrashLoopBackOff')
    })
    assert.equal(status.containerStatuses?.[0]?.lastState.terminated?.exitCode, 3)
    assert.equal(await cluster.ok(['logs', 'failing', '--previous']), 'run\n')
    await cluster.ok(['delete', 'pod', 'failing'])
  })

  it('runs init containers in order before the others', async () => {
    const shared = { volumeMounts: [{ name: 'work', mountPath: '/work' }] }
    const init = (name: string): Json => ({ ...container(`echo ${name} >> /work/order`, shared), name })
    await apply('ordered', {
      restartPolicy: 'Never',
      volumes: [{ name: 'work', emptyDir: {} }],
      initContainers: [init('first'), init('second')],
      containers: [container('cat /work/order', shared)],
    })
    await finished('ordered', 'Succeeded')
    assert.equal(await cluster.ok(['logs', 'ordered']), 'first\nsecond\n')
  })

  it('gives configuration, secrets and its own fields as environment and files', async () => {
    const objects = [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { colour: 'blue' } },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: { token: 's3cret' } },
    ]
    for (const object of objects) await cluster.ok(['apply', '-f', '-'], JSON.stringify(object))
    await apply('configured', {
      restartPolicy: 'Never',
      volumes: [
        { name: 'settings', configMap: { name: 'settings' } },
        { name: 'keys', secret: { secretName: 'keys', defaultMode: 0o400 } },
      ],
      containers: [
        container('echo $COLOUR $TOKEN $POD $(cat /settings/colour) $(cat /keys/token); stat -L -c %a /keys/token', {
          env: [
            { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } },
            { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
            { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ],
          volumeMounts: [
            { name: 'settings', mountPath: '/settings' },
            { name: 'keys', mountPath: '/keys', readOnly: true },
          ],
        }),
      ],
    })
    await finished('configured', 'Succeeded')
    assert.equal(await cluster.ok(['logs', 'configured']), 'blue s3cret configured blue s3cret\n400\n')
  })

  it('says which key is missing, and starts once it is there', async () => {
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'later', key: 'a' } } }]
    await apply('waiting', { restartPolicy: 'Never', containers: [container('echo $A', { env })] })
    await when('waiting', pod => {
      const waiting = pod.status.containerStatuses?.[0]?.state.waiting
      assert.equal(waiting?.reason, 'CreateContainerConfigError')
      assert.match(waiting.message ?? '', /configmap "later" not found/)
    })
    const later = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'later' }, data: { a: 'now' } }
    await cluster.ok(['apply', '-f', '-'], JSON.stringify(later))
    await finished('waiting', 'Succeeded')
    assert.equal(await cluster.ok(['logs', 'waiting']), 'now\n')
  })

  it('keeps the message a container leaves behind', async () => {
    await apply('speaking', {
      restartPolicy: 'Never',
      containers: [container('echo -n goodbye > /dev/termination-log; exit 4')],
    })
    const { status } = await finished('speaking', 'Failed')
    assert.equal(status.containerStatuses?.[0]?.state.terminated?.message, 'goodbye')
    assert.equal(status.containerStatuses[0].state.terminated.exitCode, 4)
  })

  it('lets a container end by itself within its grace', async () => {
    const folder = `/var/lib/${cluster.name}/grace`
    mkdirSync(folder)
    await apply('graceful', {
      // Longer than a test may take: whoever waited for it would be noticed.
      terminationGracePeriodSeconds: 600,
      volumes: [{ name: 'host', hostPath: { path: folder } }],
      containers: [
        container('trap "echo ended > /host/how; exit 0" TERM; echo up; while true; do sleep 0.1; done', {
          volumeMounts: [{ name: 'host', mountPath: '/host' }],
        }),
      ],
    })
    await eventually(async () => assert.equal(await cluster.ok(['logs', 'graceful']), 'up\n'))
    await cluster.ok(['delete', 'pod', 'graceful'])
    assert.equal(readFileSync(path.join(folder, 'how'), 'utf8'), 'ended\n')
  })

  it('drops privileges: capabilities, masked paths, read-only root, another user', async () => {
    await apply('humble', {
      restartPolicy: 'Never',
      securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000 },
      containers: [
        container('id; touch /x 2>&1; grep -E "^(NoNewPrivs|CapEff)" /proc/self/status; wc -c < /proc/keys', {
          securityContext: {
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
          },
        }),
      ],
    })
    await finished('humble', 'Succeeded')
    const text = await cluster.ok(['logs', 'humble'])
    assert.match(text, /uid=1000 gid=2000 groups=2000,3000/)
    assert.match(text, /Read-only file system/)
    assert.match(text, /CapEff:\s+0000000000000000/)
    assert.match(text, /NoNewPrivs:\s+1/)
    assert.match(text, /^0$/m)
  })

  it('runs static pods from a directory and mirrors them', async () => {
    const folder = `/var/lib/${cluster.name}/static-pods`
    mkdirSync(folder, { recursive: true })
    const file = path.join(folder, 'static.yaml')
    const spec = { containers: [container('sleep 1000')], terminationGracePeriodSeconds: 0 }
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'static' }, spec }))
    await when('static-local', pod => assert.equal(pod.status.phase, 'Running'))
    rmSync(file)
    await eventually(async () =>
      assert.match((await cluster.tsctl(['get', 'pod', 'static-local'])).stderr, /not found/),
    )
  })

  it('runs fifty pods at once and leaves none behind', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `many-${index}`)
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: names.map(name => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, labels: { app: 'many' } },
        spec: { terminationGracePeriodSeconds: 0, containers: [container('sleep 1000')] },
      })),
    }
    await cluster.ok(['create', '-f', '-'], JSON.stringify(list))
    await eventually(async () => {
      const running = await cluster.ok([
        'get',
        'pods',
        '-l',
        'app=many',
        '--field-selector',
        'status.phase=Running',
        '-o',
        'name',
      ])
      assert.equal(running.split('\n').length - 1, 50)
    })
    await cluster.ok(['delete', 'pods', '-l', 'app=many'])
    assert.equal(await cluster.ok(['get', 'pods', '-l', 'app=many', '-o', 'name']), '')
  })
})
