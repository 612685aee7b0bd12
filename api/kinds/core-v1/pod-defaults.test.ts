import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { podOf } from '../fixture.ts'
import { pullPolicyOf } from './pod-defaults.ts'

describe('pod defaults', () => {
  it('are those of Kubernetes', () => {
    assert.deepEqual(podOf().spec, {
      containers: [
        {
          name: 'c',
          image: 'busybox:1',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'IfNotPresent',
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
      enableServiceLinks: true,
    })
  })

  it('keep what was said, zeros too', () => {
    const { spec } = podOf({ terminationGracePeriodSeconds: 0, enableServiceLinks: false, restartPolicy: 'Never' })
    assert.equal(spec.terminationGracePeriodSeconds, 0)
    assert.equal(spec.enableServiceLinks, false)
    assert.equal(spec.restartPolicy, 'Never')
  })

  it('pull an image each time whose tag moves', () => {
    const always = ['a', 'a:latest', 'host:5000/a', 'host:5000/b/a:latest']
    const once = ['a:1', 'host:5000/a:1', `a@sha256:${'0'.repeat(64)}`, `a:latest@sha256:${'0'.repeat(64)}`]
    for (const image of always) assert.equal(pullPolicyOf(image), 'Always', image)
    for (const image of once) assert.equal(pullPolicyOf(image), 'IfNotPresent', image)
  })

  it('ask for what is limited', () => {
    const resources = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }
    const { containers } = podOf({}, { resources }).spec
    assert.deepEqual(containers[0]?.resources.requests, { cpu: '500m', memory: '1Gi' })
  })

  it('ask for the pod as a whole what its containers ask for', () => {
    const { spec } = podOf(
      {
        resources: { limits: { cpu: '2', memory: '1Gi' } },
        initContainers: [{ name: 'i', image: 'a', resources: { requests: { cpu: '700m' } } }],
      },
      { resources: { requests: { cpu: '500m' } } },
    )
    assert.deepEqual(spec.resources?.requests, { cpu: '700m', memory: '1Gi' })
  })

  it('give probes their rhythm', () => {
    const { containers } = podOf(
      {},
      { livenessProbe: { httpGet: { port: 80 } }, readinessProbe: { grpc: { port: 1 } } },
    ).spec
    const rhythm = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }
    assert.deepEqual(containers[0]?.livenessProbe, { ...rhythm, httpGet: { port: 80, path: '/', scheme: 'HTTP' } })
    assert.deepEqual(containers.at(0)?.readinessProbe, { ...rhythm, grpc: { port: 1, service: '' } })
  })

  it('bind ports of the host where there is no other network', () => {
    const ports = [{ containerPort: 80 }, { containerPort: 81, hostPort: 81 }]
    const { containers } = podOf({ hostNetwork: true }, { ports }).spec
    assert.deepEqual(
      containers[0]?.ports?.map(({ hostPort }) => hostPort),
      [80, 81],
    )
    assert.equal(podOf({}, { ports }).spec.containers[0]?.ports?.[0]?.hostPort, undefined)
  })

  it('complete volumes', () => {
    const { volumes } = podOf({
      volumes: [
        { name: 'nothing' },
        { name: 'host', hostPath: { path: '/x' } },
        { name: 'config', configMap: { name: 'a' } },
        { name: 'secret', secret: { secretName: 'a', defaultMode: 0 } },
        {
          name: 'all',
          projected: {
            sources: [
              { serviceAccountToken: { path: 't' } },
              { downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] } },
            ],
          },
        },
      ],
    }).spec
    assert.deepEqual(volumes, [
      { name: 'nothing', emptyDir: {} },
      { name: 'host', hostPath: { path: '/x', type: '' } },
      { name: 'config', configMap: { name: 'a', defaultMode: 420 } },
      { name: 'secret', secret: { secretName: 'a', defaultMode: 0 } },
      {
        name: 'all',
        projected: {
          sources: [
            { serviceAccountToken: { expirationSeconds: 3600, path: 't' } },
            { downwardAPI: { items: [{ path: 'n', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } }] } },
          ],
          defaultMode: 420,
        },
      },
    ])
  })

  it('name the service account by both of its names', () => {
    assert.equal(podOf({ serviceAccountName: 'a' }).spec.serviceAccount, 'a')
    assert.equal(podOf({ serviceAccount: 'b' }).spec.serviceAccountName, 'b')
  })
})
