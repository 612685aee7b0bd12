import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import { atRevision, decode, encode, encoded } from './codec.ts'

const draft = fc.record({
  apiVersion: fc.constantFrom('v1', 'coordination.k8s.io/v1'),
  kind: fc.constantFrom('Pod', 'Ünïcode'),
  metadata: fc.record({
    name: fc.string({ minLength: 1 }),
    uid: fc.uuid(),
    creationTimestamp: fc.constant('2026-01-01T00:00:00Z'),
    labels: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
  }),
  spec: fc.jsonValue({ maxDepth: 2 }),
})
const revision = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const itself = (stored: KubernetesObject): KubernetesObject => stored
const parsed = (json: Buffer): unknown => JSON.parse(json.toString())
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('the codec', () => {
  it('reads back what it wrote, with the resourceVersion in object and bytes', () => {
    fc.assert(
      fc.property(draft, revision, (draft, revision) => {
        const value = encode(draft)
        assert.equal(
          value.toString().includes('resourceVersion":'),
          JSON.stringify(draft).includes('resourceVersion":'),
        )
        const written = encoded(draft, value, revision)
        const read = decode(value, revision, itself)
        assert.equal(read.json.toString(), written.json.toString())
        assert.deepEqual(parsed(read.json), plain(read.object))
        assert.equal(read.object.metadata.resourceVersion, String(revision))
        assert.equal(encode(read.object).toString(), value.toString())
      }),
    )
  })

  it('tells of an object at another revision', () => {
    fc.assert(
      fc.property(draft, revision, revision, (draft, first, second) => {
        const moved = atRevision(encoded(draft, encode(draft), first), second)
        assert.deepEqual(moved.json.toString(), encoded(draft, encode(draft), second).json.toString())
        assert.deepEqual(parsed(moved.json), plain(moved.object))
      }),
    )
  })

  it('reads what something else wrote, in whatever order', () => {
    const foreign = Buffer.from('{"spec":{},"metadata":{"name":"a"},"kind":"Pod","apiVersion":"v1"}')
    assert.equal(
      decode(foreign, 7, itself).json.toString(),
      '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"7","name":"a"},"spec":{}}',
    )
    assert.throws(() => decode(Buffer.from('{"kind":"Pod"}'), 7, itself), SyntaxError)
  })
})
