import assert from 'node:assert/strict'
import { it } from 'node:test'
import { imageNameError } from './image-name.ts'

const hex = 'a'.repeat(64)

const table: readonly (readonly [image: string, why: string | undefined])[] = [
  ['demo', undefined],
  ['demo:1', undefined],
  ['team/demo:v1.2-rc_3', undefined],
  ['docker.io/tessera/demo:1', undefined],
  ['localhost/demo', undefined],
  ['127.0.0.1:5000/a/b/c:1', undefined],
  ['[::1]:5000/demo', undefined],
  [`demo@sha256:${hex}`, undefined],
  [`example.org/demo:1@sha256:${hex}`, undefined],
  ['a__b/c--d.e', undefined],
  ['UPPER.example/demo', undefined],
  ['a b', 'invalid reference format'],
  ['demo:tag!', 'invalid reference format'],
  ['demo:', 'invalid reference format'],
  ['/demo', 'invalid reference format'],
  ['a..b', 'invalid reference format'],
  ['a___b', 'invalid reference format'],
  ['-demo', 'invalid reference format'],
  ['demo@sha256:abc', 'invalid reference format'],
  ['demo:1:2', 'invalid reference format'],
  ['UPPER/Case:1', 'invalid reference format: repository name (Case) must be lowercase'],
  ['Demo', 'invalid reference format: repository name (library/Demo) must be lowercase'],
  [hex, `invalid repository name (${hex}), cannot specify 64-byte hexadecimal strings`],
  [`demo@md5:${hex}`, 'unsupported digest algorithm'],
  [`demo@sha256:${hex}a`, 'invalid checksum digest length'],
  [`demo@sha256:${hex.toUpperCase()}`, 'invalid checksum digest format'],
  [`a/${'b'.repeat(260)}`, 'repository name must not be more than 255 characters'],
]

for (const [image, why] of table) {
  it(`reads ${image.slice(0, 40)}${why === undefined ? '' : ', or says why not'}`, () => {
    const expected = why === undefined ? undefined : `couldn't parse image name ${JSON.stringify(image)}: ${why}`
    assert.equal(imageNameError(image), expected)
  })
}
