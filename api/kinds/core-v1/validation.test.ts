// The rules of kinds other than pods.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { leases } from '../coordination-v1/lease.ts'
import { made, wrongWith, wrongWithStatus, wrongWithUpdate } from '../fixture.ts'
import { bindings } from './binding.ts'
import { configMaps } from './config-map.ts'
import { events } from './event.ts'
import { namespaces } from './namespace.ts'
import { nodes } from './node.ts'
import { secrets } from './secret.ts'
import { services } from './service.ts'

const metadata = { name: 'a', namespace: 'n' }
const base64 = (text: string) => Buffer.from(text).toString('base64')
const fieldsOf = (errors: string[]) => errors.map(error => error.split(': ').slice(0, 2).join(': '))

describe('a ConfigMap', () => {
  const of = (rest: object) => made(configMaps, { metadata, ...rest })

  it('has keys that can be files, each once, and at most 1 MiB', () => {
    assert.deepEqual(wrongWith(configMaps, of({ data: { 'a.b': 'x' }, binaryData: { c: base64('y') } })), [])
    const both = of({ data: { 'a/b': 'x', c: '' }, binaryData: { c: base64('y') } })
    assert.deepEqual(fieldsOf(wrongWith(configMaps, both)), ['data[a/b]: Invalid value', 'data[c]: Invalid value'])
    assert.deepEqual(wrongWith(configMaps, of({ data: { a: 'x'.repeat(1024 * 1024) } })), [])
    assert.deepEqual(
      wrongWith(configMaps, of({ data: { a: 'x'.repeat(1024 * 1024) }, binaryData: { b: base64('y') } })),
      ['data: Too long: may not be more than 1048576 bytes'],
    )
  })

  it('that is immutable stays so', () => {
    const old = of({ data: { a: '1' }, immutable: true })
    assert.deepEqual(wrongWithUpdate(configMaps, of({ data: { a: '2' } }), old), [
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
    ])
    assert.deepEqual(wrongWithUpdate(configMaps, of({ data: { a: '2' } }), of({ data: { a: '1' } })), [])
  })
})

