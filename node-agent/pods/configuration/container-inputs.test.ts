// What containers and sandboxes are given: environment, names, resources, security.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container, Service } from '../../../api/kinds/core-v1.ts'
import { container, host, makePod } from '../testing.ts'
import { containerConfig } from './container-config.ts'
import { type EnvironmentSources, environment } from './environment.ts'
import { expand } from './expansion.ts'
import { fieldValue, resourceValue } from './fields.ts'
import { sandboxConfig } from './sandbox-config.ts'
import { serviceEnvironment } from './service-env.ts'

const surroundings = {
  nodeName: 'n1',
  hostIps: ['192.0.2.1'],
  podIps: ['10.0.0.7', 'fd00::7'],
  allocatable: { cpu: '2', memory: '1Gi' },
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')

const service = (name: string, namespace: string, more: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: {
    clusterIP: '10.96.0.9',
    ports: [
      { name: 'http', port: 80 },
      { port: 53, protocol: 'UDP' },
    ],
    ...more,
  },
  status: { loadBalancer: {} },
})

describe('expansion', () => {
  const table: readonly [text: string, expected: string][] = [
    ['$(A)', 'a'],
    ['x$(A)y$(B)', 'xayb'],
    ['$(C)', '$(C)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$A $ $(', '$A $ $('],
    ['$(A', '$(A'],
    ['$()', '$()'],
  ]
  for (const [text, expected] of table) {
    it(`of ${text} is ${expected}`, () => {
      assert.equal(
        expand(text, name => ({ A: 'a', B: 'b' })[name]),
        expected,
      )
    })
  }
})

describe('an environment', () => {
  const sources: EnvironmentSources = {
    configMap: (_, name) =>
      Promise.resolve(
        name === 'cm' ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { K: 'cm', PORT: '1' } } : undefined,
      ),
    secret: (_, name) =>
      Promise.resolve(
        name === 'sec' ? { apiVersion: 'v1', kind: 'Secret', metadata: {}, data: { PW: base64('hush') } } : undefined,
      ),
    services: () => [],
  }
  const of = async (more: Partial<Container>) =>
    Object.fromEntries(await environment(makePod(), container('main', more), surroundings, sources))

  it('takes values from everywhere, later ones replacing earlier', async () => {
    const made = await of({
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'cm' } }, { configMapRef: { name: 'cm' } }],
      env: [
        { name: 'PORT', value: '8080' },
        { name: 'URL', value: 'http://$(HOST):$(PORT)' },
        { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'PW', valueFrom: { secretKeyRef: { name: 'sec', key: 'PW' } } },
        { name: 'NONE', valueFrom: { configMapKeyRef: { name: 'no', key: 'x', optional: true } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      ],
    })
    assert.deepEqual(made, {
      P_K: 'cm',
      P_PORT: '1',
      K: 'cm',
      PORT: '8080',
      URL: 'http://$(HOST):8080',
      POD: 'web',
      PW: 'hush',
      CPU: '2',
    })
  })

  const wrong: readonly [more: Partial<Container>, message: string][] = [
    [{ envFrom: [{ secretRef: { name: 'no' } }] }, 'secret "no" not found'],
    [{ env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'no', key: 'k' } } }] }, 'configmap "no" not found'],
    [
      { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'cm', key: 'k' } } }] },
      "couldn't find key k in ConfigMap default/cm",
    ],
    [
      { env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.nope' } } }] },
      'env X: unsupported fieldPath: spec.nope',
    ],
  ]
  for (const [more, message] of wrong) it(`says that ${message}`, () => assert.rejects(of(more), { message }))

  it('names the services of its namespace, and always the API', () => {
    const services = [
      service('my-db', 'default'),
      service('x', 'other'),
      service('kubernetes', 'default', { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443 }] }),
    ]
    const linked = serviceEnvironment(services, 'default', true)
    assert.equal(linked.get('MY_DB_SERVICE_HOST'), '10.96.0.9')
    assert.equal(linked.get('MY_DB_SERVICE_PORT_HTTP'), '80')
    assert.equal(linked.get('MY_DB_PORT'), 'tcp://10.96.0.9:80')
    assert.equal(linked.get('MY_DB_PORT_53_UDP_ADDR'), '10.96.0.9')
    assert.equal(linked.has('X_SERVICE_HOST'), false)
    const plain = serviceEnvironment(services, 'other', false)
    assert.deepEqual(
      [...plain.keys()].filter(key => key.endsWith('_SERVICE_HOST')),
      ['KUBERNETES_SERVICE_HOST'],
    )
    assert.equal(serviceEnvironment([service('h', 'd', { clusterIP: 'None' })], 'd', true).size, 0)
  })
})

