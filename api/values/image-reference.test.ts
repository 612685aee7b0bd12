import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ImageReferenceError, parseImageReference } from './image-reference.ts'

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
    [`a@sha512:${'0'.repeat(128)}`, 'docker.io/library/a', undefined, `sha512:${'0'.repeat(128)}`],
    ['a/b/c/d', 'docker.io/a/b/c/d', 'latest', undefined],
    ['a__b/c--d', 'docker.io/a__b/c--d', 'latest', undefined],
    ['[2001:db8::1]:5000/a:_x.y-z', '[2001:db8::1]:5000/a', '_x.y-z', undefined],
    ['HOST/a', 'HOST/a', 'latest', undefined],
    // Not a host by the grammar, so a path.
    ['ex_ample.com/a', 'ex_ample.com/a', 'latest', undefined],
    [
      `${'h'.repeat(300)}.example/${'x'.repeat(255)}`,
      `${'h'.repeat(300)}.example/${'x'.repeat(255)}`,
      'latest',
      undefined,
    ],
  ]
  for (const [text, repository, tag, expectedDigest] of cases) {
    assert.deepEqual(parseImageReference(text), { repository, tag, digest: expectedDigest }, text)
  }
})

test('what is no reference is refused in the words of the field', () => {
  const bad = 'invalid reference format'
  const cases: [string, string][] = [
    ['', bad],
    ['a b', bad],
    ['demo:tag!', bad],
    ['busybox:', bad],
    [`busybox:${'t'.repeat(129)}`, bad],
    ['busybox@sha256:123', bad],
    ['a//b', bad],
    ['/a', bad],
    ['a/', bad],
    ['a..b', bad],
    ['a___b', bad],
    ['-a', bad],
    ['a:b/c', bad],
    ['a:b:c', bad],
    ['host.example:port/a', bad],
    ['Busybox', 'invalid reference format: repository name (library/Busybox) must be lowercase'],
    ['UPPER/Case:1', 'invalid reference format: repository name (Case) must be lowercase'],
    [`a@SHA256:${'a'.repeat(64)}`, 'invalid reference format: repository name (library/a@SHA256) must be lowercase'],
    ['Ex_ample.com/a', 'repository name must be lowercase'],
    ['f'.repeat(64), `invalid repository name (${'f'.repeat(64)}), cannot specify 64-byte hexadecimal strings`],
    [`${'x'.repeat(250)}/abcdef`, 'repository name must not be more than 255 characters'],
    [`a@md5:${'a'.repeat(32)}`, 'unsupported digest algorithm'],
    [`a@sha256:${'a'.repeat(63)}`, 'invalid checksum digest length'],
    [`a@sha256:${'A'.repeat(64)}`, 'invalid checksum digest format'],
  ]
  for (const [text, message] of cases) {
    assert.throws(() => parseImageReference(text), { name: 'ImageReferenceError', message }, text)
  }
  assert.ok(new ImageReferenceError('x') instanceof Error)
})
