import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asImageIdPrefix, parseReference, tagReference } from './reference.ts'

test('a canonical reference reads back as itself', () => {
  for (const text of ['busybox', 'ghcr.io/a/b:1', 'localhost:1/x']) {
    const canonical = tagReference(parseReference(text))
    assert.equal(tagReference(parseReference(canonical)), canonical)
  }
})

test('what is no reference is an error of the request, with the name in it', () => {
  const message =
    'couldn\'t parse image name "UPPER/Case": invalid reference format: repository name (Case) must be lowercase'
  assert.throws(() => parseReference('UPPER/Case'), { name: 'ImageError', code: 'invalid', message })
})

test('IDs and their prefixes', () => {
  assert.equal(asImageIdPrefix(`sha256:${'a'.repeat(64)}`), 'a'.repeat(64))
  assert.equal(asImageIdPrefix('abcdef012345'), 'abcdef012345')
  assert.equal(asImageIdPrefix('abcdef'), undefined)
  assert.equal(asImageIdPrefix('busybox'), undefined)
})
