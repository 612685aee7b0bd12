import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asImageIdPrefix, parseReference, tagReference } from './reference.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('references are completed as Docker completes them', () => {
  const cases: [string, string, string | undefined, string | undefined][] = [
    ['busybox', 'docker.io/library/busybox', 'latest', undefined],
    ['busybox:1.36', 'docker.io/library/busybox', '1.36', undefined],
    ['me/app', 'docker.io/me/app', 'latest', undefined],
    ['ghcr.io/me/app:v1', 'ghcr.io/me/app', 'v1', undefined],
    ['localhost/app', 'localhost/app', 'latest', undefined],
    ['localhost:5000/app:x', 'localhost:5000/app', 'x', undefined],
    ['registry.k8s.io/pause:3.9', 'registry.k8s.io/pause', '3.9', undefined],
    ['docker.io/busybox', 'docker.io/library/busybox', 'latest', undefined],
    ['index.docker.io/library/busybox', 'docker.io/library/busybox', 'latest', undefined],
    [`busybox@${digest}`, 'docker.io/library/busybox', undefined, digest],
    [`busybox:1@${digest}`, 'docker.io/library/busybox', '1', digest],
    ['a/b/c/d', 'docker.io/a/b/c/d', 'latest', undefined],
    ['a__b/c--d', 'docker.io/a__b/c--d', 'latest', undefined],
  ]
  for (const [text, repository, tag, expectedDigest] of cases) {
    assert.deepEqual(parseReference(text), { repository, tag, digest: expectedDigest }, text)
  }
})

test('what is no reference is refused with the part that is wrong', () => {
  const cases: [string, RegExp][] = [
    ['', /is empty/],
    ['Busybox', /lower case/],
    ['busybox:', /the tag ""/],
    ['busybox@sha256:123', /64 hexadecimal/],
    ['a//b', /"" is not a name/],
    ['ex_ample.com/a', /host name/],
    ['a..b', /is not a name/],
    [`${'x'.repeat(250)}/a`, /longer than 255/],
  ]
  for (const [text, message] of cases) assert.throws(() => parseReference(text), message, text)
})

test('a canonical reference reads back as itself', () => {
  for (const text of ['busybox', 'ghcr.io/a/b:1', 'localhost:1/x']) {
    const canonical = tagReference(parseReference(text))
    assert.equal(tagReference(parseReference(canonical)), canonical)
  }
})

test('IDs and their prefixes', () => {
  assert.equal(asImageIdPrefix(digest), 'a'.repeat(64))
  assert.equal(asImageIdPrefix('abcdef012345'), 'abcdef012345')
  assert.equal(asImageIdPrefix('abcdef'), undefined)
  assert.equal(asImageIdPrefix('busybox'), undefined)
})
