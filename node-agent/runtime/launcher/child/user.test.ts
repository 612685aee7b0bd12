import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { StartRefusal } from './failure.ts'
import { resolveUser, type UserFiles } from './user.ts'

const files: UserFiles = {
  passwd: [
    '1000:x:0:0::/root:/bin/sh',
    'root:x:0:0:root:/root:/bin/sh',
    'web:x:1000:1001:Web:/home/web:/bin/sh',
    '99999999999:x:0:0::/root:/bin/sh',
  ].join('\n'),
  group: ['root:x:0:', '50:x:0:', 'web:x:1001:', 'staff:x:50:web', 'video:x:44:nobody,web'].join('\n'),
}

const resolve = (user: string, mergeImageGroups = true, supplementaryGroups: readonly number[] = []) =>
  resolveUser({ user, supplementaryGroups, mergeImageGroups }, files)

describe('resolveUser', () => {
  it('takes digits for a number, whatever names the image gives out', () => {
    assert.deepEqual(resolve('1000'), { uid: 1000, gid: 1001, supplementaryGroups: [1001, 50, 44], home: '/home/web' })
    assert.deepEqual([resolve('1000:50').gid, resolve('web:50').gid], [50, 50])
    const id = fc.integer({ min: 1, max: 0x7fffffff })
    fc.assert(
      fc.property(id, id, (uid, gid) => {
        const named = { passwd: `${uid}:x:0:0::/:/bin/sh\n`, group: `${gid}:x:0:${uid}\n` }
        const user = { user: `${uid}:${gid}`, supplementaryGroups: [], mergeImageGroups: true }
        assert.deepEqual(resolveUser(user, named), { uid, gid, supplementaryGroups: [gid], home: '/' })
      }),
    )
  })

  it('refuses digits that are no ID instead of looking for such a name', () => {
    for (const user of ['99999999999', '2147483648', '1000:99999999999']) {
      assert.throws(
        () => resolve(user),
        (error: unknown) => error instanceof StartRefusal && /is not within 0 and 2147483647/.test(error.message),
      )
    }
  })

  it('looks names up, and gives the groups the image lists for them when asked', () => {
    assert.deepEqual(resolve('web', true, [777]), {
      uid: 1000,
      gid: 1001,
      supplementaryGroups: [1001, 50, 44, 777],
      home: '/home/web',
    })
    assert.deepEqual(resolve('web:staff', false).supplementaryGroups, [50])
    assert.throws(
      () => resolve('nosuch'),
      /unable to find user nosuch: no matching entries in the image's \/etc\/passwd/,
    )
    assert.throws(() => resolve('web:nosuch'), /unable to find group nosuch/)
  })

  it('needs no entry for a number, and takes nothing for root', () => {
    assert.deepEqual(resolve('4242'), { uid: 4242, gid: 0, supplementaryGroups: [0], home: '/' })
    assert.equal(resolve('').uid, 0)
    const nothing: UserFiles = { passwd: undefined, group: undefined }
    assert.equal(resolveUser({ user: '7', supplementaryGroups: [], mergeImageGroups: true }, nothing).uid, 7)
  })
})
