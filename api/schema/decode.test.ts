import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { configMaps } from '../kinds/core-v1/config-map.ts'
import { events } from '../kinds/core-v1/event.ts'
import { nodes } from '../kinds/core-v1/node.ts'
import { pods } from '../kinds/core-v1/pod.ts'
import { kinds } from '../kinds/index.ts'
import { condition } from '../kinds/meta-v1/condition.ts'
import { arbitrary } from './arbitrary.ts'
import { base64Fault } from './base64.ts'
import { DecodeError, decode } from './decode.ts'
import { duplicateKeys } from './json.ts'
import { parseJsonExactly, parseJsonMerging, withPlainNumbers } from './number-literal.ts'
import { timeFault } from './time-fault.ts'

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

  it('drops what is not declared, and tells where it was', () => {
    const given = pod({
      containers: [{ name: 'a' }, { name: 'b', imagePullPolcy: 'Always', ports: [{ hostport: 1 }] }],
      foo: 1,
    })
    const { object, unknown } = decode(pods.schema, { ...given, sepc: {} })
    assert.deepEqual(unknown, [
      'unknown field "spec.containers[1].ports[0].hostport"',
      'unknown field "spec.containers[1].imagePullPolcy"',
      'unknown field "spec.foo"',
      'unknown field "sepc"',
    ])
    assert.ok(!('foo' in object.spec))
  })

  const container = (fields: object) => pod({ containers: [{ name: 'c', ...fields }] })
  for (const [given, message] of [
    [
      pod({ containers: { name: 'c' } }),
      'cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      container({ ports: [{ containerPort: '80' }] }),
      'cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      container({ ports: [{ containerPort: 3_000_000_000 }] }),
      'cannot unmarshal number 3000000000 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      pod({ containers: [], hostNetwork: 1 }),
      'cannot unmarshal number into Go struct field PodSpec.spec.hostNetwork of type bool',
    ],
    [
      container({ livenessProbe: { tcpSocket: { port: 1.5 } } }),
      'cannot unmarshal number 1.5 into Go struct field TCPSocketAction.spec.containers.livenessProbe.ProbeHandler.tcpSocket.port of type int32',
    ],
    [
      pod({ volumes: [{ name: 'v', image: 'x' }] }),
      'cannot unmarshal string into Go struct field Volume.spec.volumes.VolumeSource.image of type v1.ImageVolumeSource',
    ],
    [
      pod({ nodeSelector: { a: 1 } }),
      'cannot unmarshal number into Go struct field PodSpec.spec.nodeSelector of type string',
    ],
    [
      pod({ nodeSelector: [] }),
      'cannot unmarshal array into Go struct field PodSpec.spec.nodeSelector of type map[string]string',
    ],
    [pod([]), 'cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec'],
    [
      { ...pod({}), metadata: { creationTimestamp: 5 } },
      'cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
    ],
  ] as const) {
    it(`refuses: ${message}`, () => {
      assert.throws(() => decode(pods.schema, given), { name: 'DecodeError', message: `json: ${message}` })
    })
  }

  it('tells the first fault in the order of the text', () => {
    const given = { spec: { hostNetwork: 'yes', containers: 5 }, metadata: { labels: [] } }
    assert.throws(() => decode(pods.schema, given), /PodSpec\.spec\.hostNetwork of type bool$/)
    const quantities = { limits: { cpu: true } }
    assert.throws(
      () => decode(pods.schema, container({ resources: quantities, image: 5 })),
      /^DecodeError: quantities must match/,
    )
  })

  it('refuses what is no object, or another one', () => {
    for (const value of [5, 'x', []]) assert.throws(() => decode(pods.schema, value), DecodeError)
    assert.throws(() => decode(pods.schema, { kind: 'Node' }), /kind: must be "Pod", not "Node"/)
  })

  it('takes null in lists and maps for the zero value', () => {
    const { object } = decode(pods.schema, pod({ containers: [null, { name: 'a', args: ['x', null] }] }))
    assert.deepEqual(object.spec.containers, [
      { name: '', resources: {} },
      { name: 'a', args: ['x', ''], resources: {} },
    ])
    const limits = { cpu: null }
    assert.deepEqual(
      decode(pods.schema, container({ resources: { limits } })).object.spec.containers[0]?.resources.limits,
      {
        cpu: '0',
      },
    )
  })

  it('takes the zero time for none, and lone surrogates for what they are', () => {
    const metadata = { creationTimestamp: '0001-01-01T00:00:00Z', labels: { a: '\ud800x' } }
    assert.deepEqual(decode(pods.schema, { metadata }).object.metadata, { labels: { a: '\ufffdx' } })
  })

  it('reads numbers as they were written', () => {
    const read = (spec: string) =>
      decode(pods.schema, parseJsonExactly(`{"spec":{"containers":[],${spec}}}`)).object.spec
    assert.throws(() => read('"activeDeadlineSeconds":5.0'), {
      message:
        'json: cannot unmarshal number 5.0 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64',
    })
    assert.throws(() => read('"activeDeadlineSeconds":8e1'), /cannot unmarshal number 8e1 into/)
    assert.deepEqual(read('"overhead":{"cpu":1.500,"memory":1e3}').overhead, { cpu: '1.500', memory: '1e3' })
  })

  it('checks base64 and times', () => {
    const data = (value: unknown) => () => decode(configMaps.schema, { binaryData: { a: value } })
    assert.deepEqual(data('YQ==\n')().object.binaryData, { a: 'YQ==' })
    for (const bad of ['YQ', 'Y===', 'Y Q=', '=YQ=', 'YQ==YQ==', 5]) assert.throws(data(bad), DecodeError, String(bad))
    assert.throws(() => data('Y Q=')(), { message: 'illegal base64 data at input byte 1' })
    assert.throws(() => decode(condition, { lastTransitionTime: 'yesterday' }), {
      message: 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    })
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

describe('JSON with numbers as written', () => {
  it('is otherwise what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        assert.deepEqual(withPlainNumbers(parseJsonExactly(text)), JSON.parse(text))
        assert.deepEqual(withPlainNumbers(parseJsonMerging(text)), JSON.parse(text))
      }),
      { numRuns: 500 },
    )
  })

  it('lets a second value say more of the first', () => {
    const merged = (text: string) => withPlainNumbers(parseJsonMerging(text))
    assert.deepEqual(merged('{"a":{"x":1},"a":{"y":2}}'), { a: { x: 1, y: 2 } })
    assert.deepEqual(merged('{"a":1,"a":null}'), { a: 1 })
    assert.deepEqual(merged('{"a":[{"x":1},{"x":2}],"a":[{"y":3}]}'), { a: [{ x: 1, y: 3 }] })
  })
})

