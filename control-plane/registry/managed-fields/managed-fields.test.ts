import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStatus } from '../../../api/errors.ts'
import { type ConfigMap, configMaps } from '../../../api/kinds/core-v1/config-map.ts'
import type { ManagedFieldsEntry } from '../../../api/kinds/meta-v1/object-meta.ts'
import { FieldSet } from '../../../api/merge/field-set.ts'
import { mergeSchema } from '../../../api/merge/merge-schema.ts'
import type { JsonObject } from '../../../api/schema/message.ts'
import { managedAfterUpdate } from './after-update.ts'
import { applyConfiguration } from './apply-configuration.ts'
import type { FieldWrite } from './write.ts'

const schema = mergeSchema(configMaps.schema)
const write = (manager: string, time = 1, subresource = ''): FieldWrite => ({
  manager,
  apiVersion: 'v1',
  kind: 'ConfigMap',
  subresource,
  time: `2026-01-01T00:00:0${time}Z`,
  versions: {
    schema: version => (version === 'v1' ? schema : undefined),
    convert: object => object,
    ignored: () => FieldSet.empty,
  },
  zero: { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} },
})

const object = (data: JsonObject, managedFields?: ManagedFieldsEntry[], annotations?: JsonObject): ConfigMap =>
  ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'a',
      uid: 'u',
      ...(annotations && { annotations }),
      ...(managedFields && { managedFields }),
    },
    data,
  }) as ConfigMap

const config = (data: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a' },
  data,
})

const entry = (
  manager: string,
  operation: 'Apply' | 'Update',
  time: number,
  ...keys: string[]
): ManagedFieldsEntry => ({
  manager,
  operation,
  apiVersion: 'v1',
  time: `2026-01-01T00:00:0${time}Z`,
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:data': Object.fromEntries(keys.map(key => [key === '.' ? key : `f:${key}`, {}])) },
})

const apply = (live: ConfigMap | undefined, data: JsonObject, by: FieldWrite, force = false): ConfigMap =>
  applyConfiguration(live, config(data), by, force) as unknown as ConfigMap

const managers = ({ metadata }: ConfigMap) =>
  (metadata.managedFields ?? []).map(({ manager, operation }) => `${manager ?? ''} ${operation ?? ''}`)

describe('managedFields', () => {
  it('belong to who creates and updates; what only the server writes is nobody`s', () => {
    const created = managedAfterUpdate(undefined, object({ a: '1' }), write('one'))
    assert.deepEqual(created, [entry('one', 'Update', 1, '.', 'a')])
    const updated = managedAfterUpdate(
      object({ a: '1' }, created),
      object({ a: '1', b: '2' }, created),
      write('two', 2),
    )
    assert.deepEqual(updated, [entry('one', 'Update', 1, '.', 'a'), entry('two', 'Update', 2, 'b')])
  })

  it('stay as they were when nothing changes but the time', () => {
    const known = [entry('one', 'Update', 1, '.', 'a')]
    assert.equal(managedAfterUpdate(object({ a: '1' }, known), object({ a: '1' }), write('one', 2)), known)
  })

  it('survive clients that do not send them, and go when they are sent empty', () => {
    const known = [entry('one', 'Update', 1, '.', 'a')]
    const live = object({ a: '1' }, known)
    assert.deepEqual(managedAfterUpdate(live, object({ a: '1', b: '1' }), write('one', 2)), [
      entry('one', 'Update', 2, '.', 'a', 'b'),
    ])
    assert.equal(managedAfterUpdate(live, object({ a: '1' }, [{}]), write('two', 2)), undefined)
    const unreadable = [{ ...entry('x', 'Update', 1), fieldsV1: { wrong: {} } }]
    assert.deepEqual(managedAfterUpdate(live, object({ a: '1' }, unreadable), write('two', 2)), known)
  })

  it('are of at most ten updaters; the oldest become one', () => {
    let live = object({}, managedAfterUpdate(undefined, object({}, undefined, { a: '' }), write('m00', 0)))
    for (let index = 0; index < 13; index++) {
      const next = object({ ...live.data, [`k${index}`]: '1' }, live.metadata.managedFields)
      const managed = managedAfterUpdate(live, next, write(`m${String(index).padStart(2, '0')}`, index % 10))
      live = { ...next, metadata: { ...next.metadata, ...(managed && { managedFields: managed }) } }
    }
    const [ancient, ...others] = [...(live.metadata.managedFields ?? [])].sort((a, b) =>
      (a.manager ?? '') < (b.manager ?? '') ? -1 : 1,
    )
    assert.equal(ancient?.manager, 'ancient-changes')
    assert.equal(others.length, 9)
    const fields = (live.metadata.managedFields ?? []).flatMap(({ fieldsV1 }) =>
      Object.keys(fieldsV1?.['f:data'] ?? {}),
    )
    assert.equal(new Set(fields.filter(field => field !== '.')).size, 13)
  })
})

