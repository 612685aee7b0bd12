// What containers and sandboxes are given: environment, names, resources, security.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { PodSpec } from '../../../api/kinds/core-v1/pod.ts'
import type { Service } from '../../../api/kinds/core-v1/service.ts'
import { NamespaceMode, SecurityProfileProfileType } from '../../../proto/gen/cri.ts'
import { qosClass } from '../planning/qos.ts'
import { container, makePod } from '../testing.ts'
import { containerConfig } from './container-config.ts'
import { dnsConfig } from './dns.ts'
import { type EnvironmentSources, environment } from './environment.ts'
import { expand } from './expansion.ts'
import { fieldValue, resourceValue } from './fields.ts'
import { hostnameOf, hostsFile } from './hosts.ts'
import { cgroupParent, containerResources, cpuShares, podResources } from './resources.ts'
import { sandboxConfig } from './sandbox-config.ts'
import { containerSecurity, type ImageUser } from './security.ts'
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

describe('resources', () => {
  const asks = (requests: Record<string, string>, limits: Record<string, string> = {}) => ({
    resources: { requests, limits },
  })
  const classes: readonly [more: Partial<Container>, expected: string][] = [
    [{}, 'BestEffort'],
    [asks({ cpu: '1' }), 'Burstable'],
    [asks({ cpu: '1', memory: '1Gi' }, { cpu: '1', memory: '1Gi' }), 'Guaranteed'],
    [asks({}, { cpu: '1', memory: '1Gi' }), 'Guaranteed'],
    [asks({ cpu: '500m' }, { cpu: '1', memory: '1Gi' }), 'Burstable'],
    [asks({ 'ephemeral-storage': '1Gi' }), 'BestEffort'],
  ]
  for (const [more, expected] of classes) {
    it(`${JSON.stringify(more.resources ?? {})} is ${expected}`, () =>
      assert.equal(qosClass(makePod({ containers: [container('main', more)] })), expected))
  }

  it('become shares, quota and bytes', () => {
    assert.equal(cpuShares(0), 2)
    assert.equal(cpuShares(1000), 1024)
    assert.equal(cpuShares(1e9), 262_144)
    const pod = makePod({ containers: [container('main', asks({ cpu: '250m' }, { cpu: '500m', memory: '64Mi' }))] })
    assert.deepEqual(containerResources(pod, pod.spec.containers[0] ?? container('x'), 1e9, 100), {
      cpuShares: 256,
      cpuPeriod: 100_000,
      cpuQuota: 50_000,
      memoryLimitInBytes: 64 * 1024 * 1024,
      oomScoreAdj: 933,
      unified: { 'pids.max': '100' },
    })
    assert.equal(cgroupParent('tessera', pod), 'tessera/burstable/poduid-1')
  })

  it('of a pod are those of its containers together, or of its greediest init container', () => {
    const pod = makePod({
      initContainers: [container('init', asks({ cpu: '1' }, { cpu: '1', memory: '1Mi' }))],
      containers: [
        container('a', asks({ cpu: '100m' }, { cpu: '200m', memory: '1Mi' })),
        container('b', asks({ cpu: '300m' }, { cpu: '300m', memory: '2Mi' })),
      ],
    })
    const { cpuShares: shares, cpuQuota, memoryLimitInBytes } = podResources(pod)
    assert.deepEqual([shares, cpuQuota, memoryLimitInBytes], [1024, 100_000, 3 * 1024 * 1024])
    const open = podResources(makePod({ containers: [container('a', asks({}, { cpu: '1' })), container('b')] }))
    assert.deepEqual([open.cpuQuota, open.memoryLimitInBytes], [0, 0])
  })
})

describe('names', () => {
  it('of a host are the pod’s, or what it asks for', () => {
    assert.equal(hostnameOf(makePod(), 'cluster.local'), 'web')
    assert.equal(hostnameOf(makePod({ hostname: 'h', subdomain: 's' }), 'cluster.local'), 'h')
    const full = makePod({ hostname: 'h', subdomain: 's', setHostnameAsFQDN: true })
    assert.equal(hostnameOf(full, 'cluster.local'), 'h.s.default.svc.cluster.local')
  })

  it('are in /etc/hosts, with the aliases asked for', () => {
    const pod = makePod({ subdomain: 's', hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] })
    const lines = hostsFile(pod, ['10.0.0.7'], '', 'cluster.local').split('\n')
    assert.ok(lines.includes('10.0.0.7\tweb.s.default.svc.cluster.local\tweb'))
    assert.ok(lines.includes('1.2.3.4\ta\tb'))
    assert.ok(lines.includes('127.0.0.1\tlocalhost'))
    const host = hostsFile(makePod({ hostNetwork: true }), ['192.0.2.1'], '127.0.0.1 me\n', 'cluster.local')
    assert.equal(host, '127.0.0.1 me\n')
  })

  it('are resolved as the policy says', () => {
    const host = '# c\nnameserver 192.0.2.53\nsearch example.com\noptions ndots:2 timeout:1\n'
    const cluster = { servers: ['10.96.0.10'], domain: 'cluster.local' }
    const of = (spec: Partial<PodSpec>, known = cluster) => dnsConfig(makePod(spec), known, host)
    assert.deepEqual(of({ dnsPolicy: 'Default' }), {
      servers: ['192.0.2.53'],
      searches: ['example.com'],
      options: ['ndots:2', 'timeout:1'],
    })
    assert.deepEqual(of({}), {
      servers: ['10.96.0.10'],
      searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.com'],
      options: ['ndots:5'],
    })
    assert.deepEqual(of({}, { servers: [], domain: 'cluster.local' }).servers, ['192.0.2.53'])
    assert.deepEqual(of({ hostNetwork: true }).servers, ['192.0.2.53'])
    const own = {
      nameservers: ['9.9.9.9'],
      searches: ['x'],
      options: [{ name: 'ndots', value: '1' }, { name: 'edns0' }],
    }
    assert.deepEqual(of({ dnsPolicy: 'None', dnsConfig: own }), {
      servers: ['9.9.9.9'],
      searches: ['x'],
      options: ['ndots:1', 'edns0'],
    })
  })
})

