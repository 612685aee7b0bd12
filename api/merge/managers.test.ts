import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '../schema/message.ts'
import { int32, list, type Message, map, message, one, string } from '../schema/message.ts'
import { FieldSet } from './field-set.ts'
import { encodeFields } from './fields-v1.ts'
import { afterUpdate, apply, ConflictError, type Managers, type Versions } from './managers.ts'
import { mergeSchema } from './merge-schema.ts'

const port = message('test.Port', '', {
  port: int32(1, ''),
  protocol: string(2, '', { default: 'TCP' }),
  name: string(3, ''),
})
const selector = message('test.Selector', '', { labels: map(1, '', 'string') })
const subject: Message = message('test.Subject', '', {
  data: map(1, '', 'string'),
  title: string(2, ''),
  ports: list(3, '', () => port, { listType: 'map', keys: ['port', 'protocol'] }),
  finalizers: list(4, '', 'string', { listType: 'set' }),
  args: list(5, '', 'string', { listType: 'atomic' }),
  selector: one(6, '', () => selector, { mapType: 'atomic' }),
  nested: one(7, '', (): Message => subject),
})
const schema = mergeSchema(subject)
const versions: Versions = {
  schema: version => (version === 'v1' ? schema : undefined),
  convert: object => object,
  ignored: () => FieldSet.empty,
}

/** An object under several managers. */
class Subject {
  object: JsonObject = {}
  managers: Managers = new Map()

  apply(manager: string, config: JsonObject, force = false): this {
    const applied = apply(this.object, config, this.managers, { manager, apiVersion: 'v1' }, versions, force)
    this.object = applied.object ?? this.object
    this.managers = applied.managers
    return this
  }

  update(manager: string, object: JsonObject): this {
    this.managers = afterUpdate(this.object, object, this.managers, { manager, apiVersion: 'v1' }, versions)
    this.object = object
    return this
  }

  owned(manager: string): JsonObject | undefined {
    const ownership = this.managers.get(manager)
    return ownership && encodeFields(ownership.set)
  }
}

const conflictsOf = (write: () => unknown): readonly object[] => {
  try {
    write()
  } catch (error) {
    assert.ok(error instanceof ConflictError)
    return error.conflicts
  }
  return []
}

describe('apply', () => {
  it('owns what it sets, and shares what others set to the same value', () => {
    const subject = new Subject()
      .apply('one', { data: { a: '1' }, title: 't' })
      .apply('two', { data: { a: '1', b: '2' } })
    assert.deepEqual(subject.object, { data: { a: '1', b: '2' }, title: 't' })
    assert.deepEqual(subject.owned('one'), { 'f:data': { 'f:a': {} }, 'f:title': {} })
    assert.deepEqual(subject.owned('two'), { 'f:data': { 'f:a': {}, 'f:b': {} } })
  })

  it('tells of conflicts, unless it is forced', () => {
    const subject = new Subject().apply('one', { data: { a: '1', b: '1' } }).update('two', { data: { a: '1', b: '2' } })
    const conflicts = conflictsOf(() => subject.apply('three', { data: { a: '9', b: '9' } }))
    assert.deepEqual(conflicts, [
      { manager: 'one', field: '.data.a' },
      { manager: 'two', field: '.data.b' },
    ])
    subject.apply('three', { data: { a: '9', b: '9' } }, true)
    assert.deepEqual(subject.object, { data: { a: '9', b: '9' } })
    assert.deepEqual([...subject.managers.keys()], ['three'])
  })

  it('removes what it no longer sets, unless somebody else owns it', () => {
    const subject = new Subject()
      .apply('one', { data: { a: '1', b: '1' }, title: 't', finalizers: ['x', 'y'] })
      .apply('two', { data: { b: '1' }, finalizers: ['y'] })
      .apply('one', { data: { c: '1' } })
    assert.deepEqual(subject.object, { data: { b: '1', c: '1' }, finalizers: ['y'] })
  })

  it('leaves what it never owned inside what it drops', () => {
    const subject = new Subject().apply('one', { nested: { title: 't' } })
    subject.update('two', { nested: { title: 't', args: ['x'] } }).apply('one', {})
    assert.deepEqual(subject.object, { nested: { args: ['x'] } })
  })

  it('changes nothing when nothing changes', () => {
    const config = { data: { a: '1' }, ports: [{ port: 1 }] }
    const { object, managers } = new Subject().apply('one', config)
    const again = apply(object, config, managers, { manager: 'one', apiVersion: 'v1' }, versions, false)
    assert.equal(again.object, undefined)
    assert.ok(again.managers.get('one')?.set.equals(managers.get('one')?.set ?? FieldSet.empty))
  })

  it('merges lists by their keys, the default of an absent one included', () => {
    const subject = new Subject()
      .apply('one', { ports: [{ port: 1, name: 'a' }] })
      .apply('two', { ports: [{ port: 1, protocol: 'UDP' }, { port: 2 }] })
    assert.deepEqual(subject.object, { ports: [{ port: 1, name: 'a' }, { port: 1, protocol: 'UDP' }, { port: 2 }] })
    assert.deepEqual(subject.owned('one'), {
      'f:ports': { 'k:{"port":1,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:name': {} } },
    })
    const conflicts = conflictsOf(() => subject.apply('two', { ports: [{ port: 1, protocol: 'TCP', name: 'b' }] }))
    assert.deepEqual(conflicts, [{ manager: 'one', field: '.ports[port=1,protocol="TCP"].name' }])
  })

  it('puts elements in the applied order, around those that only the server has', () => {
    const subject = new Subject().update('server', { finalizers: ['a', 'server', 'c'] })
    assert.deepEqual(subject.apply('one', { finalizers: ['c', 'a'] }).object, { finalizers: ['server', 'c', 'a'] })
    assert.deepEqual(subject.apply('one', { finalizers: ['n', 'c', 'a'] }).object, {
      finalizers: ['server', 'n', 'c', 'a'],
    })
  })

  it('owns atomic lists and maps whole', () => {
    const subject = new Subject().apply('one', { args: ['a'], selector: { labels: { a: '1' } } })
    assert.deepEqual(subject.owned('one'), { 'f:args': {}, 'f:selector': {} })
    assert.equal(conflictsOf(() => subject.apply('two', { selector: { labels: { b: '1' } } })).length, 1)
    assert.deepEqual(subject.apply('two', { selector: { labels: { b: '1' } } }, true).object, {
      args: ['a'],
      selector: { labels: { b: '1' } },
    })
  })

  it('owns an empty map and an empty atomic list, but no other empty list', () => {
    const subject = new Subject().apply('one', { data: {}, args: [], finalizers: [], ports: [] })
    assert.deepEqual(subject.owned('one'), { 'f:data': {}, 'f:args': {} })
    subject.apply('one', { finalizers: ['a'] })
    assert.deepEqual(subject.apply('one', { finalizers: [] }).object, { ports: [] })
  })
})

