import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { podOf, wrongWith, wrongWithStatus, wrongWithUpdate } from '../fixture.ts'
import { pods } from './pod.ts'

/** The errors of a pod whose spec and first container are changed so. */
const errors = (spec: object, container: object = {}) => wrongWith(pods, podOf(spec, container))
const inContainer = (container: object) => errors({}, container)
const c = 'spec.containers[0]'

describe('a pod', () => {
  it('that is well is well', () => {
    assert.deepEqual(errors({}), [])
    const full = {
      volumes: [
        { name: 'config', configMap: { name: 'a', items: [{ key: 'k', path: 'd/k', mode: 0o400 }] } },
        { name: 'scratch', emptyDir: { sizeLimit: '1Gi' } },
      ],
      initContainers: [
        { name: 'i', image: 'a' },
        { name: 'side', image: 'a', restartPolicy: 'Always', readinessProbe: { tcpSocket: { port: 1 } } },
      ],
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ operator: 'Exists' }, { key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: 5 }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
          },
        },
      },
      hostAliases: [{ ip: '10.0.0.1', hostnames: ['a.b'] }],
      dnsConfig: { searches: ['a.b.', '.'] },
    }
    const container = {
      ports: [{ containerPort: 80, name: 'http' }],
      env: [
        { name: 'A', value: '' },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: 'C', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
      ],
      volumeMounts: [
        { name: 'config', mountPath: '/etc/c' },
        { name: 'scratch', mountPath: '/tmp', subPath: 'x' },
      ],
      lifecycle: { preStop: { sleep: { seconds: 5 } } },
    }
    assert.deepEqual(errors(full, container), [])
  })

  it('has containers, named and different', () => {
    assert.deepEqual(errors({ containers: [] }), ['spec.containers: Required value'])
    assert.deepEqual(inContainer({ name: '', image: undefined }), [
      `${c}.name: Required value`,
      `${c}.image: Required value`,
    ])
    assert.match(
      inContainer({ name: 'A' }).join(),
      /containers\[0\]\.name: Invalid value: "A": a lowercase RFC 1123 label/,
    )
    assert.deepEqual(errors({ initContainers: [{ name: 'c', image: 'a' }] }), [
      'spec.initContainers[0].name: Duplicate value: "c"',
    ])
    assert.deepEqual(inContainer({ image: ' a' }), [
      `${c}.image: Invalid value: " a": must not have leading or trailing whitespace`,
    ])
  })

  it('has ports that can be', () => {
    const ports = [
      { containerPort: 0 },
      { containerPort: 80, name: 'HTTP_', hostPort: 8080, hostIP: 'x' },
      { containerPort: 81, name: 'a', hostPort: 8081 },
      { containerPort: 82, name: 'a', hostPort: 8081 },
    ]
    const found = inContainer({ ports })
    for (const expected of [
      `${c}.ports[0].containerPort: Invalid value: 0: must be between 1 and 65535, inclusive`,
      `${c}.ports[1].name: Invalid value: "HTTP_": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`,
      `${c}.ports[1].hostIP: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
      `${c}.ports[3].name: Duplicate value: "a"`,
      `${c}.ports[3].hostPort: Duplicate value: "TCP//8081"`,
    ]) {
      assert.ok(found.includes(expected), `${expected}\nnot in\n${found.join('\n')}`)
    }
    assert.deepEqual(errors({ hostNetwork: true }, { ports: [{ containerPort: 80, hostPort: 81 }] }), [
      `${c}.ports[0].containerPort: Invalid value: 80: must match \`hostPort\` when \`hostNetwork\` is true`,
    ])
  })

  it('has an environment that can be', () => {
    const env = [
      { name: '' },
      { name: 'a=b' },
      { name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'B', valueFrom: {} },
      { name: 'C', valueFrom: { fieldRef: { fieldPath: 'spec.volumes' } } },
      { name: 'D', valueFrom: { configMapKeyRef: { key: 'a/b' } } },
      { name: 'E', valueFrom: { resourceFieldRef: { resource: 'limits.gpu' } } },
    ]
    const fields = inContainer({ env, envFrom: [{}] }).map(error => error.split(': ').slice(0, 2).join(': '))
    assert.deepEqual(fields, [
      `${c}.env[0].name: Required value`,
      `${c}.env[1].name: Invalid value`,
      `${c}.env[2].valueFrom: Invalid value`,
      `${c}.env[3].valueFrom: Invalid value`,
      `${c}.env[4].valueFrom.fieldRef.fieldPath: Unsupported value`,
      `${c}.env[5].valueFrom.configMapKeyRef.name: Required value`,
      `${c}.env[5].valueFrom.configMapKeyRef.key: Invalid value`,
      `${c}.env[6].valueFrom.resourceFieldRef.resource: Unsupported value`,
      `${c}.envFrom[0]: Required value`,
    ])
  })

  it('mounts volumes it has, each of one kind', () => {
    const volumes = [
      { name: 'a', emptyDir: {}, hostPath: { path: '/a/../b' } },
      { name: 'a', configMap: {} },
      { name: 'b', secret: { secretName: 's', items: [{ key: '', path: '../x', mode: 0o1000 }] } },
      { name: 'd', nfs: { server: '', path: 'x' } },
      { name: 'e', projected: { sources: [{}, { secret: {}, configMap: { name: 'c' } }] } },
    ]
    const volumeMounts = [
      { name: 'nope', mountPath: '/x' },
      { name: 'a', mountPath: '/x' },
      { name: 'b', mountPath: '', subPath: '/abs' },
      { name: 'b', mountPath: '/y', subPath: 'a', subPathExpr: 'b', mountPropagation: 'Bidirectional' },
    ]
    assert.deepEqual(errors({ volumes }, { volumeMounts }), [
      'spec.volumes[2].secret.items[0].key: Required value',
      'spec.volumes[3].nfs.server: Required value',
      `${c}.volumeMounts[2].mountPath: Required value`,
      'spec.volumes[0].emptyDir: Forbidden: may not specify more than 1 volume type',
      'spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
      'spec.volumes[1].name: Duplicate value: "a"',
      'spec.volumes[1].configMap.name: Required value',
      'spec.volumes[2].secret.items[0].path: Invalid value: "../x": must not contain \'..\'',
      'spec.volumes[2].secret.items[0].mode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
      'spec.volumes[3].nfs.path: Invalid value: "x": must be an absolute path',
      'spec.volumes[4].projected.sources[0]: Required value: must specify a projection source',
      'spec.volumes[4].projected.sources[1].configMap: Forbidden: may not specify more than 1 projection source',
      'spec.volumes[4].projected.sources[1].secret.name: Required value',
      `${c}.volumeMounts[0].name: Not found: "nope"`,
      `${c}.volumeMounts[1].mountPath: Invalid value: "/x": must be unique`,
      `${c}.volumeMounts[2].subPath: Invalid value: "/abs": must be a relative path`,
      `${c}.volumeMounts[3].subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually exclusive`,
      `${c}.volumeMounts[3].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
    ])
  })

  it('asks for no more than it may use', () => {
    const resources = (limits: object, requests: object) => inContainer({ resources: { limits, requests } })
    assert.deepEqual(resources({ cpu: '500m' }, { cpu: '1' }), [
      `${c}.resources.requests: Invalid value: "1": must be less than or equal to cpu limit of 500m`,
    ])
    assert.deepEqual(resources({ memory: '-1' }, {}).slice(0, 1), [
      `${c}.resources.limits[memory]: Invalid value: "-1": must be greater than or equal to 0`,
    ])
    assert.deepEqual(resources({ 'example.com/gpu': '2' }, { 'example.com/gpu': '1' }), [
      `${c}.resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2`,
    ])
    assert.deepEqual(resources({ 'example.com/gpu': '1500m' }, {}).slice(0, 1), [
      `${c}.resources.limits[example.com/gpu]: Invalid value: "1500m": must be an integer`,
    ])
    assert.match(resources({ gpu: '1' }, {}).join(), /must be a standard resource type or fully qualified/)
    assert.deepEqual(resources({}, { 'hugepages-2Mi': '2Mi' }), [
      `${c}.resources.limits: Required value: Limit must be set for non overcommitable resources`,
    ])
  })

  it('probes in one way, and only what stays', () => {
    assert.deepEqual(inContainer({ livenessProbe: {} }), [
      `${c}.livenessProbe: Required value: must specify a handler type`,
    ])
    const probe = { exec: {}, tcpSocket: { port: 70000 }, successThreshold: 2, periodSeconds: -1 }
    assert.deepEqual(inContainer({ livenessProbe: probe }), [
      `${c}.livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0`,
      `${c}.livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`,
      `${c}.livenessProbe.exec.command: Required value`,
      `${c}.livenessProbe.tcpSocket.port: Invalid value: 70000: must be between 1 and 65535, inclusive`,
      `${c}.livenessProbe.successThreshold: Invalid value: 2: must be 1`,
    ])
    const init = { name: 'i', image: 'a', livenessProbe: { exec: { command: ['a'] } } }
    assert.deepEqual(errors({ initContainers: [init] }), [
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ])
    assert.deepEqual(
      errors({ terminationGracePeriodSeconds: 3 }, { lifecycle: { preStop: { sleep: { seconds: 5 } } } }),
      [
        `${c}.lifecycle.preStop.sleep: Invalid value: 5: must be non-negative and less than terminationGracePeriodSeconds (3)`,
      ],
    )
  })

  it('does not contradict itself on rights', () => {
    const context = { allowPrivilegeEscalation: false, privileged: true, seccompProfile: { type: 'Localhost' } }
    assert.deepEqual(inContainer({ securityContext: context }), [
      `${c}.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`,
      `${c}.securityContext: Invalid value: "allowPrivilegeEscalation": cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
    ])
    const unmasked = { securityContext: { procMount: 'Unmasked' } }
    assert.deepEqual(inContainer(unmasked), [
      `${c}.securityContext.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``,
    ])
    assert.deepEqual(errors({ hostUsers: false }, unmasked), [])
    assert.deepEqual(errors({ securityContext: { runAsUser: -1, sysctls: [{ name: 'a b', value: '1' }] } }).length, 2)
    assert.deepEqual(errors({ hostPID: true, shareProcessNamespace: true }), [
      'spec.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
    ])
  })

  it('says clearly where it wants to run', () => {
    const { length } = errors({
      tolerations: [{ value: 'x' }, { key: 'a', operator: 'Exists', value: 'x' }, { key: 'a', tolerationSeconds: 1 }],
    })
    assert.equal(length, 3)
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] },
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 101, preference: { matchExpressions: [{ key: 'a', operator: 'Gt', values: [] }] } },
        ],
      },
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] },
    }
    const at = 'spec.affinity'
    assert.deepEqual(errors({ affinity }), [
      `${at}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value`,
      `${at}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be between 1 and 100, inclusive`,
      `${at}.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value`,
      `${at}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
    ])
  })

  it('says which operator of a node selector is none', () => {
    const term = (operator: string) => ({ matchExpressions: [{ key: 'a', operator: operator as 'In' }] })
    const preferred = [
      { weight: 1, preference: term('') },
      { weight: 1, preference: term('Near') },
    ]
    const wrong = errors({ affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } } })
    assert.deepEqual(
      wrong.map(error => /\[(\d)\]\.preference\.matchExpressions\[0\]\.operator: /.exec(error)?.[1]),
      ['0', '1'],
    )
  })

  it('has metadata that can be', () => {
    const pod = podOf(
      {},
      {},
      { metadata: { name: 'A', namespace: 'n', labels: { 'a b': 'c d' }, finalizers: ['mine'] } },
    )
    assert.deepEqual(
      wrongWith(pods, pod).map(error => error.split(': ')[0]),
      ['metadata.name', 'metadata.labels', 'metadata.labels', 'metadata.finalizers[0]'],
    )
    assert.deepEqual(wrongWith(pods, podOf({}, {}, { metadata: {} })), [
      'metadata.name: Required value: name or generateName is required',
      'metadata.namespace: Required value',
    ])
  })
})

