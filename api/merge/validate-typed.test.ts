import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { boolean, int32, list, map, message, string } from '../schema/message.ts'
import { decodeFields, encodeFields } from './fields-v1.ts'
import { mergeSchema } from './merge-schema.ts'
import { validateTyped } from './validate-typed.ts'

const item = message('test.Item', '', { name: string(1, ''), on: boolean(2, '') })
const subject = message('test.Subject', '', {
  data: map(1, '', 'string'),
  count: int32(2, ''),
  items: list(3, '', () => item, { listType: 'map', keys: ['name'] }),
  set: list(4, '', 'string', { listType: 'set' }),
})

describe('a typed value', () => {
  for (const [value, message] of [
    [{ data: { k: 80 } }, '.data.k: expected string, got &value.valueUnstructured{Value:80}'],
    [{ data: [1] }, '.data: expected map, got &{[1]}'],
    [{ count: 'x' }, '.count: expected numeric (int or float), got string'],
    [{ items: { a: 1 } }, '.items: expected list, got &{map[a:1]}'],
    [{ items: [{ name: 'a' }, { name: 'a' }] }, '.items: duplicate entries for key [name="a"]'],
    [{ items: [{ name: 'a', on: 'no' }] }, '.items[name="a"].on: expected boolean, got &{no}'],
    [{ other: 1 }, '.other: field not declared in schema'],
    [
      { items: [{}] },
      `.items: element 0: associative list with keys has an element that omits key field "name" (and doesn't have default value)`,
    ],
    [
      { set: ['a', 'a'], other: 1 },
      'errors:\n  .set: duplicate entries for key [="a"]\n  .other: field not declared in schema',
    ],
  ] as const) {
    it(`is refused: ${message.replaceAll('\n', ' ')}`, () => {
      const plain: unknown = JSON.parse(JSON.stringify(value))
      assert.throws(() => validateTyped(plain as never, mergeSchema(subject)), { name: 'TypedError', message })
    })
  }

  it('may be null anywhere', () => {
    validateTyped({ data: null, count: null, items: null, set: null }, mergeSchema(subject))
  })
})

describe('fieldsV1', () => {
  it('comes back as it was', () => {
    const fields = {
      'f:data': { '.': {}, 'f:a.b': {} },
      'f:items': { 'k:{"name":"x","port":1}': { '.': {}, 'f:on': {} }, 'v:"y"': {} },
      'f:list': { 'i:0': {} },
    }
    assert.deepEqual(encodeFields(decodeFields(fields)), fields)
  })

  it('is refused where it is no set of fields', () => {
    assert.throws(() => decodeFields({ 'x:y': {} }), SyntaxError)
    assert.throws(() => decodeFields({ 'f:a': 1 }), SyntaxError)
    assert.throws(() => decodeFields({ 'k:[]': {} }), SyntaxError)
  })
})
