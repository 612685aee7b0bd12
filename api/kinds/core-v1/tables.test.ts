import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { leases } from '../coordination-v1/lease.ts'
import { made, podOf } from '../fixture.ts'
import { kinds } from '../index.ts'
import { configMaps } from './config-map.ts'
import { events } from './event.ts'
import { namespaces } from './namespace.ts'
import { nodes } from './node.ts'
import { pods } from './pod.ts'
import { podSummary } from './pod-table.ts'
import { secrets } from './secret.ts'
import { services } from './service.ts'

const now = Date.UTC(2026, 0, 31, 12)
const created = { creationTimestamp: '2026-01-31T11:55:00Z' }

const statusOf = (name: string, state: object, rest: object = {}) => ({
  name,
  image: 'a',
  imageID: '',
  ready: 'running' in state,
  restartCount: 0,
  state,
  ...rest,
})

describe('a pod in a table', () => {
  const summary = (status: object, spec: object = {}, meta: object = {}) => {
    const { ready, total, reason, restarts } = podSummary(podOf(spec, {}, { status, metadata: { name: 'p', ...meta } }))
    return `${ready}/${total} ${reason} ${restarts}`
  }
  const waiting = (reason: string) => ({ waiting: { reason } })
  const ended = (exitCode: number, reason?: string) => ({ terminated: { exitCode, ...(reason && { reason }) } })
  const running = { running: {} }
  const ready = [{ type: 'Ready', status: 'True' }]

  it('is told in the words of kubectl', () => {
    const inits = {
      initContainers: [
        { name: 'i', image: 'a' },
        { name: 'j', image: 'a' },
      ],
    }
    const sidecar = { initContainers: [{ name: 'i', image: 'a', restartPolicy: 'Always' }] }
    const two = {
      containers: [
        { name: 'c', image: 'a' },
        { name: 'd', image: 'a' },
      ],
    }
    const cases: [row: string, status: object, spec?: object, meta?: object][] = [
      ['0/1 Pending 0', { phase: 'Pending' }],
      [
        '0/1 ContainerCreating 0',
        { phase: 'Pending', containerStatuses: [statusOf('c', waiting('ContainerCreating'))] },
      ],
      ['1/1 Running 0', { phase: 'Running', containerStatuses: [statusOf('c', running)] }],
      [
        '0/1 CrashLoopBackOff 7',
        { phase: 'Running', containerStatuses: [statusOf('c', waiting('CrashLoopBackOff'), { restartCount: 7 })] },
      ],
      ['0/1 Completed 0', { phase: 'Succeeded', containerStatuses: [statusOf('c', ended(0, 'Completed'))] }],
      ['0/1 ExitCode:3 0', { phase: 'Failed', containerStatuses: [statusOf('c', ended(3))] }],
      [
        '0/1 Signal:9 0',
        { phase: 'Failed', containerStatuses: [statusOf('c', { terminated: { exitCode: 137, signal: 9 } })] },
      ],
      ['0/1 Evicted 0', { phase: 'Failed', reason: 'Evicted' }],
      [
        '1/2 NotReady 0',
        { phase: 'Running', containerStatuses: [statusOf('c', ended(0, 'Completed')), statusOf('d', running)] },
        two,
      ],
      [
        '1/2 Running 0',
        {
          phase: 'Running',
          conditions: ready,
          containerStatuses: [statusOf('c', ended(0, 'Completed')), statusOf('d', running)],
        },
        two,
      ],
      [
        '0/1 Init:0/2 0',
        {
          phase: 'Pending',
          initContainerStatuses: [statusOf('i', running), statusOf('j', waiting('PodInitializing'))],
        },
        inits,
      ],
      [
        '0/1 Init:1/2 0',
        { phase: 'Pending', initContainerStatuses: [statusOf('i', ended(0)), statusOf('j', running)] },
        inits,
      ],
      [
        '0/1 Init:Error 2',
        { phase: 'Pending', initContainerStatuses: [statusOf('i', ended(1, 'Error'), { restartCount: 2 })] },
        inits,
      ],
      [
        '0/1 Init:CrashLoopBackOff 3',
        { initContainerStatuses: [statusOf('i', waiting('CrashLoopBackOff'), { restartCount: 3 })] },
        inits,
      ],
      ['0/1 Init:ExitCode:4 0', { initContainerStatuses: [statusOf('i', ended(4))] }, inits],
      [
        '2/2 Running 1',
        {
          phase: 'Running',
          initContainerStatuses: [statusOf('i', running, { started: true, restartCount: 1 })],
          containerStatuses: [statusOf('c', running)],
        },
        sidecar,
      ],
      [
        '0/1 SchedulingGated 0',
        { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
      ],
      [
        '1/1 Terminating 0',
        { phase: 'Running', containerStatuses: [statusOf('c', running)] },
        {},
        { deletionTimestamp: '2026-01-31T12:00:00Z' },
      ],
      ['0/1 Unknown 0', { phase: 'Running', reason: 'NodeLost' }, {}, { deletionTimestamp: '2026-01-31T12:00:00Z' }],
      ['0/1 Succeeded 0', { phase: 'Succeeded' }, {}, { deletionTimestamp: '2026-01-31T12:00:00Z' }],
    ]
    for (const [row, status, spec, meta] of cases) assert.equal(summary(status, spec, meta), row)
  })

  it('shows when it was restarted last, and its place', () => {
    const lastState = { terminated: { exitCode: 1, finishedAt: '2026-01-31T11:58:00Z' } }
    const pod = podOf(
      { nodeName: 'n1', readinessGates: [{ conditionType: 'a/b' }] },
      {},
      {
        metadata: { name: 'p', ...created },
        status: {
          phase: 'Running',
          podIP: '10.0.0.1',
          podIPs: [{ ip: '10.0.0.1' }],
          containerStatuses: [statusOf('c', running, { restartCount: 2, lastState })],
        },
      },
    )
    assert.deepEqual(pods.table.cells(pod, now), [
      'p',
      '1/1',
      'Running',
      '2 (2m ago)',
      '5m',
      '10.0.0.1',
      'n1',
      '<none>',
      '0/1',
    ])
  })
})

describe('tables', () => {
  it('have a cell for each column, even of an object that says nothing', () => {
    for (const kind of kinds) {
      const { cells, columns } = kind.table
      assert.equal(cells(made(kind, {}), now).length, columns.length, kind.kind)
    }
  })

  it('show nodes', () => {
    const node = made(nodes, {
      metadata: {
        name: 'n',
        ...created,
        labels: { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/role': 'edge' },
      },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'Unknown' }],
        addresses: [{ type: 'InternalIP', address: '192.168.0.2' }],
        nodeInfo: {
          kubeletVersion: 'v1',
          osImage: 'Debian',
          kernelVersion: '6.1',
          containerRuntimeVersion: 'tessera://1',
        },
      },
    })
    assert.deepEqual(nodes.table.cells(node, now), [
      'n',
      'NotReady,SchedulingDisabled',
      'control-plane,edge',
      '5m',
      'v1',
      '192.168.0.2',
      '<none>',
      'Debian',
      '6.1',
      'tessera://1',
    ])
  })

  it('show services', () => {
    const cells = (spec: object, status: object = {}) =>
      services.table.cells(made(services, { metadata: { name: 's', ...created }, spec, status }), now)
    assert.deepEqual(
      cells({
        clusterIP: '10.0.0.1',
        ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }],
        selector: { b: '2', a: '1' },
      }),
      ['s', 'ClusterIP', '10.0.0.1', '<none>', '80/TCP,53/UDP', '5m', 'a=1,b=2'],
    )
    const balanced = { type: 'LoadBalancer', clusterIP: '10.0.0.1', ports: [{ port: 80, nodePort: 30080 }] }
    assert.deepEqual(cells(balanced).slice(3, 5), ['<pending>', '80:30080/TCP'])
    assert.equal(cells(balanced, { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } })[3], '1.2.3.4')
    assert.deepEqual(cells({ type: 'ExternalName', externalName: 'a.b' }).slice(2, 5), ['<none>', 'a.b', '<none>'])
  })

  it('show events', () => {
    const event = made(events, {
      metadata: { name: 'e', namespace: 'n' },
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'n', fieldPath: 'spec.containers{c}' },
      reason: 'BackOff',
      message: ' trouble\n',
      source: { component: 'agent', host: 'n1' },
      firstTimestamp: '2026-01-31T11:00:00Z',
      lastTimestamp: '2026-01-31T11:59:00Z',
      count: 4,
      type: 'Warning',
    })
    assert.deepEqual(events.table.cells(event, now), [
      '60s',
      'Warning',
      'BackOff',
      'pod/p',
      'spec.containers{c}',
      'agent, n1',
      'trouble',
      '60m',
      4,
      'e',
    ])
  })

  it('show the rest', () => {
    const metadata = { name: 'a', ...created }
    const config = made(configMaps, { metadata, data: { a: '', b: '' }, binaryData: { c: 'YQ==' } })
    assert.deepEqual(configMaps.table.cells(config, now), ['a', 3, '5m'])
    assert.deepEqual(secrets.table.cells(made(secrets, { metadata, data: { a: 'YQ==' } }), now), [
      'a',
      'Opaque',
      1,
      '5m',
    ])
    assert.deepEqual(namespaces.table.cells(made(namespaces, { metadata }), now), ['a', 'Active', '5m'])
    assert.deepEqual(leases.table.cells(made(leases, { metadata, spec: { holderIdentity: 'h' } }), now), [
      'a',
      'h',
      '5m',
    ])
  })
})
