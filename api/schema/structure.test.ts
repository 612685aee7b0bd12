import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { leases } from '../kinds/coordination-v1/lease.ts'
import { pods } from '../kinds/core-v1/pod.ts'
import { services } from '../kinds/core-v1/service.ts'
import { decode } from './decode.ts'
import { setDeclaredDefaults } from './defaults.ts'
import { list, type Message, map, message, one, string } from './message.ts'
import { mergeRule, messageWithin } from './strategic-merge.ts'
import { validateStructure } from './structure.ts'

interface Tree {
  name: string
  kind?: 'leaf' | 'branch'
  children?: Tree[]
  byName?: Record<string, Tree>
}
const tree: Message<Tree> = message('test.Tree', 'A message that contains itself.', {
  name: string(1, '', { required: true, nonEmpty: true }),
  kind: string(2, '', { default: 'leaf', enum: ['leaf', 'branch'] }),
  children: list(3, '', (): Message<Tree> => tree),
  byName: map(4, '', (): Message<Tree> => tree),
})

const wrong = (errors: { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`)

describe('declared defaults', () => {
  it('are set where a field is absent, at any depth, and nowhere else', () => {
    const { object } = decode(tree, {
      name: 'a',
      children: [{ name: 'b', kind: 'branch' }, { byName: { x: { name: 'c' } } }],
    })
    setDeclaredDefaults(tree, object)
    assert.deepEqual(object, {
      name: 'a',
      kind: 'leaf',
      children: [
        { name: 'b', kind: 'branch' },
        { name: '', kind: 'leaf', byName: { x: { name: 'c', kind: 'leaf' } } },
      ],
    })
  })

  it('do not make what was not asked for', () => {
    const { object } = decode(pods.schema, { spec: { containers: [{ name: 'a', ports: [{ containerPort: 1 }] }] } })
    setDeclaredDefaults(pods.schema, object)
    assert.deepEqual(object.spec, {
      containers: [{ name: 'a', ports: [{ containerPort: 1, protocol: 'TCP' }], resources: {} }],
    })
  })
})

describe('structure', () => {
  it('of messages that contain themselves is validated all the way down', () => {
    const { object } = decode(tree, {
      children: [
        { name: 'b', kind: 'root' },
        { name: 'c', byName: { x: {} } },
      ],
    })
    assert.deepEqual(wrong(validateStructure(tree, object)), [
      'name: Required value',
      'children[0].kind: Unsupported value: "root": supported values: "branch", "leaf"',
      'children[1].byName[x].name: Required value',
    ])
  })

  it('has bounds, sets of values and fields that must be there', () => {
    const { object } = decode(services.schema, {
      spec: { type: 'Public', ports: [{ port: 0 }, { port: 70000, protocol: 'ICMP' }] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    })
    assert.deepEqual(wrong(validateStructure(services.schema, object)), [
      'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
      'spec.ports[1].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.type: Unsupported value: "Public": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      'status.conditions[0].lastTransitionTime: Required value',
    ])
    const lease = decode(leases.schema, { spec: { leaseDurationSeconds: 0 } }).object
    assert.deepEqual(wrong(validateStructure(leases.schema, lease)), [
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than or equal to 1',
    ])
  })
})

describe('merge rules', () => {
  it('say how a patch treats a field, through lists and embedded messages', () => {
    const spec = mergeRule(pods.schema, 'spec')
    assert.equal(spec?.is, 'message')
    assert.ok(spec.message)
    const containers = mergeRule(spec.message, 'containers')
    assert.deepEqual(
      {
        strategy: containers?.strategy,
        mergeKey: containers?.mergeKey,
        is: containers?.is,
        of: containers?.message?.name,
      },
      { strategy: 'merge', mergeKey: 'name', is: 'list', of: 'api.core.v1.Container' },
    )
    const volumes = mergeRule(spec.message, 'volumes')
    assert.equal(volumes?.strategy, 'merge,retainKeys')
    assert.ok(volumes.message)
    assert.equal(mergeRule(volumes.message, 'emptyDir')?.message?.name, 'api.core.v1.EmptyDirVolumeSource')
    assert.equal(mergeRule(spec.message, 'tolerations')?.strategy, undefined)
    assert.deepEqual(mergeRule(spec.message, 'nodeSelector'), {
      strategy: undefined,
      mergeKey: undefined,
      is: 'map',
      message: undefined,
    })
    assert.equal(mergeRule(spec.message, 'nonsense'), undefined)
  })

  it('look through lists and maps', () => {
    const holder = message('test.Holder', '', {
      trees: map(1, '', (): Message<Tree> => tree),
      one: one(2, '', () => tree),
    })
    for (const { type } of holder.fields) assert.equal(messageWithin(type), tree)
  })
})
