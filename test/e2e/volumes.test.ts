// What volumes are on a real node: read-only, as large as allowed, mounted anew, and what pods are evicted for.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import { type Cluster, eventually, importDemoImage, leftovers, startCluster } from './cluster.ts'

type Json = Readonly<Record<string, unknown>>

describe('volumes', () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster()
    await importDemoImage(cluster)
    await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm' }, data: { a: 'one' } })
    await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sec' }, stringData: { s: 'hidden' } })
  })
  after(async () => {
    await cluster.stop()
    assert.deepEqual(leftovers(cluster.name), [])
  })

  const apply = (object: Json): Promise<string> => cluster.ok(['apply', '-f', '-'], JSON.stringify(object))

  /** A pod of one container that runs a script. */
  const run = (
    name: string,
    script: string,
    volumeMounts: readonly Json[],
    volumes: readonly Json[],
    { restartPolicy = 'Never', ...more }: Json = {},
  ) =>
    apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        restartPolicy,
        terminationGracePeriodSeconds: 0,
        volumes,
        containers: [{ name: 'main', image: 'tessera/demo:1', command: ['sh', '-c', script], volumeMounts, ...more }],
      },
    })
  const when = (name: string, check: (pod: Pod) => void): Promise<Pod> =>
    eventually(async () => {
      const pod = JSON.parse(await cluster.ok(['get', 'pod', name, '-o', 'json'])) as Pod
      check(pod)
      return pod
    })
  const finished = (name: string, phase: string): Promise<Pod> =>
    when(name, pod => assert.equal(pod.status.phase, phase))

  it('that the API makes can only be read, part by part too', async () => {
    const script = [
      'for v in cm sec down proj; do touch /$v/new 2>/dev/null && echo wrote to $v; done',
      'rm /cm/..data 2>/dev/null && echo removed ..data',
      '(echo x > /etc/part) 2>/dev/null && echo wrote through a subPath',
      'cat /cm/a /sec/s /down/name /proj/a /etc/part',
      'stat -c %a /cm /sec /down /proj',
    ]
    await run(
      'reader',
      script.join('\n'),
      [
        ...['cm', 'sec', 'down', 'proj'].map(name => ({ name, mountPath: `/${name}` })),
        { name: 'cm', mountPath: '/etc/part', subPath: 'a' },
      ],
      [
        { name: 'cm', configMap: { name: 'cm' } },
        { name: 'sec', secret: { secretName: 'sec' } },
        { name: 'down', downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
        { name: 'proj', projected: { sources: [{ configMap: { name: 'cm' } }] } },
      ],
    )
    await finished('reader', 'Succeeded')
    assert.equal(await cluster.ok(['logs', 'reader']), 'onehiddenreaderoneone777\n1777\n1777\n1777\n')
  })

  it('in memory are as large as their limit or their pod, and anybody may write to them', async () => {
    await run(
      'memory',
      "df -k /mem /small | tail -2 | awk '{print $2}'; stat -c %a /mem; touch /mem/x",
      ['mem', 'small'].map(name => ({ name, mountPath: `/${name}` })),
      [
        { name: 'mem', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
        { name: 'small', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      ],
      { resources: { limits: { memory: '64Mi' } }, securityContext: { runAsUser: 1000 } },
    )
    await finished('memory', 'Succeeded')
    assert.equal(await cluster.ok(['logs', 'memory']), '65536\n1024\n1777\n')
  })

  it('show a part of a ConfigMap at every start, though it has changed since', async () => {
    await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'changing' }, data: { ini: 'v1' } })
    await run(
      'parts',
      // The second run ends well.
      'cat /etc/ini; [ -e /keep/second ] && exit 0; touch /keep/second; until [ -e /cm/other ]; do sleep 0.2; done; exit 1',
      [
        { name: 'cm', mountPath: '/etc/ini', subPath: 'ini' },
        { name: 'cm', mountPath: '/cm' },
        { name: 'keep', mountPath: '/keep', subPath: 'inside/of/it' },
      ],
      [
        { name: 'cm', configMap: { name: 'changing' } },
        { name: 'keep', emptyDir: {} },
      ],
      { restartPolicy: 'OnFailure' },
    )
    await when('parts', ({ status }) => assert.equal(status.phase, 'Running'))
    await apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'changing' },
      data: { ini: 'v2', other: 'x' },
    })
    await finished('parts', 'Succeeded')
    assert.equal(await cluster.ok(['logs', 'parts']), 'v2')
    assert.equal(await cluster.ok(['logs', 'parts', '--previous']), 'v1')
  })

  it('have their pod evicted when they take more of the disk than they may', async () => {
    await run(
      'large',
      'dd if=/dev/zero of=/data/x bs=1M count=6; sleep 600',
      [{ name: 'data', mountPath: '/data' }],
      [{ name: 'data', emptyDir: { sizeLimit: '5Mi' } }],
    )
    const { status } = await finished('large', 'Failed')
    assert.equal(status.reason, 'Evicted')
    assert.equal(status.message, 'Usage of EmptyDir volume "data" exceeds the limit "5Mi". ')
  })

  it('and containers that write beside them, deeper than a path can name', async () => {
    const step = 'd'.repeat(200)
    const dig = `i=0; while [ $i -lt 30 ]; do mkdir ${step}; cd -P ${step}; i=$((i+1)); done`
    await run(
      'deep',
      `mkdir /x; cd /x; ${dig}; dd if=/dev/zero of=f bs=1M count=6; cd /data; ${dig}; sleep 600`,
      [{ name: 'data', mountPath: '/data' }],
      [{ name: 'data', emptyDir: {} }],
      { resources: { limits: { 'ephemeral-storage': '5Mi' } } },
    )
    const { status } = await finished('deep', 'Failed')
    assert.equal(status.reason, 'Evicted')
    assert.equal(status.message, 'Pod ephemeral local storage usage exceeds the total limit of containers 5Mi. ')
    await cluster.ok(['delete', 'pod', 'deep'])
  })
})
