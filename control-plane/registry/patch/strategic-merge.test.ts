import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { pods } from '../../../api/kinds/core-v1/pod.ts'
import { list, type Message, map, message, one, string } from '../../../api/schema/message.ts'
import { isArray, isObject, type Json, type JsonDraft, type JsonObject, jsonEqual, PatchError } from './json.ts'
import { applyStrategicMerge } from './strategic-merge.ts'

const element: Message = message('test.Element', '', {
  name: string(1, ''),
  value: string(2, ''),
  tags: list(3, '', 'string', { patch: 'merge' }),
})
const subject: Message = message('test.Subject', '', {
  title: string(1, ''),
  labels: map(2, '', 'string'),
  elements: list(3, '', () => element, { patch: 'merge', mergeKey: 'name' }),
  finalizers: list(4, '', 'string', { patch: 'merge' }),
  args: list(5, '', 'string'),
  nested: one(6, '', (): Message => subject),
})

const merged = (original: JsonObject, patch: JsonObject): Json => applyStrategicMerge(original, patch, subject)
const named = (...names: string[]) => names.map(name => ({ name, value: `${name}!` }))

describe('strategic merge patch', () => {
  it('merges objects and maps, deletes by null, replaces lists without a strategy', () => {
    const original = { title: 'a', labels: { x: '1', y: '2' }, args: ['a', 'b'], nested: { title: 'n' } }
    const patch = { title: null, labels: { x: null, z: '3' }, args: ['c'], nested: { args: ['d'] } }
    assert.deepEqual(merged(original, patch), {
      labels: { y: '2', z: '3' },
      args: ['c'],
      nested: { title: 'n', args: ['d'] },
    })
  })

  it('merges lists by their key', () => {
    const patch = { elements: [{ name: 'c' }, { name: 'b', value: 'new' }] }
    assert.deepEqual(merged({ elements: named('a', 'b') }, patch), {
      elements: [{ name: 'c' }, { name: 'a', value: 'a!' }, { name: 'b', value: 'new' }],
    })
  })

  for (const [patch, outcome] of [
    [['n'], ['n', 'a', 'b']],
    [
      ['b', 'n'],
      ['a', 'b', 'n'],
    ],
    [
      ['n', 'a'],
      ['n', 'a', 'b'],
    ],
    [
      ['b', 'a'],
      ['b', 'a'],
    ],
  ] as const) {
    it(`puts ${patch.join(', ')} into a, b as ${outcome.join(', ')}`, () => {
      const elements = (names: readonly string[]) => ({ elements: named(...names), finalizers: [...names] })
      assert.deepEqual(merged(elements(['a', 'b']), elements(patch)), elements(outcome))
    })
  }

  it('refuses an order that lacks an element of the patch, or has them in another', () => {
    const order = (names: readonly string[], set: readonly string[]) => ({
      '$setElementOrder/elements': names.map(name => ({ name })),
      elements: set.map(name => ({ name })),
    })
    const message = `The order in patch list:\n[map[name:b] map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:a] map[name:b]]\n`
    assert.throws(() => merged({}, order(['a', 'b'], ['b', 'a'])), new PatchError('unspecified', message))
    assert.throws(() => merged({}, order(['a'], ['a', 'n'])), /doesn't match/)
    assert.deepEqual(merged({ elements: named('c') }, order(['a', 'c', 'b'], ['a', 'b'])), {
      elements: [{ name: 'a' }, ...named('c'), { name: 'b' }],
    })
  })

  it('takes directives inside a new element for fields, which nobody knows', () => {
    const added = { name: 'n', $patch: 'delete' }
    const [parent, patch] = [{ elements: named('a') }, { elements: [{ name: 'n', nested: added }] }]
    assert.deepEqual(merged(parent, patch), { elements: [{ name: 'n', nested: added }, ...named('a')] })
  })

  it('takes nothing of an object with a directive where nothing stood', () => {
    for (const $patch of ['replace', 'merge', 'delete']) {
      assert.deepEqual(merged({ title: 't' }, { labels: { x: '1', $patch } }), { title: 't' })
    }
  })

  it('deletes and replaces by $patch', () => {
    const original = { elements: named('a', 'b'), nested: { title: 't', args: ['x'] } }
    assert.deepEqual(merged(original, { elements: [{ $patch: 'delete', name: 'a' }] }), {
      ...original,
      elements: named('b'),
    })
    assert.deepEqual(merged(original, { elements: [{ $patch: 'replace' }, { name: 'z' }] }), {
      ...original,
      elements: [{ name: 'z' }],
    })
    assert.deepEqual(merged(original, { nested: { $patch: 'replace', args: ['y'] } }), {
      ...original,
      nested: { args: ['y'] },
    })
    assert.deepEqual(merged(original, { nested: { $patch: 'delete' } }), { ...original, nested: {} })
  })

  it('keeps only what $retainKeys names', () => {
    const original = { nested: { title: 'was', args: ['x'] } }
    const patch = { nested: { $retainKeys: ['args'], args: ['y'] } }
    assert.deepEqual(merged(original, patch), { nested: { args: ['y'] } })
    assert.throws(() => merged(original, { nested: { $retainKeys: ['title'], args: ['y'] } }), PatchError)
  })

  it('merges lists of scalars and deletes from them', () => {
    const patch = { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['c', 'b'] }
    assert.deepEqual(merged({ finalizers: ['a', 'b'] }, patch), { finalizers: ['c', 'b'] })
  })

  it('puts elements in the order asked for; those the patch does not know keep their place before what followed them', () => {
    const order = (...names: string[]) => ({ '$setElementOrder/elements': names.map(name => ({ name })) })
    assert.deepEqual(merged({ elements: named('a', 'b', 'c') }, order('c', 'b', 'a')), {
      elements: named('c', 'b', 'a'),
    })
    const patch = { ...order('d', 'a', 'c'), elements: named('d') }
    assert.deepEqual(merged({ elements: named('a', 'server', 'c') }, patch), {
      elements: named('d', 'a', 'server', 'c'),
    })
    assert.deepEqual(merged({ finalizers: ['a', 'b'] }, { '$setElementOrder/finalizers': ['b', 'a'] }), {
      finalizers: ['b', 'a'],
    })
  })

  it('applies directives also where nothing stood before', () => {
    const patch = {
      nested: {
        $retainKeys: ['elements'],
        elements: [
          { name: 'a', value: null },
          { $patch: 'delete', name: 'b' },
        ],
      },
    }
    assert.deepEqual(merged({}, patch), { nested: { elements: [{ name: 'a' }] } })
  })

  it('says what is wrong with a patch, in the words of Kubernetes', () => {
    const original = { elements: named('a'), nested: { title: 'n' } }
    for (const [patch, fault, message] of [
      [{ elements: [{ value: 'x' }] }, 'unspecified', 'map: map[value:x] does not contain declared merge key: name'],
      [
        { nested: { $patch: 'drop', a: [1, null] } },
        'unspecified',
        'unknown patch type: drop in map: map[$patch:drop a:[1 <nil>]]',
      ],
      [{ nested: { $patch: 'merge' } }, 'unspecified', 'unknown patch type: merge in map: map[$patch:merge]'],
      [
        { elements: [{ $patch: 'merge', name: 'a' }] },
        'unspecified',
        'merging lists cannot yet be specified in the patch',
      ],
      [{ '$setElementOrder/elements': 'a' }, 'malformed', 'invalid patch format of setElementOrder list'],
      [{ $setElementOrder: [] }, 'malformed', 'invalid patch format of setElementOrder list'],
      [{ nested: { $retainKeys: 'a' } }, 'malformed', 'invalid patch format of retainKeys list'],
    ] as const) {
      assert.throws(() => merged(original, patch), new PatchError(fault, message), JSON.stringify(patch))
    }
    assert.throws(() => merged(original, { elements: ['text'] }), PatchError)
  })

  it('knows the lists of a pod', () => {
    const original = {
      spec: {
        containers: [{ name: 'a', image: 'x', env: [{ name: 'K', value: '1' }], ports: [{ containerPort: 80 }] }],
        volumes: [{ name: 'v', emptyDir: {} }],
        tolerations: [{ key: 'old' }],
      },
    }
    const patch = {
      spec: {
        containers: [{ name: 'a', env: [{ name: 'L', value: '2' }], ports: [{ containerPort: 80, name: 'web' }] }],
        volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }],
        tolerations: [{ key: 'new' }],
      },
    }
    assert.deepEqual(applyStrategicMerge(original, patch, pods.schema), {
      spec: {
        containers: [
          {
            name: 'a',
            image: 'x',
            env: [
              { name: 'L', value: '2' },
              { name: 'K', value: '1' },
            ],
            ports: [{ containerPort: 80, name: 'web' }],
          },
        ],
        volumes: [{ name: 'v', configMap: { name: 'c' } }],
        tolerations: [{ key: 'new' }],
      },
    })
  })

  it('makes of any object any other by their difference, and does not write to the first', () => {
    fc.assert(
      fc.property(anySubject, anySubject, (from, to) => {
        const before = JSON.stringify(from)
        assert.deepEqual(merged(from, difference(from, to)), to)
        assert.equal(JSON.stringify(from), before)
      }),
      { numRuns: 500 },
    )
  })
})

