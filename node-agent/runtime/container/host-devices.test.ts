import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { allDevices, devicesAt } from './host-devices.ts'

describe('the machine’s devices', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessera-devices-'))
  after(() => rmSync(folder, { recursive: true }))

  it('are nodes with their numbers, by the name asked for', () => {
    const [found] = devicesAt('/dev/zero')
    const { path: place, type, major, minor } = found ?? assert.fail('no /dev/zero')
    assert.deepEqual([place, type, major, minor], ['/dev/zero', 'char', 1, 5])
    const link = path.join(folder, 'link')
    symlinkSync('/dev/zero', link)
    assert.deepEqual(
      devicesAt(link).map(node => [node.path, node.minor]),
      [[link, 5]],
    )
  })

  it('are none where there is nothing, or only files and links', () => {
    assert.deepEqual(devicesAt(path.join(folder, 'absent')), [])
    mkdirSync(path.join(folder, 'inside'))
    writeFileSync(path.join(folder, 'inside', 'file'), '')
    symlinkSync('/dev/zero', path.join(folder, 'inside', 'zero'))
    assert.deepEqual(devicesAt(path.join(folder, 'inside')), [])
  })

  it('are all but what each container has of its own', () => {
    const paths = allDevices().map(node => node.path)
    assert.ok(paths.includes('/dev/zero'))
    assert.equal(new Set(paths).size, paths.length)
    for (const place of paths) assert.doesNotMatch(place, /^\/dev\/(console|fd|mqueue|ptmx|pts|shm)(\/|$)/)
  })
})