describe('an update of a pod', () => {
  const old = podOf({ tolerations: [{ key: 'a', operator: 'Exists' }], activeDeadlineSeconds: 10 })
  const update = (spec: object, container: object = {}) =>
    wrongWithUpdate(
      pods,
      podOf({ tolerations: old.spec.tolerations, activeDeadlineSeconds: 10, ...spec }, container),
      old,
    )

  it('may change images, tolerate more, and end sooner', () => {
    assert.deepEqual(update({}, { image: 'busybox:2', imagePullPolicy: 'IfNotPresent' }), [])
    assert.deepEqual(update({ activeDeadlineSeconds: 5 }), [])
    const more = [
      { key: 'a', operator: 'Exists', tolerationSeconds: 5 },
      { key: 'b', operator: 'Exists' },
    ]
    assert.deepEqual(update({ tolerations: more }), [])
  })

  it('may change nothing else, and is told what it tried', () => {
    const [error = '', ...rest] = update({ hostname: 'x' }, { command: ['a'] })
    assert.deepEqual(rest, [])
    assert.match(
      error,
      /^spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`/,
    )
    assert.match(error, /changed: spec\.containers\[0\]\.command, spec\.hostname$/)
    assert.deepEqual(update({ initContainers: [{ name: 'i', image: 'a' }] }), [
      'spec: Forbidden: pod updates may not add or remove containers',
    ])
    assert.deepEqual(update({ activeDeadlineSeconds: 11 }), [
      'spec.activeDeadlineSeconds: Invalid value: 11: must be less than or equal to previous value',
    ])
    assert.deepEqual(update({ tolerations: [] }), [
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ])
  })

  it('may only take scheduling gates away', () => {
    const gated = podOf({ schedulingGates: [{ name: 'a' }], nodeSelector: { a: 'b' } })
    const ungated = podOf({ nodeSelector: { a: 'b', c: 'd' } })
    assert.deepEqual(wrongWithUpdate(pods, ungated, gated), [])
    assert.deepEqual(wrongWithUpdate(pods, podOf({ schedulingGates: [{ name: 'b' }] }), podOf()), [
      'spec.schedulingGates: Forbidden: only deletion is allowed, but found new scheduling gates "b"',
    ])
    assert.deepEqual(wrongWithUpdate(pods, podOf(), podOf({ nodeSelector: { a: 'b' } })).length, 1)
  })

  it('may not revive what ended for good', () => {
    const withState = (state: object) =>
      podOf(
        { restartPolicy: 'OnFailure' },
        {},
        {
          status: { containerStatuses: [{ name: 'c', image: 'a', imageID: '', ready: false, restartCount: 0, state }] },
        },
      )
    const status = (before: object, after: object) => wrongWithStatus(pods, withState(after), withState(before))
    assert.deepEqual(status({ terminated: { exitCode: 0 } }, { running: {} }), [
      'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
    ])
    assert.deepEqual(status({ terminated: { exitCode: 1 } }, { running: {} }), [])
    assert.deepEqual(status({ running: {} }, { terminated: { exitCode: 0 } }), [])
  })
})
