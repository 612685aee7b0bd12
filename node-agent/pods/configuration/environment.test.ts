import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { PodSpec } from '../../../api/kinds/core-v1/pod-spec.ts'
import type { Service } from '../../../api/kinds/core-v1/service-schema.ts'
import { container, makePod } from '../testing.ts'
import { type EnvironmentSources, environment } from './environment.ts'
import { expand } from './expansion.ts'
import { fieldValue, resourceValue } from './fields.ts'
import { serviceEnvironment } from './service-env.ts'

const surroundings = {
  nodeName: 'n1',
  hostIps: ['192.0.2.1'],
  podIps: ['10.0.0.7', 'fd00::7'],
  allocatable: { cpu: '2', memory: '1Gi', 'hugepages-2Mi': '8Mi' },
  seenAtMs: Date.parse('2026-01-31T12:00:01.250Z'),
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
    [{ env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.nope' } } }] }, 'unsupported fieldPath: spec.nope'],
  ]
  it('replaces services by what the container says, and refers to them', async () => {
    const links: EnvironmentSources = { ...sources, services: () => [service('db', 'default')] }
    const env = [
      { name: 'DB_PORT', value: 'mine' },
      { name: 'SEEN', value: '$(DB_SERVICE_HOST) $(DB_PORT) $(LATER)' },
      { name: 'LATER', value: 'x' },
    ]
    const made = await environment(makePod(), container('main', { env }), surroundings, links)
    assert.equal(made.get('DB_SERVICE_HOST'), '10.96.0.9')
    assert.equal(made.get('DB_PORT'), 'mine')
    assert.equal(made.get('SEEN'), '10.96.0.9 mine $(LATER)')
  })

  it('takes any key for a name, and bytes for text', async () => {
    const odd: EnvironmentSources = {
      ...sources,
      configMap: () =>
        Promise.resolve({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { '1bad.dot-': 'x' } }),
      secret: () => Promise.resolve({ apiVersion: 'v1', kind: 'Secret', metadata: {}, data: { b: '/w==' } }),
    }
    const envFrom = [{ prefix: '0.', configMapRef: { name: 'c' } }, { secretRef: { name: 's' } }]
    const made = await environment(makePod(), container('main', { envFrom }), surroundings, odd)
    assert.deepEqual(
      [...made],
      [
        ['0.1bad.dot-', 'x'],
        ['b', '\ufffd'],
      ],
    )
  })

  it('tells of the first thing that is missing', () => {
    const envFrom = [{ configMapRef: { name: 'first' } }, { configMapRef: { name: 'second' } }]
    const env = [{ name: 'X', valueFrom: { secretKeyRef: { name: 'third', key: 'k' } } }]
    return assert.rejects(of({ env, envFrom }), { name: 'ConfigError', message: 'configmap "first" not found' })
  })

  it('waits until the API has told of services, but for pods that do without', async () => {
    const unread: EnvironmentSources = { ...sources, services: () => undefined }
    const from = (annotations: Record<string, string>) =>
      environment(makePod({}, { annotations }), container('main'), surroundings, unread)
    await assert.rejects(from({}), {
      name: 'ConfigError',
      message: 'services have not yet been read at least once, cannot construct envvars',
    })
    assert.equal((await from({ 'kubernetes.io/config.source': 'file' })).size, 0)
  })

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
    { labels: { b: '2', a: '"1"' }, annotations: { note: 'ü\x01' } },
  )
  const table: readonly [path: string, expected: string][] = [
    ['metadata.name', 'web'],
    ['metadata.namespace', 'default'],
    ['metadata.uid', 'uid-1'],
    ["metadata.labels['b']", '2'],
    ["metadata.annotations['none']", ''],
    ['metadata.labels', 'a="\\"1\\""\nb="2"'],
    [
      'metadata.annotations',
      'kubernetes.io/config.seen="2026-01-31T12:00:01.250Z"\nkubernetes.io/config.source="api"\nnote="ü\\x01"',
    ],
    ["metadata.annotations['kubernetes.io/config.source']", 'api'],
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
    ['requests.memory', '1Mi', '0'],
    ['limits.ephemeral-storage', undefined, '0'],
    ['limits.hugepages-2Mi', undefined, '0'],
    ['limits.cpu', '100m', '3'],
    ['limits.memory', '1G', '1'],
  ]
  for (const [resource, divisor, expected] of resources) {
    it(`${resource} in ${divisor ?? 'ones'} is ${expected}`, () =>
      assert.equal(resourceValue(pod, 'main', resource, divisor, surroundings), expected))
  }

  it('has the pod’s limit, or the node’s, where a container has none', () => {
    const of = (resource: string, resources?: PodSpec['resources'], limits = {}) => {
      const containers = [container('main', { resources: { limits } })]
      return resourceValue(
        makePod({ containers, ...(resources && { resources }) }),
        'main',
        resource,
        '1',
        surroundings,
      )
    }
    assert.equal(of('limits.cpu'), '2')
    assert.equal(of('limits.cpu', undefined, { cpu: '0' }), '2')
    assert.equal(of('limits.memory', { limits: { memory: '64Mi' } }), String(64 * 1024 * 1024))
    assert.equal(of('limits.cpu', { limits: { memory: '64Mi' } }), '2')
    assert.equal(of('limits.memory', { limits: { memory: '64Mi' } }, { memory: '1Mi' }), String(1024 * 1024))
    assert.equal(of('requests.cpu', { requests: { cpu: '1' } }), '0')
  })

  it('of a pod from a file are as the file’s', () => {
    const annotations = { 'kubernetes.io/config.source': 'file', 'kubernetes.io/config.seen': 'then' }
    const path = "metadata.annotations['kubernetes.io/config.seen']"
    assert.equal(fieldValue(makePod({}, { annotations }), path, surroundings), 'then')
  })
})