const key = fc.constantFrom('a', 'b', 'c', 'd')
const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(arbitrary, { minLength: 1, maxLength: 4 })
const scalars = fc.uniqueArray(key, { minLength: 1 })
const anyElement = fc.record(
  { name: key, value: key, tags: scalars },
  { requiredKeys: ['name'], noNullPrototype: true },
)
const anySubject = fc.letrec<{ subject: JsonObject }>(tie => ({
  subject: fc.record(
    {
      title: key,
      labels: fc.dictionary(key, key, { minKeys: 1, noNullPrototype: true }),
      elements: fc.uniqueArray(anyElement, { minLength: 1, selector: ({ name }) => name }),
      finalizers: scalars,
      args: some(key),
      nested: fc.option(tie('subject'), { nil: {}, depthSize: 'small' }),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
})).subject

/** A patch as `kubectl apply` makes them: merged lists by key, with deletions and the order wanted. */
function difference(from: JsonObject, to: JsonObject): JsonObject {
  const patch: JsonDraft = {}
  for (const field of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[field], to[field]]
    if (after === undefined) patch[field] = null
    else if (jsonEqual(before, after)) continue
    else if (isObject(before) && isObject(after)) patch[field] = difference(before, after)
    else if (field === 'elements' && isArray(before) && isArray(after)) {
      const old = new Map(before.filter(isObject).map(element => [element['name'], element]))
      const wanted = after.filter(isObject)
      const kept = new Set(wanted.map(element => element['name']))
      const gone = [...old.keys()]
        .filter(name => !kept.has(name))
        .map((name): Json => ({ $patch: 'delete', name: name ?? null }))
      const changed = wanted.map(
        (element): Json => ({ ...difference(old.get(element['name']) ?? {}, element), name: element['name'] ?? null }),
      )
      patch[field] = [...gone, ...changed]
      patch[`$setElementOrder/${field}`] = wanted.map((element): Json => ({ name: element['name'] ?? null }))
    } else if ((field === 'finalizers' || field === 'tags') && isArray(before) && isArray(after)) {
      const gone = before.filter(value => !after.includes(value))
      if (gone.length > 0) patch[`$deleteFromPrimitiveList/${field}`] = gone
      patch[field] = after.filter(value => !before.includes(value))
      patch[`$setElementOrder/${field}`] = after
    } else patch[field] = after
  }
  return patch
}
