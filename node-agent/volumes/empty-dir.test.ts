import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Container } from '../../api/kinds/core-v1/container.ts'
import type { Volume } from '../../api/kinds/core-v1/volumes.ts'
import { attachMountAt, cloneTree } from '../sys/mount.ts'
import { emptyDirVolume, memorySizeBytes } from './empty-dir.ts'
import { mountMemoryFileSystem, mountsBelow } from './mount.ts'
import { folder, modeOf, skip } from './testing.ts'
import type { PlaceRequest } from './volume.ts'

function place(
  t: TestContext,
  emptyDir: NonNullable<Volume['emptyDir']>,
  more: Partial<PlaceRequest> = {},
): PlaceRequest {
  const request = {
    volume: { name: 'v', emptyDir },
    directory: path.join(folder(t), 'v'),
    spec: { containers: [] },
    sources: { memoryBytes: 64 << 20 },
    ...more,
  }
  emptyDirVolume.place(request)
  return request
}

const container = (name: string, more: Partial<Container>): Container => ({ name, resources: {}, ...more })
const grouped: PlaceRequest['spec'] = { containers: [], securityContext: { fsGroup: 2000 } }
const propagating: PlaceRequest['spec'] = {
  containers: [container('c', { volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation: 'HostToContainer' }] })],
}
const asking = (...sizes: readonly string[]): PlaceRequest['spec'] => ({
  containers: sizes.map(size =>
    container(size.toLowerCase(), { resources: { requests: { [`hugepages-${size}`]: size } } }),
  ),
})

describe('an emptyDir', () => {
  it('is for everybody, whatever the umask', t => {
    const { directory } = place(t, {})
    assert.equal(modeOf(directory), 0o777)
  })

  it("is its group's, as what is made in it", { skip }, t => {
    const { directory } = place(t, {}, { spec: grouped })
    assert.equal(modeOf(directory), 0o2777)
    writeFileSync(path.join(directory, 'x'), '')
    assert.deepEqual([statSync(directory).gid, statSync(path.join(directory, 'x')).gid], [2000, 2000])
  })

  it('is the pod’s once it is made: its mode stays what a container made it', t => {
    const request = place(t, {})
    chmodSync(request.directory, 0o700)
    emptyDirVolume.place(request)
    assert.equal(modeOf(request.directory), 0o700)
  })

  it('is made anew where an agent was killed while it made it', t => {
    const root = folder(t)
    mkdirSync(path.join(root, '..v', 'x'), { recursive: true })
    const { directory } = place(t, {}, { directory: path.join(root, 'v') })
    assert.equal(modeOf(directory), 0o777)
  })

  it('refuses a medium it does not know', t => {
    assert.throws(() => place(t, { medium: 'Tape' }), { message: 'unknown storage medium "Tape"' })
  })

  it('shows its users what any of them mounts in it', { skip }, t => {
    for (const medium of ['', 'Memory']) {
      const { directory } = place(t, { medium }, { spec: propagating })
      const user = folder(t)
      attachMountAt(cloneTree(directory, { recursive: true }), user)
      mkdirSync(path.join(directory, 'sub'))
      mountMemoryFileSystem(path.join(user, 'sub'), { mode: 0o755 })
      assert.deepEqual(mountsBelow(directory), [path.join(directory, 'sub'), directory])
    }
  })
})

describe('an emptyDir in memory', { skip }, () => {
  it('is a file system as large as its limit, or as its pod', t => {
    const blocks = (directory: string): number => {
      const { blocks, bsize } = statfsSync(directory)
      return blocks * bsize
    }
    assert.equal(blocks(place(t, { medium: 'Memory' }).directory), 64 << 20)
    assert.equal(blocks(place(t, { medium: 'Memory', sizeLimit: '1Gi' }).directory), 64 << 20)
    const { directory } = place(t, { medium: 'Memory', sizeLimit: '1Mi' })
    assert.equal(blocks(directory), 1 << 20)
    assert.throws(() => writeFileSync(path.join(directory, 'big'), Buffer.alloc(2 << 20)), { code: 'ENOSPC' })
  })

  it('has the sticky bit, and its group', t => {
    assert.equal(modeOf(place(t, { medium: 'Memory' }).directory), 0o1777)
    const { directory } = place(t, { medium: 'Memory' }, { spec: grouped })
    assert.equal(modeOf(directory), 0o3777)
    assert.equal(statSync(directory).gid, 2000)
  })

  it('is mounted once', t => {
    const request = place(t, { medium: 'Memory' })
    writeFileSync(path.join(request.directory, 'x'), 'kept')
    emptyDirVolume.place(request)
    assert.equal(mountsBelow(request.directory).length, 1)
    assert.equal(statSync(path.join(request.directory, 'x')).size, 4)
  })
})

describe('an emptyDir of huge pages', () => {
  const hasPages = existsSync('/sys/kernel/mm/hugepages/hugepages-2048kB')

  it('is a file system of the pages its pod requests', { skip: skip || (!hasPages && 'needs pages of 2 MiB') }, t => {
    for (const medium of ['HugePages', 'HugePages-2Mi']) {
      const { directory } = place(t, { medium }, { spec: { ...asking('2Mi'), securityContext: { fsGroup: 2000 } } })
      assert.deepEqual(mountsBelow(directory), [directory])
      assert.equal(statfsSync(directory).bsize, 2 << 20)
      assert.deepEqual([modeOf(directory), statSync(directory).gid], [0o2775, 2000])
    }
  })

  it('is not for a pod that requests none of them, or several sizes', t => {
    const none = (medium: string): string =>
      `medium ${medium}: hugePages storage requested, but there is no resource request for huge pages`
    assert.throws(() => place(t, { medium: 'HugePages' }), { message: none('HugePages') })
    assert.throws(() => place(t, { medium: 'HugePages-1Gi' }, { spec: asking('2Mi') }), {
      message: none('HugePages-1Gi'),
    })
    assert.throws(() => place(t, { medium: 'HugePages' }, { spec: asking('2Mi', '1Gi') }), {
      message: "medium: HugePages can't be used if container requests multiple huge page sizes",
    })
  })
})

describe('the size of an emptyDir in memory', () => {
  const table: readonly (readonly [sizeLimit: string | undefined, pod: number, expected: number])[] = [
    [undefined, 1000, 1000],
    ['0', 1000, 1000],
    ['500', 1000, 500],
    ['1000', 1000, 1000],
    ['1Ki', 1000, 1000],
  ]
  for (const [sizeLimit, pod, expected] of table) {
    it(`is ${expected} with limit ${sizeLimit ?? 'none'} in a pod of ${pod}`, () => {
      assert.equal(memorySizeBytes(sizeLimit === undefined ? {} : { sizeLimit }, pod), expected)
    })
  }
})
