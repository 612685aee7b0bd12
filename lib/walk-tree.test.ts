import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { diskUsage } from './disk-usage.ts'
import { removeTree } from './remove-tree.ts'
import { Pace } from './walk-tree.ts'

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(os.tmpdir(), 'tree-'))
  t.after(() => execFileSync('rm', ['-rf', made]))
  return made
}

/** Sixty directories in one another, with names that together no path can hold, and a file in the last. */
function fillDeep(root: string): void {
  const step = 'd'.repeat(200)
  const script = `set -e; i=0; while [ $i -lt 60 ]; do mkdir ${step}; cd -P ${step}; i=$((i+1)); done; echo deep > file`
  execFileSync('sh', ['-c', script], { cwd: root })
}

const du = (root: string): number =>
  Number(/^\d+/.exec(execFileSync('du', ['-skx', root], { encoding: 'utf8' }))) * 1024

describe('disk usage', () => {
  it('is counted as du counts', async t => {
    const root = folder(t)
    for (const name of ['a', 'b/c', 'b/d/e', 'f/g']) {
      mkdirSync(path.join(root, path.dirname(name)), { recursive: true })
      writeFileSync(path.join(root, name), Buffer.alloc(100_000))
    }
    const { bytes, inodes } = await diskUsage(root, new Pace())
    assert.equal(bytes, du(root))
    assert.equal(inodes, 8)
  })

  it('counts a file with several names once, and a link as itself', async t => {
    const root = folder(t)
    const outside = folder(t)
    writeFileSync(path.join(outside, 'large'), Buffer.alloc(1_000_000))
    writeFileSync(path.join(root, 'a'), Buffer.alloc(100_000))
    linkSync(path.join(root, 'a'), path.join(root, 'b'))
    symlinkSync(outside, path.join(root, 'link'))
    const { bytes, inodes } = await diskUsage(root, new Pace())
    assert.equal(bytes, du(root))
    assert.equal(inodes, 3)
  })

  it('counts blocks, not lengths', async t => {
    const root = folder(t)
    writeFileSync(path.join(root, 'sparse'), '')
    truncateSync(path.join(root, 'sparse'), 1 << 30)
    assert.equal((await diskUsage(root, new Pace())).bytes, du(root))
  })

  it('counts what lies deeper than a path can name, and names that are no text', async t => {
    const root = folder(t)
    fillDeep(root)
    writeFileSync(Buffer.from(`${root}/\xff`, 'latin1'), Buffer.alloc(100_000))
    const { bytes, inodes } = await diskUsage(root, new Pace())
    assert.equal(inodes, 63)
    assert.equal(bytes, du(root))
  })

  it('is that of a file, and nothing where there is nothing', async t => {
    const file = path.join(folder(t), 'f')
    writeFileSync(file, Buffer.alloc(5000))
    assert.deepEqual(await diskUsage(file, new Pace()), { bytes: du(file), inodes: 1 })
    assert.deepEqual(await diskUsage(`${file}.no`, new Pace()), { bytes: 0, inodes: 0 })
  })
})

describe('removing a tree', () => {
  it('removes what lies deeper than a path can name, and nothing that a link leads to', async t => {
    const root = folder(t)
    const outside = folder(t)
    writeFileSync(path.join(outside, 'kept'), '')
    fillDeep(root)
    symlinkSync(outside, path.join(root, 'link'))
    await removeTree(root)
    assert.equal(existsSync(root), false)
    assert.deepEqual(readdirSync(outside), ['kept'])
  })

  it('is done where there is nothing', async t => {
    await removeTree(path.join(folder(t), 'no'))
  })
})
