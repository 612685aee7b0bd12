import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { placesBelow } from './peer-groups.ts'

describe('placesBelow', () => {
  const mountinfo = [
    '22 1 0:20 / / rw shared:1 - ext4 /dev/vda rw',
    '23 22 0:21 / /data rw shared:2 - tmpfs x rw',
    '24 23 0:22 / /data/a\\040b rw shared:3 - tmpfs x rw',
    '25 23 0:23 / /data/deep/er rw - tmpfs x rw',
    '26 25 0:24 / /data/deep/er rw - tmpfs x rw',
    '27 22 0:25 / /database rw - tmpfs x rw',
    '',
  ].join('\n')

  it('tells mounts inside a part of the tree, each place once, its top first', () => {
    assert.deepEqual(placesBelow('/data', mountinfo), ['', '/a b', '/deep/er'])
    assert.deepEqual(placesBelow('/data/deep', mountinfo), ['', '/er'])
    assert.deepEqual(placesBelow('/database', mountinfo), [''])
    assert.deepEqual(placesBelow('/', mountinfo), ['', '/data', '/data/a b', '/data/deep/er', '/database'])
  })
})
