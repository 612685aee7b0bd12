// How mounts of the host and of containers reach one another, and which are read-only.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type Mount, MountPropagation } from '../../proto/gen/cri.ts'
import { nothing, RuntimeFixture } from './runtime-harness.ts'

const { PROPAGATION_PRIVATE, PROPAGATION_HOST_TO_CONTAINER, PROPAGATION_BIDIRECTIONAL } = MountPropagation

describe('mounts', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  let pod: string
  let host: string
  before(async () => {
    fixture = await new RuntimeFixture().open()
    pod = await fixture.runBarePod('mounts', { linux: { securityContext: { privileged: true } } })
  })
  after(async () => {
    await fixture.client.removePodSandbox({ podSandboxId: pod })
    assert.deepEqual(await fixture.close(), nothing)
  })
  beforeEach(() => {
    host = path.join(fixture.folder, randomUUID())
    for (const name of ['mnt/propagated', 'source', 'tmpfs']) mkdirSync(path.join(host, name), { recursive: true })
    writeFileSync(path.join(host, 'source', 'flagFile'), '')
  })
  afterEach(() => {
    fixture.onHost(`umount -R ${host}/mnt ${host}/tmpfs 2>/dev/null || true`)
  })

  const run = (mount: Mount): Promise<string> =>
    fixture.runBareContainer(pod, ['top'], { linux: { securityContext: { privileged: true } }, mounts: [mount] })

  for (const [propagation, name, inward, outward] of [
    [PROPAGATION_PRIVATE, 'private', false, false],
    [PROPAGATION_HOST_TO_CONTAINER, 'from the host to the container', true, false],
    [PROPAGATION_BIDIRECTIONAL, 'both ways', true, true],
  ] as const) {
    it(`propagate ${name}`, async () => {
      const shared = `${host}/mnt`
      fixture.onHost(`mount --bind ${shared} ${shared}`)
      fixture.onHost(`mount --make-r${propagation === PROPAGATION_PRIVATE ? 'private' : 'shared'} ${shared}`)
      const id = await run({ hostPath: shared, containerPath: shared, propagation })
      const [told] = (await fixture.status(id)).mounts ?? []
      assert.deepEqual([told?.hostPath, told?.propagation], [shared, propagation])
      fixture.onHost(`mount --bind ${host}/source ${shared}/propagated`)
      assert.equal((await fixture.exec(id, 'ls', '-A', `${shared}/propagated`)).stdout !== '', inward)
      const script = `mkdir -p ${shared}/inside && mount --bind /etc ${shared}/inside`
      assert.deepEqual(await fixture.sh(id, script), { stdout: '', stderr: '', exitCode: 0 })
      assert.equal(readdirSync(`${shared}/inside`).length > 0, outward)
    })
  }

  it('are read-only by themselves, or with all below them', async () => {
    fixture.onHost(`mount -t tmpfs none ${host}/tmpfs`)
    const mount = { hostPath: host, containerPath: '/mnt', readonly: true }
    const shallow = await run(mount)
    assert.equal((await fixture.exec(shallow, 'touch', '/mnt/tmpfs/file')).exitCode, 0)
    assert.match((await fixture.exec(shallow, 'touch', '/mnt/file')).stderr, /Read-only file system/)
    const deep = await run({ ...mount, recursiveReadOnly: true })
    assert.match((await fixture.exec(deep, 'touch', '/mnt/tmpfs/foo')).stderr, /Read-only file system/)
    assert.equal((await fixture.status(deep)).mounts?.[0]?.recursiveReadOnly, true)
  })

  it('recursively read-only are private and read-only, or refused', async () => {
    const mount = { hostPath: host, containerPath: '/mnt', readonly: true, recursiveReadOnly: true }
    const refused = { code: 'INVALID_ARGUMENT', message: /recursive_read_only/ }
    for (const propagation of [PROPAGATION_HOST_TO_CONTAINER, PROPAGATION_BIDIRECTIONAL])
      await assert.rejects(run({ ...mount, propagation }), refused)
    await assert.rejects(run({ ...mount, readonly: false }), refused)
  })

  it('of images are not made, and say so', async () => {
    const mount = { containerPath: '/mnt', readonly: true, image: { image: 'busybox:test' } }
    await assert.rejects(run(mount), { code: 'UNIMPLEMENTED', message: /image volumes are not supported/ })
  })
})
