import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, statSync, symlinkSync, watch } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type AtomicDirectory, writeAtomically } from './atomic-writer.ts'
import { contents, file, folder, modeOf, payload, skip } from './testing.ts'

const plain = (at: string, gid?: number): AtomicDirectory => ({ path: at, mode: 0o777, gid })

describe('the atomic writer', () => {
  it('lays files out as Kubernetes does', t => {
    const directory = folder(t)
    assert.equal(writeAtomically(plain(directory), payload({ 'app.conf': 'a', 'sub/x': 'b' })), true)
    assert.equal(readlinkSync(path.join(directory, 'app.conf')), '..data/app.conf')
    assert.equal(readlinkSync(path.join(directory, 'sub')), '..data/sub')
    assert.match(readlinkSync(path.join(directory, '..data')), /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+$/)
    assert.deepEqual(contents(directory), { 'app.conf': 'a', 'sub/x': 'b' })
  })

  it('writes nothing when nothing changed', t => {
    const directory = folder(t)
    writeAtomically(plain(directory), payload({ a: '1' }))
    const before = readlinkSync(path.join(directory, '..data'))
    assert.equal(writeAtomically(plain(directory), payload({ a: '1' })), false)
    assert.equal(readlinkSync(path.join(directory, '..data')), before)
  })

  it('gives files and directories their modes, whatever the umask', t => {
    const directory = folder(t)
    writeAtomically({ path: directory, mode: 0o1777, gid: undefined }, new Map([['d/key', file('x', 0)]]))
    assert.equal(modeOf(directory), 0o1777)
    assert.equal(modeOf(path.join(directory, '..data')), 0o755)
    assert.equal(modeOf(path.join(directory, 'd')), 0o755)
    assert.equal(modeOf(path.join(directory, 'd/key')), 0)
  })

  it("gives all of it to the pod's group, which may read it", { skip }, t => {
    const directory = folder(t)
    writeAtomically(plain(directory, 4242), new Map([['d/key', file('y', 0o400)]]))
    assert.equal(modeOf(directory), 0o2777)
    assert.equal(modeOf(path.join(directory, '..data')), 0o2755)
    assert.equal(modeOf(path.join(directory, 'd')), 0o2755)
    assert.equal(modeOf(path.join(directory, 'd/key')), 0o440)
    for (const name of ['', '..data', '..data/d', 'd', 'd/key']) {
      assert.equal(statSync(path.join(directory, name)).gid, 4242, name)
      assert.equal(lstatSync(path.join(directory, name)).gid, 4242, name)
    }
    assert.equal(writeAtomically(plain(directory, 4242), new Map([['d/key', file('y', 0o400)]])), false)
  })

  it('ends with exactly the last payload, whatever was there before', t => {
    const names = fc.constantFrom('a', 'b', 'c/d', 'c/e', 'f/g/h')
    const payloads = fc.array(fc.dictionary(names, fc.string(), { maxKeys: 5 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(payloads, written => {
        const directory = folder(t)
        for (const files of written) {
          writeAtomically(plain(directory), payload(files))
          assert.deepEqual(contents(directory), { ...files })
        }
        // Two entries of its own: the link and what it points to.
        assert.equal(readdirSync(directory).filter(name => name.startsWith('..')).length, 2)
      }),
      { numRuns: 40 },
    )
  })

  it('goes on after a writer that was killed half-way', t => {
    const directory = folder(t)
    writeAtomically(plain(directory), payload({ a: '1' }))
    mkdirSync(path.join(directory, '..2020_01_01_00_00_00.123'))
    symlinkSync('..2020_01_01_00_00_00.123', path.join(directory, '..data_tmp'))
    writeAtomically(plain(directory), payload({ a: '2' }))
    assert.deepEqual(contents(directory), { a: '2' })
    assert.equal(existsSync(path.join(directory, '..2020_01_01_00_00_00.123')), false)
  })

  it('leaves a directory that a subPath made in the place of a missing key', t => {
    const directory = folder(t)
    writeAtomically(plain(directory), payload({ a: '1' }))
    mkdirSync(path.join(directory, 'later'))
    writeAtomically(plain(directory), payload({ a: '2' }))
    writeAtomically(plain(directory), payload({ a: '2', later: 'x' }))
    assert.equal(lstatSync(path.join(directory, 'later')).isDirectory(), true)
  })

  it('has every name in its place when ..data changes, and takes none away before', async t => {
    const directory = folder(t)
    writeAtomically(plain(directory), payload({ gone: '1' }))
    using watcher = Object.assign(watch(directory), { [Symbol.dispose]: () => watcher.close() })
    const names: string[] = []
    watcher.on('change', (_, name) => names.push(String(name)))
    writeAtomically(plain(directory), payload({ added: '2' }))
    while (!names.includes('gone')) await once(watcher, 'change')
    const exchanged = names.indexOf('..data')
    assert.ok(names.indexOf('added') < exchanged && exchanged < names.lastIndexOf('gone'), names.join(' '))
  })

  const refused: readonly (readonly [path: string, message: RegExp])[] = [
    ['', /^invalid path: must not be empty: ""$/],
    ['/x', /^invalid path: must be relative path: \/x$/],
    ['a/../../x', /^invalid path: must not contain '\.\.': a\/\.\.\/\.\.\/x$/],
    ['..data/x', /^invalid path: must not start with '\.\.': \.\.data\/x$/],
    ['é'.repeat(128), /^invalid path: filenames must be less than or equal to 255 characters$/],
    ['d/'.repeat(2049), /^invalid path: must be less than or equal to 4096 characters$/],
  ]
  for (const [name, message] of refused) {
    it(`refuses the path ${JSON.stringify(name.slice(0, 20))}, and changes nothing`, t => {
      const directory = folder(t)
      writeAtomically(plain(directory), payload({ a: '1' }))
      assert.throws(() => writeAtomically(plain(directory), payload({ b: '2', [name]: 'x' })), { message })
      assert.deepEqual(contents(directory), { a: '1' })
    })
  }

  it('takes paths with empty and "." elements', t => {
    const directory = folder(t)
    writeAtomically(plain(directory), payload({ './a//b/./c': 'x' }))
    assert.deepEqual(contents(directory), { 'a/b/c': 'x' })
  })
})
