import assert from 'node:assert/strict'
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { writeAtomically } from './atomic-writer.ts'
import { mountsBelow } from './mount.ts'
import { bindPart, MakePartError, openPart } from './sub-path.ts'
import { folder, modeOf, payload, skip } from './testing.ts'

describe('a part of a volume', () => {
  it('is opened where it is, and made where it is missing, for whoever may use the volume', t => {
    const root = folder(t)
    chmodSync(root, 0o1777)
    const fd = openPart(root, './a//b/')
    assert.equal(realpathSync(`/proc/self/fd/${fd}`), path.join(realpathSync(root), 'a/b'))
    closeSync(fd)
    assert.deepEqual([modeOf(path.join(root, 'a')), modeOf(path.join(root, 'a/b'))], [0o1777, 0o1777])
  })

  it('may be a link that stays inside the volume', t => {
    const root = folder(t)
    writeAtomically({ path: root, mode: 0o777, gid: undefined }, payload({ 'app.conf': 'x' }))
    const fd = openPart(root, 'app.conf')
    assert.equal(readFileSync(`/proc/self/fd/${fd}`, 'utf8'), 'x')
    closeSync(fd)
  })

  for (const [what, link] of [
    ['an absolute link', '/etc'],
    ['a relative link', '../../../../../../etc'],
    ['a link to what only the volume could mean', '/inside'],
  ] as const) {
    it(`does not follow ${what} out of the volume, and makes nothing there`, t => {
      const outside = folder(t)
      const root = path.join(outside, 'volume')
      mkdirSync(path.join(root, 'inside'), { recursive: true })
      symlinkSync(link, path.join(root, 'evil'))
      for (const subPath of ['evil', 'evil/passwd', 'evil/made/here']) {
        assert.throws(() => openPart(root, subPath), { code: 'EXDEV' })
      }
      assert.deepEqual(readdirSync(path.join(root, 'inside')), [])
    })
  }

  it('does not follow magic links', t => {
    const root = folder(t)
    assert.throws(() => openPart('/proc/self', 'root/etc'), { code: 'ELOOP' })
    assert.throws(() => openPart('/proc/self', 'cwd'), { code: 'ELOOP' })
    assert.deepEqual(readdirSync(root), [])
  })

  it('is not made in the place of a link that leads nowhere', t => {
    const root = folder(t)
    symlinkSync('nowhere', path.join(root, 'dangling'))
    assert.throws(() => openPart(root, 'dangling'), MakePartError)
    assert.throws(() => openPart(root, 'dangling/x'), MakePartError)
    assert.equal(existsSync(path.join(root, 'nowhere')), false)
  })

  it('is not below a file', t => {
    const root = folder(t)
    writeFileSync(path.join(root, 'file'), '')
    assert.throws(() => openPart(root, 'file/x'), { code: 'ENOTDIR' })
  })
})

describe('a mounted part of a volume', { skip }, () => {
  it('is the file that is there when a container starts, not the one of an earlier start', t => {
    const root = folder(t)
    const volume = path.join(root, 'v')
    const target = path.join(root, 'sub', '0')
    const directory = { path: volume, mode: 0o777, gid: undefined }
    writeAtomically(directory, payload({ 'app.ini': 'v1' }))
    bindPart(volume, 'app.ini', target)
    writeAtomically(directory, payload({ 'app.ini': 'v1', other: 'x' }))
    bindPart(volume, 'app.ini', target)
    assert.equal(readFileSync(target, 'utf8'), 'v1')
    assert.equal(mountsBelow(root).length, 1)
    assert.equal(statSync(target).ino, statSync(path.join(volume, 'app.ini')).ino)
  })

  it('is that of a name that exists, of two names of one file', t => {
    const root = folder(t)
    const target = path.join(root, 'sub', '0')
    mkdirSync(path.join(root, 'v'))
    writeFileSync(path.join(root, 'v', 'a'), 'x')
    bindPart(path.join(root, 'v'), 'a', target)
    linkSync(path.join(root, 'v', 'a'), path.join(root, 'v', 'b'))
    rmSync(path.join(root, 'v', 'a'))
    renameSync(path.join(root, 'v', 'b'), path.join(root, 'v', 'a'))
    bindPart(path.join(root, 'v'), 'a', target)
    // The kernel mounts nothing that has no name any more.
    bindPart(target.replace(/0$/, ''), '0', path.join(root, 'again'))
    assert.equal(readFileSync(path.join(root, 'again'), 'utf8'), 'x')
  })

  it('may become a directory, and a file again', t => {
    const root = folder(t)
    const part = path.join(root, 'v', 'part')
    const target = path.join(root, 'sub', '0')
    mkdirSync(part, { recursive: true })
    writeFileSync(path.join(part, 'inside'), 'kept')
    bindPart(path.join(root, 'v'), 'part', target)
    renameSync(part, `${part}.old`)
    writeFileSync(part, 'file')
    bindPart(path.join(root, 'v'), 'part', target)
    assert.equal(readFileSync(target, 'utf8'), 'file')
    rmSync(part)
    renameSync(`${part}.old`, part)
    bindPart(path.join(root, 'v'), 'part', target)
    assert.deepEqual(readdirSync(target), ['inside'])
    assert.equal(mountsBelow(root).length, 1)
  })
})
