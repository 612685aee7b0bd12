import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { configMaps, events, nodes, pods } from '../kinds/core-v1.ts'
import { kinds } from '../kinds/index.ts'
import { condition } from '../kinds/meta-v1.ts'
import { arbitrary } from './arbitrary.ts'
import { DecodeError, decode } from './decode.ts'
import { duplicateKeys } from './json.ts'
import { nearest } from './nearest.ts'

const pod = (spec: object, rest: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a' },
  spec,
  ...rest,
})

describe('decoding', () => {
  it('makes what is always there, so that types hold', () => {
    assert.deepEqual(decode(pods.schema, {}).object, {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: {},
      spec: { containers: [] },
      status: {},
    })
    const { status } = decode(nodes.schema, {}).object
    assert.equal(status.daemonEndpoints.kubeletEndpoint.Port, 0)
    assert.equal(status.nodeInfo.kernelVersion, '')
  })

  it('leaves zeros out that mean nothing and keeps those that do', () => {
    const container = { name: 'a', stdin: false, workingDir: '', command: [], restartPolicy: null, securityContext: {} }
    const given = pod({ containers: [container], hostNetwork: false, hostUsers: false, priority: 0, nodeSelector: {} })
    assert.deepEqual(decode(pods.schema, given).object.spec, {
      containers: [{ name: 'a', resources: {}, securityContext: {} }],
      hostUsers: false,
      priority: 0,
    })
  })

  it('writes values in their one form', () => {
    const given = pod(
      { containers: [{ name: 'a', resources: { limits: { cpu: 0.5, memory: '2048Ki' } } }] },
      { metadata: { creationTimestamp: '2026-01-31T13:00:00.9+01:00' } },
    )
    const { object } = decode(pods.schema, given)
    assert.deepEqual(object.spec.containers[0]?.resources.limits, { cpu: '500m', memory: '2Mi' })
    assert.equal(object.metadata.creationTimestamp, '2026-01-31T12:00:00Z')
    const event = decode(events.schema, { eventTime: '2026-01-31T13:00:00.123456+01:00' }).object
    assert.equal(event.eventTime, '2026-01-31T12:00:00.123456Z')
    for (const eventTime of ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.123Z']) {
      assert.throws(() => decode(events.schema, { eventTime }), DecodeError)
    }
  })

  it('drops what is not declared, and tells where it was and what was meant', () => {
    const given = pod({
      containers: [{ name: 'a' }, { name: 'b', imagePullPolcy: 'Always', ports: [{ hostport: 1 }] }],
      foo: 1,
    })
    const { object, unknown } = decode(pods.schema, { ...given, sepc: {} })
    assert.deepEqual(unknown, [
      'unknown field "spec.containers[1].ports[0].hostport" (did you mean "hostPort"?)',
      'unknown field "spec.containers[1].imagePullPolcy" (did you mean "imagePullPolicy"?)',
      'unknown field "spec.foo"',
      'unknown field "sepc" (did you mean "spec"?)',
    ])
    assert.ok(!('foo' in object.spec))
  })

  it('refuses wrong types, all at once, each with its path', () => {
    const container = {
      name: 5,
      ports: [{ containerPort: '80' }, { containerPort: 1.5 }],
      env: 'A=b',
      resources: { limits: { cpu: '1 core' } },
      livenessProbe: { httpGet: { port: true } },
    }
    const given = pod(
      { containers: [container, 'b'], hostNetwork: 'yes' },
      { metadata: { labels: ['a'], generation: 2 ** 60 } },
    )
    assert.throws(
      () => decode(pods.schema, given),
      (error: unknown) => {
        assert.ok(error instanceof DecodeError)
        assert.deepEqual(
          error.problems.map(({ field, message }) => `${field}: ${message}`),
          [
            'metadata.generation: must be a whole number within ±2^53, not a number (1152921504606847000)',
            'metadata.labels: must be a map, not a list',
            'spec.containers[0].name: must be a string, not a number (5)',
            'spec.containers[0].ports[0].containerPort: must be a whole number of 32 bits, not a string ("80")',
            'spec.containers[0].ports[1].containerPort: must be a whole number of 32 bits, not a number (1.5)',
            'spec.containers[0].env: must be a list, not a string ("A=b")',
            'spec.containers[0].resources.limits.cpu: must be a quantity such as 500m, 1.5 or 64Mi, not a string ("1 core")',
            'spec.containers[0].livenessProbe.httpGet.port: must be a whole number or a string, not a boolean',
            'spec.containers[1]: must be an object, not a string ("b")',
            'spec.hostNetwork: must be true or false, not a string ("yes")',
          ],
        )
        return true
      },
    )
    for (const value of [null, 5, 'x', []]) assert.throws(() => decode(pods.schema, value), DecodeError)
    assert.throws(() => decode(pods.schema, { kind: 'Node' }), /kind: must be "Pod", not "Node"/)
  })

  it('checks base64 and times', () => {
    const data = (value: unknown) => () => decode(configMaps.schema, { binaryData: { a: value } })
    assert.deepEqual(data('YQ==\n')().object.binaryData, { a: 'YQ==' })
    for (const bad of ['YQ', 'Y===', 'Y Q=', '=YQ=', 'YQ==YQ==', 5]) assert.throws(data(bad), DecodeError, String(bad))
    assert.throws(() => decode(condition, { lastTransitionTime: 'yesterday' }), /must be a time such as/)
  })

  it('takes any key of a map for a key', () => {
    const { object } = decode(configMaps.schema, JSON.parse('{"data":{"__proto__":"x","constructor":"y","a":null}}'))
    assert.deepEqual(Object.entries(object.data ?? {}), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['a', ''],
    ])
    assert.deepEqual(decode(pods.schema, JSON.parse('{"spec":{"__proto__":{"hostNetwork":true}}}')).unknown, [
      'unknown field "spec.__proto__"',
    ])
  })

  it('is done after one time', () => {
    for (const kind of kinds) {
      fc.assert(
        fc.property(arbitrary(kind.schema), object => {
          const again = decode(kind.schema, JSON.parse(JSON.stringify(object)))
          assert.deepEqual(again, { object, unknown: [] })
        }),
        { numRuns: 25 },
      )
    }
  })
})

