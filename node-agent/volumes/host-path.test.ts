import assert from 'node:assert/strict'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { Volume } from '../../api/kinds/core-v1/volumes.ts'
import { hostPathVolume, makeMissing } from './host-path.ts'
import { folder, modeOf } from './testing.ts'

function check(host: string, type: NonNullable<Volume['hostPath']>['type'] | undefined): void {
  hostPathVolume.place({
    volume: { name: 'v', hostPath: { path: host, ...(type !== undefined && { type }) } },
    directory: '',
    spec: { containers: [] },
    sources: { memoryBytes: 0 },
  })
}

describe('a hostPath', () => {
  for (const [type, what] of [
    ['Directory', 'directory'],
    ['File', 'file'],
    ['Socket', 'socket file'],
    ['CharDevice', 'character device'],
    ['BlockDevice', 'block device'],
  ] as const) {
    it(`of type ${type} must be one`, async t => {
      const root = folder(t)
      const file = path.join(root, 'f')
      writeFileSync(file, '')
      const socket = path.join(root, 's')
      const server = net.createServer().listen(socket)
      await new Promise(resolve => server.once('listening', resolve))
      t.after(() => server.close())
      const kinds = { Directory: root, File: file, Socket: socket, CharDevice: '/dev/null' }
      for (const [kind, host] of Object.entries(kinds)) {
        if (kind === type) check(host, type)
        else {
          const message = `hostPath type check failed: ${host} is not a ${what}`
          assert.throws(() => check(host, type), { message })
        }
      }
      const missing = path.join(file, 'missing')
      assert.throws(() => check(missing, type), { message: `hostPath type check failed: ${missing} is not a ${what}` })
    })
  }

  it('is made when its type says so', t => {
    const root = folder(t)
    check(path.join(root, 'd/e'), 'DirectoryOrCreate')
    assert.equal(modeOf(path.join(root, 'd/e')), 0o755)
    check(path.join(root, 'd/f'), 'FileOrCreate')
    assert.equal(modeOf(path.join(root, 'd/f')), 0o644)
    check(path.join(root, 'd/e'), 'DirectoryOrCreate')
    const message = `hostPath type check failed: ${root} is not a file`
    assert.throws(() => check(root, 'FileOrCreate'), { message })
  })

  it('says why it can not be made', t => {
    const root = folder(t)
    const file = path.join(root, 'f')
    writeFileSync(file, '')
    const below = path.join(file, 'x/y')
    assert.throws(() => check(below, 'DirectoryOrCreate'), { message: `mkdir ${file}: not a directory` })
    const orphan = path.join(root, 'no/f')
    assert.throws(() => check(orphan, 'FileOrCreate'), { message: `open ${orphan}: no such file or directory` })
  })

  it('without a type is whatever is there, and a directory once it is mounted', t => {
    const host = path.join(folder(t), 'x')
    check(host, undefined)
    check(host, '')
    assert.equal(statSync(host, { throwIfNoEntry: false }), undefined)
    makeMissing(host)
    assert.equal(modeOf(host), 0o755)
    mkdirSync(path.join(host, 'kept'))
    makeMissing(host)
    assert.ok(statSync(path.join(host, 'kept')))
  })
})
