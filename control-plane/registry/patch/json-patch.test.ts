import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isArray, isObject, type Json, PatchError } from './json.ts'
import { applyJsonPatch } from './json-patch.ts'

/** [document, patch, outcome]; no outcome: it must fail. After RFC 6902, appendix A; where json-patch v4.13.0 differs, after that. */
const vectors: readonly (readonly [Json, Json, Json?])[] = [
  [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
  [{ foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
  [{ baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
  [{ foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
  [{ baz: 'qux', foo: 'bar' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo', foo: 'bar' }],
  [
    { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
    [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
    { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
  ],
  [
    { foo: ['all', 'grass', 'cows', 'eat'] },
    [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
    { foo: ['all', 'cows', 'eat', 'grass'] },
  ],
  [
    { baz: 'qux', foo: ['a', 2, 'c'] },
    [
      { op: 'test', path: '/baz', value: 'qux' },
      { op: 'test', path: '/foo/1', value: 2 },
    ],
    { baz: 'qux', foo: ['a', 2, 'c'] },
  ],
  [{ baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }]],
  [
    { foo: 'bar' },
    [{ op: 'add', path: '/child', value: { grandchild: {} } }],
    { foo: 'bar', child: { grandchild: {} } },
  ],
  [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }], { foo: 'bar', baz: 'qux' }],
  [{ foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }]],
  [{ '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
  [{ '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: '10' }]],
  [{ foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }], { foo: ['bar', ['abc', 'def']] }],
  [{ foo: 1 }, [{ op: 'replace', path: '', value: [1] }], [1]],
  [{ foo: null }, [{ op: 'test', path: '/foo', value: null }], { foo: null }],
  [
    { foo: { bar: 1 } },
    [
      { op: 'copy', from: '/foo', path: '/baz' },
      { op: 'replace', path: '/baz/bar', value: 2 },
    ],
    { foo: { bar: 1 }, baz: { bar: 2 } },
  ],
  [{ foo: [1, 2] }, [{ op: 'add', path: '/foo/3', value: 3 }]],
  [{ foo: [1, 2] }, [{ op: 'remove', path: '/foo/-' }]],
  [{ foo: [1, 2] }, [{ op: 'replace', path: '/foo/01', value: 3 }], { foo: [1, 3] }],
  [{ foo: 1 }, [{ op: 'remove', path: '/bar' }]],
  [{ foo: 1 }, [{ op: 'replace', path: '/bar', value: 1 }], { foo: 1, bar: 1 }],
  [{ foo: { bar: 1 } }, [{ op: 'move', from: '/foo', path: '/foo/bar' }]],
  [{ foo: 1 }, [{ op: 'remove', path: '' }]],
  [{ foo: 1 }, [{ op: 'remove', path: '/constructor' }]],
  [{ foo: 1 }, { op: 'remove', path: '/foo' }],
  [{ foo: 1 }, [{ op: 'add', path: '/bar' }], { foo: 1, bar: null }],
  [{ foo: 1 }, [{ op: 'spam', path: '/foo' }]],
  [{ foo: 1 }, [{ op: 'test', path: 'foo', value: 1 }]],
  [{ foo: 1 }, [{ op: 'test', path: '/~2', value: 1 }]],
  [{ foo: 1 }, [{ op: 'test', path: '/bar', value: null }], { foo: 1 }],
  [{ foo: 1 }, [{ op: 'test', path: '/bar' }], { foo: 1 }],
  [{ foo: 1 }, [{ op: 'copy', from: '/bar', path: '/baz' }], { foo: 1, baz: null }],
  [{ foo: 1 }, [{ op: 'copy', from: '', path: '/baz' }]],
  [{ foo: 1 }, [{ op: 'replace', path: '', value: 1 }]],
  [{ foo: [1, 2] }, [{ op: 'add', path: '/foo/-1', value: 3 }], { foo: [1, 2, 3] }],
  [{ foo: [1, 2] }, [{ op: 'add', path: '/foo/-2', value: 3 }], { foo: [1, 3, 2] }],
  [{ foo: [1, 2] }, [{ op: 'add', path: '/foo/-4', value: 3 }]],
  [{ foo: [1, 2] }, [{ op: 'remove', path: '/foo/-1' }], { foo: [1] }],
  [{ foo: [1, 2] }, [{ op: 'replace', path: '/foo/+1', value: 3 }], { foo: [1, 3] }],
  [{ foo: [1, 2] }, [{ op: 'test', path: '/foo/-1', value: 2 }], { foo: [1, 2] }],
  [{ foo: [1] }, [{ op: 'test', path: '/foo/1', value: null }]],
  [{ foo: 1 }, [{ op: 'add', value: 1 }]],
]

/** Some patch that makes one document of another. */
function difference(from: Json, to: Json, path = ''): Json[] {
  if (isArray(from) && isArray(to)) {
    const common = Math.min(from.length, to.length)
    const changed = from
      .slice(0, common)
      .flatMap((value, index) => difference(value, to[index] ?? null, `${path}/${index}`))
    const removed = from.slice(common).map(() => ({ op: 'remove', path: `${path}/${common}` }))
    const added = to.slice(common).map(value => ({ op: 'add', path: `${path}/-`, value }))
    return [...changed, ...removed, ...added]
  }
  if (!isObject(from) || !isObject(to)) return [{ op: 'replace', path, value: to }]
  const escaped = (key: string): string => `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
  return [...new Set([...Object.keys(from), ...Object.keys(to)])].flatMap((key): Json[] => {
    const [before, after] = [
      Object.hasOwn(from, key) ? from[key] : undefined,
      Object.hasOwn(to, key) ? to[key] : undefined,
    ]
    if (after === undefined) return [{ op: 'remove', path: escaped(key) }]
    if (before === undefined) return [{ op: 'add', path: escaped(key), value: after }]
    return difference(before, after, escaped(key))
  })
}

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>

describe('JSON patch', () => {
  for (const [document, patch, outcome] of vectors) {
    const what = outcome === undefined ? 'refuses' : 'applies'
    it(`${what} ${JSON.stringify(patch)} to ${JSON.stringify(document)}`, () => {
      const before = JSON.stringify(document)
      if (outcome === undefined) assert.throws(() => applyJsonPatch(document, patch), PatchError)
      else assert.deepEqual(applyJsonPatch(document, patch), outcome)
      assert.equal(JSON.stringify(document), before, 'the document was written to')
    })
  }

  it('makes of any document any other by their difference', () => {
    fc.assert(
      fc.property(json, json, (from, to) => {
        const before = JSON.stringify(from)
        assert.deepEqual(applyJsonPatch({ whole: from }, difference({ whole: from }, { whole: to })), { whole: to })
        assert.equal(JSON.stringify(from), before)
      }),
    )
  })

  for (const [patch, fault, message] of [
    [
      {},
      'malformed',
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    [
      ['x'],
      'malformed',
      'error decoding patch: json: cannot unmarshal string into Go value of type handlers.jsonPatchOp',
    ],
    [
      [{ op: 1 }],
      'malformed',
      'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string',
    ],
    [
      Array.from({ length: 10_001 }, () => ({})),
      'too-large',
      'The allowed maximum operations in a JSON patch is 10000, got 10001',
    ],
  ] as const) {
    it(`says of ${JSON.stringify(patch).slice(0, 20)}: ${message}`, () => {
      assert.throws(() => applyJsonPatch({}, patch), new PatchError(fault, message))
    })
  }

  it('takes __proto__ for a key like any other', () => {
    const patched = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }])
    assert.equal(JSON.stringify(patched), '{"__proto__":{"polluted":true}}')
    assert.equal(Object.getPrototypeOf(patched), Object.prototype)
  })
})