describe('a Secret', () => {
  const of = (rest: object) => made(secrets, { metadata, ...rest })

  it('moves text to data', () => {
    const { data, stringData, type } = of({ data: { a: base64('1'), b: base64('2') }, stringData: { b: 'ü' } })
    assert.deepEqual(
      { data, stringData, type },
      {
        data: { a: base64('1'), b: base64('ü') },
        stringData: undefined,
        type: 'Opaque',
      },
    )
  })

  it('has what its type demands, and never shows it', () => {
    assert.deepEqual(wrongWith(secrets, of({ type: 'kubernetes.io/tls', stringData: { 'tls.crt': 'x' } })), [
      'data[tls.key]: Required value',
    ])
    const docker = of({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': 'hunter2' } })
    assert.deepEqual(wrongWith(secrets, docker), [
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be valid JSON',
    ])
    assert.equal(wrongWith(secrets, of({ type: 'kubernetes.io/basic-auth' })).length, 2)
    assert.deepEqual(wrongWith(secrets, of({ type: 'example.com/own' })), [])
    assert.deepEqual(wrongWithUpdate(secrets, of({ type: 'b' }), of({ type: 'a' })), [
      'type: Invalid value: "b": field is immutable',
    ])
  })
})

describe('a Service', () => {
  const of = (spec: object) => made(services, { metadata, spec })
  const ports = [{ port: 80 }]

  it('gets its defaults', () => {
    assert.deepEqual(of({ ports, sessionAffinity: 'ClientIP' }).spec, {
      ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
      type: 'ClusterIP',
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
      internalTrafficPolicy: 'Cluster',
    })
    const { externalTrafficPolicy, allocateLoadBalancerNodePorts } = of({ ports, type: 'LoadBalancer' }).spec
    assert.deepEqual([externalTrafficPolicy, allocateLoadBalancerNodePorts], ['Cluster', true])
  })

  it('has ports that can be told apart', () => {
    assert.deepEqual(wrongWith(services, of({ ports })), [])
    assert.deepEqual(wrongWith(services, of({})), ['spec.ports: Required value'])
    assert.deepEqual(wrongWith(services, of({ clusterIP: 'None' })), [])
    assert.deepEqual(
      wrongWith(
        services,
        of({
          ports: [
            { port: 80, name: 'a' },
            { port: 80, name: 'a' },
            { port: 81, nodePort: 1 },
          ],
        }),
      ),
      [
        'spec.ports[1].name: Duplicate value: "a"',
        'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}',
        'spec.ports[2].name: Required value',
        "spec.ports[2].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
      ],
    )
  })

  it('is of a type with what that type needs', () => {
    assert.deepEqual(wrongWith(services, of({ type: 'ExternalName' })), ['spec.externalName: Required value'])
    assert.deepEqual(wrongWith(services, of({ type: 'ExternalName', externalName: 'a.b.' })), [])
    assert.deepEqual(fieldsOf(wrongWith(services, of({ ports, clusterIP: 'x', externalIPs: ['y'] }))), [
      'spec.clusterIP: Invalid value',
      'spec.externalIPs[0]: Invalid value',
    ])
    assert.equal(
      wrongWith(services, made(services, { metadata: { ...metadata, name: '0a' }, spec: { ports } })).length,
      1,
    )
  })

  it('keeps its address', () => {
    const old = of({ ports, clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] })
    assert.deepEqual(wrongWithUpdate(services, of({ ports, clusterIP: '10.0.0.2' }), old), [
      'spec.clusterIPs[0]: Invalid value: "10.0.0.2": field is immutable',
    ])
    assert.deepEqual(wrongWithUpdate(services, of({ type: 'ExternalName', externalName: 'a' }), old), [])
  })
})

describe('a Node', () => {
  const of = (spec: object, status: object = {}) => made(nodes, { metadata: { name: 'n' }, spec, status })

  it('offers all it has unless told otherwise', () => {
    assert.deepEqual(of({}, { capacity: { cpu: '2' } }).status.allocatable, { cpu: '2' })
  })

  it('has taints and addresses that can be', () => {
    const taints = [
      { key: 'a', effect: 'NoSchedule' },
      { key: 'a', value: 'x', effect: 'NoSchedule' },
      { key: '', effect: 'Off' },
    ]
    assert.deepEqual(wrongWith(nodes, of({ taints })), [
      'spec.taints[2].key: Required value',
      'spec.taints[2].effect: Unsupported value: "Off": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
      'spec.taints[1]: Duplicate value: {"key":"a","effect":"NoSchedule"}',
    ])
    assert.deepEqual(fieldsOf(wrongWith(nodes, of({ podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/33'] }))), [
      'spec.podCIDRs[0]: Invalid value',
      'spec.podCIDRs[0]: Invalid value',
    ])
  })

  it('keeps its network and its identity', () => {
    const old = of({ podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'], providerID: 'a' })
    assert.deepEqual(fieldsOf(wrongWithUpdate(nodes, of({ providerID: 'b' }), old)), [
      'spec.podCIDRs: Forbidden',
      'spec.providerID: Forbidden',
    ])
    assert.deepEqual(wrongWithUpdate(nodes, old, of({})), [])
  })
})

describe('metadata', () => {
  const of = (meta: object) => made(namespaces, { metadata: { name: 'a', ...meta } })

  it('of a namespace carries its name as a label', () => {
    assert.deepEqual(of({ labels: { a: 'b' } }).metadata.labels, { a: 'b', 'kubernetes.io/metadata.name': 'a' })
    assert.deepEqual(wrongWith(namespaces, of({ namespace: 'x' })), [
      'metadata.namespace: Forbidden: not allowed on this type',
    ])
    assert.equal(wrongWith(namespaces, of({ name: 'a.b' })).length, 1)
  })

  it('has at most one controller, and annotations of some size', () => {
    const owner = { apiVersion: 'v1', kind: 'K', name: 'o', uid: 'u', controller: true }
    const errors = wrongWith(
      namespaces,
      of({ ownerReferences: [owner, { ...owner, uid: '' }], annotations: { a: 'x'.repeat(2 ** 18) } }),
    )
    assert.deepEqual(fieldsOf(errors), [
      'metadata.annotations: Too long',
      'metadata.ownerReferences.uid: Invalid value',
      'metadata.ownerReferences: Invalid value',
    ])
  })

  it('keeps what identifies the object', () => {
    const old = of({ uid: 'u', generation: 2, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a/b'] })
    const now = of({ name: 'b', uid: 'v', generation: 1, finalizers: ['a/b', 'a/c'] })
    assert.deepEqual(fieldsOf(wrongWithUpdate(namespaces, now, old)), [
      'metadata.name: Invalid value',
      'metadata.uid: Invalid value',
      'metadata.deletionTimestamp: Invalid value',
      'metadata.finalizers: Forbidden',
      'metadata.generation: Invalid value',
    ])
  })
})

describe('what else there is', () => {
  it('has rules too', () => {
    const ending = made(namespaces, { metadata: { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' } })
    assert.match(
      wrongWithStatus(namespaces, ending, ending)[0] ?? '',
      /may only be 'Terminating' if `deletionTimestamp` is not empty/,
    )

    const lease = made(leases, { metadata, spec: { holderIdentity: '', leaseTransitions: -1 } })
    assert.deepEqual(fieldsOf(wrongWith(leases, lease)), [
      'spec.leaseTransitions: Invalid value',
      'spec.holderIdentity: Invalid value',
    ])

    const elsewhere = made(events, { metadata, involvedObject: { namespace: 'm' } })
    assert.deepEqual(wrongWith(events, elsewhere), [
      'involvedObject.namespace: Invalid value: "m": does not match event.namespace',
    ])
    const reported = made(events, {
      metadata,
      involvedObject: { namespace: 'n' },
      eventTime: '2026-01-01T00:00:00.000000Z',
    })
    assert.equal(wrongWith(events, reported).length, 5)

    assert.deepEqual(wrongWith(bindings, made(bindings, { metadata, target: { kind: 'Pod' } })), [
      'target.kind: Unsupported value: "Pod": supported values: "<empty>", "Node"',
      'target.name: Required value',
    ])
  })
})
