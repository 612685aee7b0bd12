import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decode } from '../../schema/decode.ts'
import { pods } from './pod.ts'
import { podTemplateWarnings, podWarnings } from './pod-warnings.ts'

const decoded = (spec: object, metadata: object = { name: 'p' }) =>
  decode(pods.schema, { metadata, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } }).object

const warnings = (spec: object, metadata?: object): string[] => podWarnings(decoded(spec, metadata))
const container = (fields: object, name = 'c'): object => ({ name, image: 'i', ...fields })
const volume = (source: object): object => ({ volumes: [{ name: 'v', ...source }] })

describe('warnings of a pod', () => {
  it('are none for an ordinary one', () => {
    assert.deepEqual(warnings({}), [])
  })

  it('name fractions of a byte', () => {
    const resources = { limits: { memory: '64m', cpu: '100m' }, requests: { memory: '0.5', 'ephemeral-storage': '1k' } }
    assert.deepEqual(warnings({ containers: [container({ resources })] }), [
      'spec.containers[0].resources.limits[memory]: fractional byte value "64m" is invalid, must be an integer',
      'spec.containers[0].resources.requests[memory]: fractional byte value "500m" is invalid, must be an integer',
    ])
  })

  it('name variables that hide others, unless they build on them', () => {
    const env = [
      { name: 'a', value: '1' },
      { name: 'a', value: '2' },
      { name: 'a', value: '$(a)' },
      { name: 'a', value: '$(a)3' },
    ]
    const hides = 'hides previous definition of "a", which may be dropped when using apply'
    assert.deepEqual(warnings({ initContainers: [container({ env }, 'i')] }), [
      `spec.initContainers[0].env[1]: ${hides}`,
      `spec.initContainers[0].env[2]: ${hides}`,
    ])
  })

  it('name ports that clash', () => {
    const containers = [
      container({
        ports: [{ containerPort: 80, name: 'p' }, { containerPort: 81 }, { containerPort: 81, hostPort: 1 }],
      }),
      container({ ports: [{ containerPort: 80, name: 'p' }] }, 'd'),
    ]
    assert.deepEqual(warnings({ containers }), [
      'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]',
      'spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]',
      'spec.containers[1].ports[0]: duplicate port name "p" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]',
    ])
    const ports = [{ containerPort: 82, protocol: 'TCP', hostIP: '10.0.0.1' }]
    assert.deepEqual(warnings({ containers: [container({ ports })] }), [
      'spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:82 Protocol:TCP HostIP:10.0.0.1}',
    ])
  })

  it('name volumes that are no more, that are empty, or whose files stand in each other', () => {
    assert.deepEqual(warnings(volume({ glusterfs: { endpoints: 'e', path: 'p' } })), [
      'spec.volumes[0].glusterfs: deprecated in v1.25, non-functional in v1.26+',
    ])
    assert.deepEqual(warnings(volume({ projected: { sources: [{}] } })), [
      'volume "v" (Projected) has no sources provided',
    ])
    const items = [
      { key: 'a', path: 'test' },
      { key: 'b', path: 'test/app' },
    ]
    assert.deepEqual(warnings(volume({ configMap: { name: 'm', items } })), [
      'volume "v" (ConfigMap "m"): overlapping paths: "test/app" with "test"',
    ])
    const sources = [{ serviceAccountToken: { path: 'test/t' } }, { secret: { name: 's', items: [items[0]] } }]
    assert.deepEqual(warnings(volume({ projected: { sources } })), [
      'volume "v" (Projected): overlapping paths: "test" (Secret "s") with "test/t" (ServiceAccountToken)',
    ])
  })

  it('name names that are given twice or are none', () => {
    const spec = {
      hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }],
      imagePullSecrets: [{ name: 'a' }, { name: 'a' }, { name: '' }],
    }
    assert.deepEqual(warnings(spec), [
      'spec.hostAliases[1].ip: duplicate ip "1.1.1.1"',
      'spec.imagePullSecrets[1].name: duplicate name "a"',
      'spec.imagePullSecrets[2].name: invalid empty name ""',
    ])
  })

  it('name labels, annotations and selectors that no longer mean what they did', () => {
    const metadata = { name: 'p', annotations: { 'scheduler.alpha.kubernetes.io/critical-pod': '' } }
    const spec = {
      nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] } },
    }
    assert.deepEqual(warnings(spec, metadata), [
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
      'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
      'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
      'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod',
    ])
  })

  it('name a name that makes a poor hostname', () => {
    const name = 'a'.repeat(64)
    assert.match(
      warnings({}, { name }).join(),
      /^metadata\.name: this is used in the Pod's hostname, .*: \[must be no more/,
    )
    assert.deepEqual(warnings({ hostname: 'h' }, { name }), [])
  })

  it('stand at the fields of a template too', () => {
    const { metadata, spec } = decoded({ terminationGracePeriodSeconds: -1 })
    assert.deepEqual(podTemplateWarnings({ metadata, spec }, 'spec.template'), [
      'spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
    ])
  })
})