describe('security', () => {
  const image: ImageUser = { uid: undefined, username: '' }
  const of = (spec: Partial<PodSpec>, more: Partial<Container>, user = image) =>
    containerSecurity(makePod(spec), container('main', more), { imageUser: user, seccompRoot: '/node/seccomp' })

  it('of a container comes before that of its pod', () => {
    const made = of(
      {
        securityContext: {
          runAsUser: 1,
          fsGroup: 7,
          supplementalGroups: [8],
          seccompProfile: { type: 'RuntimeDefault' },
        },
      },
      { securityContext: { runAsUser: 2, capabilities: { drop: ['ALL'] }, allowPrivilegeEscalation: false } },
    )
    assert.deepEqual(made.runAsUser, { value: 2 })
    assert.deepEqual(made.supplementalGroups, [7, 8])
    assert.equal(made.noNewPrivs, true)
    assert.deepEqual(made.capabilities, { addCapabilities: [], dropCapabilities: ['ALL'] })
    assert.equal(made.seccomp?.profileType, SecurityProfileProfileType.RuntimeDefault)
    assert.ok(made.maskedPaths?.includes('/proc/kcore'))
  })

  it('names seccomp profiles of the node by their path, and no other files', () => {
    const localhost = (localhostProfile: string) =>
      of({}, { securityContext: { seccompProfile: { type: 'Localhost', localhostProfile } } }).seccomp
    assert.deepEqual(localhost('deep/p.json'), {
      profileType: SecurityProfileProfileType.Localhost,
      localhostRef: '/node/seccomp/deep/p.json',
    })
    for (const outside of ['../x.json', '.', '', '../seccomp2/x']) {
      assert.throws(() => localhost(outside), { name: 'ConfigError', message: /is not below \/node\/seccomp/ }, outside)
    }
  })

  it('masks nothing of a privileged container', () => {
    const made = of({}, { securityContext: { privileged: true } })
    assert.deepEqual([made.maskedPaths, made.readonlyPaths, made.privileged], [[], [], true])
  })

  it('shares the namespaces asked for', () => {
    assert.equal(of({ shareProcessNamespace: true }, {}).namespaceOptions?.pid, NamespaceMode.POD)
    assert.equal(of({ hostNetwork: true }, {}).namespaceOptions?.network, NamespaceMode.NODE)
    assert.equal(of({}, {}).namespaceOptions?.pid, NamespaceMode.CONTAINER)
  })

  it('refuses root where it must not be', () => {
    const nonRoot = { securityContext: { runAsNonRoot: true } }
    assert.throws(() => of(nonRoot, {}), /image will run as root/)
    assert.throws(() => of(nonRoot, { securityContext: { runAsUser: 0 } }), /breaks non-root policy/)
    assert.throws(() => of(nonRoot, {}, { uid: undefined, username: 'www' }), /non-numeric user \("www"\)/)
    assert.doesNotThrow(() => of(nonRoot, {}, { uid: 33, username: '' }))
    assert.doesNotThrow(() => of(nonRoot, { securityContext: { runAsUser: 5 } }))
  })
})

describe('what the runtime is asked for', () => {
  it('names the pod, its logs and its cgroup', () => {
    const pod = makePod({
      containers: [container('main', { ports: [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }] })],
    })
    const made = sandboxConfig(pod, {
      attempt: 1,
      hostname: 'web',
      dns: {},
      logRoot: '/logs',
      cgroupRoot: 'tessera',
      seccompRoot: '/node/seccomp',
    })
    assert.deepEqual(made.metadata, { name: 'web', namespace: 'default', uid: 'uid-1', attempt: 1 })
    assert.equal(made.logDirectory, '/logs/default_web_uid-1')
    assert.equal(made.linux?.cgroupParent, 'tessera/besteffort/poduid-1')
    assert.deepEqual(
      made.portMappings?.map(({ hostPort, containerPort }) => [hostPort, containerPort]),
      [[8080, 80]],
    )
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
