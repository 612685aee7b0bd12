import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { pods } from '../kinds/core-v1/pod.ts'
import { podLogOptions } from '../kinds/core-v1/pod-options.ts'
import { secrets } from '../kinds/core-v1/secret.ts'
import { services } from '../kinds/core-v1/service.ts'
import { kinds } from '../kinds/index.ts'
import { arbitrary } from './arbitrary.ts'
import { decode } from './decode.ts'
import { bytes, message, object } from './message.ts'
import { decodeMessage, encodeMessage, encodeProtobuf, ProtobufError, unwrap, wireScalars, wrap } from './protobuf.ts'

describe('protobuf', () => {
  for (const kind of kinds) {
    it(`carries every ${kind.kind} there and back`, () => {
      fc.assert(
        fc.property(arbitrary(kind.schema), object => {
          const { apiVersion, kind: name, raw } = unwrap(encodeProtobuf(kind.schema, object))
          assert.deepEqual({ apiVersion, kind: name }, { apiVersion: kind.apiVersion, kind: kind.kind })
          assert.deepEqual(decode(kind.schema, decodeMessage(kind.schema, raw)).object, object)
        }),
        { numRuns: 60 },
      )
    })
  }

  it('carries lists', () => {
    fc.assert(
      fc.property(arbitrary(pods.listSchema, 5), list => {
        const json = decodeMessage(pods.listSchema, encodeMessage(pods.listSchema, list))
        assert.deepEqual(decode(pods.listSchema, json).object, list)
      }),
      { numRuns: 20 },
    )
  })

  it('reads a body that kubectl sent', () => {
    // `kubectl create secret generic s --from-literal=k=v`, version 1.33.
    const body = Buffer.from(kubectlSecret, 'hex')
    const { apiVersion, kind, raw } = unwrap(body)
    assert.deepEqual({ apiVersion, kind }, { apiVersion: 'v1', kind: 'Secret' })
    assert.deepEqual(decode(secrets.schema, decodeMessage(secrets.schema, raw)).object, {
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { name: 's' },
      data: { k: Buffer.from('v').toString('base64') },
    })
  })

  it('reads numbers-or-strings, and leaves out the zeros that kubectl sends for what is not set', () => {
    // `kubectl create service clusterip my-svc --tcp=5678:8080`, version 1.33.
    const { raw } = unwrap(Buffer.from(kubectlService, 'hex'))
    assert.deepEqual(decode(services.schema, decodeMessage(services.schema, raw)).object, {
      kind: 'Service',
      apiVersion: 'v1',
      metadata: { name: 'my-svc', labels: { app: 'my-svc' } },
      spec: {
        ports: [{ name: '5678-8080', protocol: 'TCP', port: 5678, targetPort: 8080 }],
        selector: { app: 'my-svc' },
        type: 'ClusterIP',
      },
      status: { loadBalancer: {} },
    })
  })

  it('has messages for what JSON writes as one value', () => {
    assert.deepEqual(wireScalars(), {
      'apimachinery.pkg.runtime.TypeMeta': { apiVersion: [1, 'string'], kind: [2, 'string'] },
      'apimachinery.pkg.runtime.Unknown': {
        typeMeta: [1, 'TypeMeta'],
        raw: [2, 'bytes'],
        contentEncoding: [3, 'string'],
        contentType: [4, 'string'],
      },
      'apimachinery.pkg.runtime.RawExtension': { raw: [1, 'bytes'] },
      'apimachinery.pkg.api.resource.Quantity': { string: [1, 'string'] },
      'apimachinery.pkg.util.intstr.IntOrString': { type: [1, 'int64'], intVal: [2, 'int32'], strVal: [3, 'string'] },
      'apimachinery.pkg.apis.meta.v1.Time': { seconds: [1, 'int64'], nanos: [2, 'int32'] },
      'apimachinery.pkg.apis.meta.v1.MicroTime': { seconds: [1, 'int64'], nanos: [2, 'int32'] },
      'apimachinery.pkg.apis.meta.v1.FieldsV1': { Raw: [1, 'bytes'] },
    })
  })

  it('carries bytes and raw objects', () => {
    const holder = message('test.Holder', '', { bytes: bytes(1, ''), any: object(2, '', { explicit: true }) })
    const given = { bytes: Buffer.from([0, 255, 1]).toString('base64'), any: { a: [1, { b: null }] } }
    assert.deepEqual(decode(holder, decodeMessage(holder, encodeMessage(holder, given))).object, given)
  })

  it('keeps an explicit zero and drops one that means nothing', () => {
    const raw = encodeMessage(podLogOptions, { tailLines: 0, container: '' })
    assert.deepEqual(decode(podLogOptions, decodeMessage(podLogOptions, raw)).object, { tailLines: 0 })
  })

  it('refuses what is no envelope, and says so', () => {
    for (const body of ['{"kind":"Pod"}', '', 'k8s']) {
      assert.throws(() => unwrap(Buffer.from(body)), /does not begin with the bytes "k8s/)
    }
    assert.throws(() => unwrap(Buffer.from([0x6b, 0x38, 0x73, 0, 0x12, 0xff])), ProtobufError)
    const { raw } = unwrap(wrap({ apiVersion: 'v1', kind: 'Pod', raw: Buffer.from([0x0a, 0x7f, 1]) }))
    assert.throws(() => decodeMessage(pods.schema, raw), /api\.core\.v1\.Pod is not valid protobuf/)
  })
})

const kubectlSecret =
  '6b3873000a0c0a0276311206536563726574121d0a110a017312001a0022002a0032003800420012060a016b1201761a001a002200'
const kubectlService =
  '6b3873000a0d0a02763112075365727669636512750a250a066d792d73766312001a0022002a003200380042005a0d0a0361707012066d792d73766312480a1e0a09353637382d38303830120354435018ae2c2207080010903f1a002800120d0a0361707012066d792d7376631a002209436c757374657249503a00420052005a00600068001a020a001a002200'