describe('fields', () => {
  const pod = makePod(
    {
      serviceAccountName: 'sa',
      containers: [
        container('main', { resources: { limits: { memory: '100Mi', cpu: '250m' }, requests: { cpu: '100m' } } }),
      ],
    },
    { labels: { b: '2', a: '"1"' }, annotations: { note: 'n' } },
  )
  const table: readonly [path: string, expected: string][] = [
    ['metadata.name', 'web'],
    ['metadata.namespace', 'default'],
    ['metadata.uid', 'uid-1'],
    ["metadata.labels['b']", '2'],
    ["metadata.annotations['none']", ''],
    ['metadata.labels', 'a="\\"1\\""\nb="2"'],
    ['spec.nodeName', 'n1'],
    ['spec.serviceAccountName', 'sa'],
    ['status.hostIP', '192.0.2.1'],
    ['status.podIP', '10.0.0.7'],
    ['status.podIPs', '10.0.0.7,fd00::7'],
  ]
  for (const [path, expected] of table) {
    it(`${path} is ${JSON.stringify(expected)}`, () => assert.equal(fieldValue(pod, path, surroundings), expected))
  }

  const resources: readonly [resource: string, divisor: string | undefined, expected: string][] = [
    ['limits.cpu', undefined, '1'],
    ['limits.cpu', '1m', '250'],
    ['requests.cpu', '1m', '100'],
    ['limits.memory', '1Mi', '100'],
    ['limits.memory', undefined, String(100 * 1024 * 1024)],
    ['requests.memory', '1Mi', '100'],
    ['limits.ephemeral-storage', undefined, '0'],
  ]
  for (const [resource, divisor, expected] of resources) {
    it(`${resource} in ${divisor ?? 'ones'} is ${expected}`, () =>
      assert.equal(resourceValue(pod, 'main', resource, divisor, surroundings), expected))
  }
})

describe('what the runtime is asked for', () => {
  it('names the pod, its logs and its cgroup', () => {
    const mapped = (containerPort: number) => ({ ports: [{ containerPort, hostPort: 8000 + containerPort }] })
    const pod = makePod({
      initContainers: [container('step', mapped(82)), container('side', { ...mapped(83), restartPolicy: 'Always' })],
      containers: [container('main', { ports: [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }] })],
      securityContext: { sysctls: [{ name: 'net/ipv4/tcp_syncookies', value: '1' }] },
    })
    const made = sandboxConfig(pod, {
      attempt: 1,
      hostname: 'web',
      dns: {},
      logRoot: '/logs',
      cgroupRoot: 'tessera',
      host,
      podPidsLimit: 0,
    })
    assert.deepEqual(made.metadata, { name: 'web', namespace: 'default', uid: 'uid-1', attempt: 1 })
    assert.equal(made.logDirectory, '/logs/default_web_uid-1')
    assert.equal(made.linux?.cgroupParent, 'tessera/besteffort/poduid-1')
    assert.deepEqual(
      made.portMappings?.map(({ hostPort, containerPort }) => [hostPort, containerPort]),
      [
        [8083, 83],
        [8080, 80],
      ],
      'of init containers only those that stay',
    )
    assert.deepEqual(made.linux.sysctls, { 'net.ipv4.tcp_syncookies': '1' })
  })

  it('has its command and arguments expanded', () => {
    const spec = container('main', {
      command: ['run', '$(A)'],
      args: ['$$(A)'],
      lifecycle: { stopSignal: 'SIGRTMIN+3' },
    })
    const made = containerConfig(makePod(), spec, {
      attempt: 2,
      backoffMs: 10_000,
      imageRef: 'sha256:1',
      imageUser: { uid: undefined, username: '' },
      seccompRoot: '/node/seccomp',
      hiddenPaths: [],
      environment: new Map([['A', 'a']]),
      mounts: [],
      resources: {},
    })
    assert.deepEqual([made.command, made.args], [['run', 'a'], ['$(A)']])
    assert.equal(made.logPath, 'main/2.log')
    assert.equal(made.stopSignal, 38)
    assert.equal(made.annotations?.['tessera.dev/restart-backoff-ms'], '10000')
  })
})
