import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isObject, type Json, type JsonDraft, jsonEqual, parseJson, setField } from './json.ts'
import { applyMergePatch } from './merge-patch.ts'

/** [original, patch, outcome]: RFC 7386, appendix A. */
const vectors: readonly (readonly [Json, Json, Json])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  // Beyond the RFC, as json-patch does it.
  [{}, { l: [{ a: null, b: 1 }, null] }, { l: [{ b: 1 }, null] }],
  [{ l: [1] }, { l: [[{ a: { b: null } }]] }, { l: [[{ a: {} }]] }],
]

function difference(from: Json, to: Json): Json {
  if (!isObject(from) || !isObject(to)) return to
  const patch: JsonDraft = {}
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) setField(patch, key, null)
  for (const [key, value] of Object.entries(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined
    if (value !== undefined && !jsonEqual(before, value)) setField(patch, key, difference(before ?? null, value))
  }
  return patch
}

/** A merge patch can't set null, so documents have none outside of lists. */
const document = fc.letrec<{ value: Json; object: Json }>(tie => ({
  value: fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 2 }), tie('object')),
  object: fc.dictionary(fc.string({ maxLength: 2 }), tie('value'), { maxKeys: 4, depthIdentifier: 'object' }),
})).object

describe('JSON merge patch', () => {
  for (const [original, patch, outcome] of vectors) {
    it(`applies ${JSON.stringify(patch)} to ${JSON.stringify(original)}`, () => {
      assert.deepEqual(applyMergePatch(original, patch), outcome)
    })
  }

  it('makes of any document any other by their difference, and does not write to the first', () => {
    fc.assert(
      fc.property(document, document, (from, to) => {
        const before = JSON.stringify(from)
        assert.ok(jsonEqual(applyMergePatch(from, difference(from, to)), to))
        assert.equal(JSON.stringify(from), before)
      }),
    )
  })

  it('takes __proto__ for a key like any other', () => {
    const patch = parseJson(Buffer.from('{"__proto__":{"polluted":"yes"}}'))
    assert.equal(JSON.stringify(applyMergePatch({}, patch)), '{"__proto__":{"polluted":"yes"}}')
  })
})