describe('faults of times', () => {
  for (const [text, fault] of [
    ['2026-13-01T00:00:00Z', 'parsing time "2026-13-01T00:00:00Z": month out of range'],
    ['2026-02-30T00:00:00Z', 'parsing time "2026-02-30T00:00:00Z": day out of range'],
    [
      '2026-01-01T00:00:00',
      'parsing time "2026-01-01T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00"',
    ],
    ['2026-01-01T00:00:00Zx', 'parsing time "2026-01-01T00:00:00Zx": extra text: "x"'],
    ['2026-01-01', 'parsing time "2026-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
  ] as const) {
    it(`are told: ${fault}`, () => assert.equal(timeFault(text, false), fault))
  }

  it('of microseconds too', () => {
    const text = '2006-01-02T15:04:05Z'
    const layout = '2006-01-02T15:04:05.000000Z07:00'
    assert.equal(timeFault(text, true), `parsing time "${text}" as "${layout}": cannot parse "Z" as ".000000"`)
    assert.equal(timeFault('2006-01-02T15:04:05.123456Z', true), undefined)
  })
})

describe('faults of base64', () => {
  it('are where Go finds them', () => {
    const cases: Record<string, number | undefined> = {
      'YQ==': undefined,
      'YQ==\n': undefined,
      YQ: 0,
      'Y===': 1,
      'YQ==YQ==': 4,
      '=YQ=': 0,
    }
    for (const [text, at] of Object.entries(cases)) assert.equal(base64Fault(text), at, text)
  })

  it('are none in what Buffer writes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes =>
        assert.equal(base64Fault(Buffer.from(bytes).toString('base64')), undefined),
      ),
    )
  })
})