describe('duplicate keys', () => {
  it('are told with their paths', () => {
    const text = '{"a":1,"b":{"c":[{"d":1,"d":2},{"e":{"f":1},"e":2}]},"a":"\\"x\\":","g":"a","\\u0061":3}'
    assert.deepEqual(duplicateKeys(text), ['b.c[0].d', 'b.c[1].e', 'a', 'a'])
  })

  it('are told up to a number', () => {
    assert.equal(duplicateKeys(`{${'"a":1,'.repeat(1000)}"a":1}`).length, 20)
  })

  it('are none in what JSON.stringify writes', () => {
    fc.assert(fc.property(fc.json(), text => assert.deepEqual(duplicateKeys(JSON.stringify(JSON.parse(text))), [])))
  })

  it('are found wherever they are', () => {
    const key = fc.string({ maxLength: 3 })
    fc.assert(
      fc.property(key, fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (name, first, between, last) => {
        const quoted = JSON.stringify(name)
        const other = JSON.stringify(`${name}!`)
        const [a, b, c] = [first, between, last].map(value => JSON.stringify(value))
        const found = duplicateKeys(`[{ ${quoted} : ${a} , ${other}: ${b}, ${quoted}:${c} }]`)
        assert.deepEqual(found, [`[0].${name}`])
      }),
    )
  })
})

describe('the nearest name', () => {
  it('is a slip away', () => {
    const names = ['imagePullPolicy', 'image', 'hostPort', 'hostIP', 'env', 'envFrom']
    const cases: [word: string, meant: string | undefined][] = [
      ['imagePullPolcy', 'imagePullPolicy'],
      ['imagepullpolicy', 'imagePullPolicy'],
      ['imgae', 'image'],
      ['hostport', 'hostPort'],
      ['enf', 'env'],
      ['environment', undefined],
      ['x', undefined],
    ]
    for (const [word, meant] of cases) assert.equal(nearest(word, names), meant, word)
  })
})