describe('update', () => {
  it('takes what it changes, and gives up what it removes', () => {
    const subject = new Subject()
      .apply('one', { data: { a: '1', b: '1' } })
      .update('two', { data: { a: '2', b: '1', c: '1' } })
    assert.deepEqual(subject.owned('one'), { 'f:data': { 'f:b': {} } })
    assert.deepEqual(subject.owned('two'), { 'f:data': { 'f:a': {}, 'f:c': {} } })
    subject.update('three', { data: { b: '1' } })
    assert.deepEqual([...subject.managers.keys()], ['one'])
  })

  it('owns a list of its own with its elements, and a field that becomes empty', () => {
    const subject = new Subject().update('one', { ports: [{ port: 1, protocol: 'TCP' }], data: { a: '1' } })
    assert.deepEqual(subject.owned('one'), {
      'f:data': { '.': {}, 'f:a': {} },
      'f:ports': { '.': {}, 'k:{"port":1,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} } },
    })
  })

  it('forgets owners in a version that is served no longer', () => {
    const subject = new Subject().update('one', { title: 'a' })
    const [ownership] = subject.managers.values()
    assert.ok(ownership)
    subject.managers = new Map([['one', { ...ownership, apiVersion: 'v0' }]])
    subject.update('two', { title: 'b' })
    assert.deepEqual([...subject.managers.keys()], ['two'])
  })
})

type How = 'apply' | 'update'

/** What must come of writes to one map, said without sets of paths. */
class Model {
  readonly values = new Map<string, string>()
  readonly owners = new Map<string, Map<string, How>>()

  apply(manager: string, config: Readonly<Record<string, string>>): void {
    for (const [key, owners] of this.owners) {
      if (owners.get(manager) !== undefined && !(key in config)) {
        owners.delete(manager)
        if (owners.size === 0) this.values.delete(key)
      }
    }
    for (const [key, value] of Object.entries(config)) {
      const shared = this.values.get(key) === value ? this.owners.get(key) : undefined
      const owners = shared ?? new Map<string, How>()
      this.owners.set(key, owners.set(manager, 'apply'))
      this.values.set(key, value)
    }
  }

  update(manager: string, data: Readonly<Record<string, string>>): void {
    for (const key of this.values.keys()) if (!(key in data)) this.owners.delete(key)
    for (const key of [...this.values.keys()]) if (!(key in data)) this.values.delete(key)
    for (const [key, value] of Object.entries(data)) {
      if (this.values.get(key) !== value) this.owners.set(key, new Map([[manager, 'update']]))
      this.values.set(key, value)
    }
  }
}

const keys = fc.constantFrom('a', 'b', 'c')
const writes = fc.array(
  fc.record({
    manager: fc.constantFrom('one', 'two'),
    how: fc.constantFrom('apply', 'update'),
    data: fc.dictionary(keys, fc.constantFrom('1', '2'), { noNullPrototype: true }),
  }),
  { maxLength: 8 },
)

describe('managers', () => {
  it('own what a model says they own, after any writes', () => {
    fc.assert(
      fc.property(writes, all => {
        const model = new Model()
        const subject = new Subject()
        for (const { manager, how, data } of all) {
          // Managers are told apart by their operation, as managedFields does.
          const identity = `${manager}/${how}`
          if (how === 'apply') {
            model.apply(identity, data)
            subject.apply(identity, { title: 'always', data }, true)
          } else {
            model.update(identity, data)
            subject.update(identity, { ...subject.object, data })
          }
          const { data: present = {} } = subject.object
          assert.deepEqual(present, Object.fromEntries([...model.values].sort()), JSON.stringify(all))
          for (const name of ['one/apply', 'two/apply', 'one/update', 'two/update']) {
            const owned = subject.owned(name)?.['f:data'] ?? {}
            const expected = [...model.owners].filter(([, owners]) => owners.has(name)).map(([key]) => `f:${key}`)
            assert.deepEqual(
              Object.keys(owned)
                .filter(key => key !== '.')
                .sort(),
              expected.sort(),
              JSON.stringify(all),
            )
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})