describe('apply', () => {
  it('creates, and changes nothing a second time', () => {
    const created = apply(undefined, { a: '1' }, write('one'))
    assert.deepEqual(created.data, { a: '1' })
    assert.deepEqual(created.metadata.managedFields, [entry('one', 'Apply', 1, 'a')])
    const again = apply(created, { a: '1' }, write('one', 2))
    assert.deepEqual(again, created)
  })

  it('keeps what stood there before anybody was asked who owns it', () => {
    const live = object({ a: '1', b: '1' })
    const applied = apply(live, { a: '1' }, write('one', 2))
    assert.deepEqual(managers(applied), ['one Apply', 'before-first-apply Update'])
    assert.deepEqual(apply(applied, {}, write('one', 3)).data, { a: '1', b: '1' })
  })

  it('says with whom it conflicts', () => {
    const live = object({ a: '1', b: '1' }, [
      entry('one', 'Update', 1, 'a'),
      entry('two', 'Apply', 1, 'b'),
      { ...entry('three', 'Update', 1, 'a'), subresource: 'status' },
    ])
    assert.throws(
      () => apply(live, { b: '2' }, write('me')),
      error => {
        assert.ok(isStatus(error, 'Conflict'))
        assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "two": .data.b')
        const causes = [{ reason: 'FieldManagerConflict', message: 'conflict with "two"', field: '.data.b' }]
        assert.deepEqual(error.status.details, { causes })
        return true
      },
    )
    assert.throws(() => apply(live, { a: '2', b: '2' }, write('me')), {
      message: [
        'Apply failed with 3 conflicts: conflicts with "one" using v1:',
        '- .data.a',
        'conflicts with "three" with subresource "status" using v1:',
        '- .data.a',
        'conflicts with "two":',
        '- .data.b',
      ].join('\n'),
    })
    assert.deepEqual(managers(apply(live, { a: '2', b: '2' }, write('me'), true)), ['me Apply'])
  })

  it('lets kubectl take over what it applied at the client', () => {
    const annotations = {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(config({ a: '1', b: '1' })),
    }
    const live = object(
      { a: '1', b: 'changed' },
      [entry('kubectl-client-side-apply', 'Update', 1, 'a', 'b')],
      annotations,
    )
    assert.equal(apply(live, { a: '2' }, write('kubectl')).data?.['a'], '2')
    assert.throws(() => apply(live, { b: '2' }, write('kubectl')), /conflict with "kubectl-client-side-apply" using v1/)
    assert.throws(() => apply(live, { a: '2' }, write('other')), /conflict/)
  })

  it('refuses what is no configuration of this kind', () => {
    const refused = (sent: JsonObject) => () => applyConfiguration(undefined, sent, write('one'), false)
    assert.throws(refused({}), { message: 'invalid object type: /, Kind=' })
    assert.throws(refused({ ...config({}), apiVersion: 'v9' }), { message: 'invalid object type: /v9, Kind=ConfigMap' })
    assert.throws(refused({ ...config({}), metadata: { managedFields: [] } }), {
      message: 'metadata.managedFields must be nil',
    })
    assert.throws(refused(config({ k: 80 })), {
      message:
        'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data.k: expected string, got &value.valueUnstructured{Value:80}',
      code: 500,
    })
  })
})
