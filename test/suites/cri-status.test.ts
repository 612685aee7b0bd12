// What clients of CRI learn of the runtime itself, and of its images.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { status } from '@grpc/grpc-js'
import { dockerArchive, makeTar } from '../../node-agent/runtime/images/testing.ts'
import { CgroupDriver, ImageService, RuntimeService } from '../../proto/gen/cri.ts'
import { type Asked, KubeletClient } from './kubelet-client.ts'
import { nothing, RuntimeFixture } from './runtime-harness.ts'

describe('the runtime tells', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  before(async () => {
    fixture = await new RuntimeFixture().open()
  })
  after(async () => {
    assert.deepEqual(fixture.said, [])
    assert.deepEqual(await fixture.close(), nothing)
  })

  it('its name and versions', async () => {
    const version = await fixture.client.version({ version: '0.1.0' })
    assert.deepEqual([version.version, version.runtimeName, version.runtimeApiVersion], ['0.1.0', 'tessera', 'v1'])
    assert.match(version.runtimeVersion ?? '', /^\d+\.\d+\.\d+/)
  })

  it('that it is ready, and what it can do', async () => {
    const { status: runtime, runtimeHandlers = [], features, info } = await fixture.client.status({})
    assert.deepEqual(
      runtime?.conditions?.map(condition => [condition.type, condition.status]),
      [
        ['RuntimeReady', true],
        ['NetworkReady', true],
      ],
    )
    assert.deepEqual(
      runtimeHandlers.map(({ name, features: of }) => [name, of?.recursiveReadOnlyMounts, of?.userNamespaces]),
      [['', true, false]],
    )
    assert.deepEqual([features?.supplementalGroupsPolicy, features?.userNamespacesHostNetwork], [true, false])
    assert.deepEqual({ ...info }, {}, 'only when asked verbosely')
    const verbose = (await fixture.client.status({ verbose: true })).info ?? {}
    for (const value of Object.values(verbose)) assert.doesNotThrow(() => void JSON.parse(value))
    assert.deepEqual(Object.keys(verbose).toSorted(), ['cgroups', 'config', 'launcher'])
    const { linux } = await fixture.client.runtimeConfig({})
    assert.equal(linux?.cgroupDriver, CgroupDriver.CGROUPFS)
  })

  it('what it does not do, and nothing else, by the code for that', async () => {
    using kubelet = new KubeletClient(fixture.socket)
    const { GetContainerEvents: _endless, ...rpcs } = RuntimeService
    const methods: Asked<object, object, boolean>[] = [...Object.values(rpcs), ...Object.values(ImageService)]
    const isStreamed = (method: Asked<object, object, boolean>): method is Asked<object, object, true> =>
      method.responseStream
    const missing: string[] = []
    for (const method of methods) {
      const asked: Promise<unknown> = isStreamed(method)
        ? kubelet.stream(method, {})
        : kubelet.call({ ...method, responseStream: false }, {})
      const code = await asked.then(
        () => status.OK,
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
      )
      assert.notEqual(code, status.INTERNAL, method.path)
      if (code === status.UNIMPLEMENTED) missing.push(path.basename(method.path))
    }
    assert.deepEqual(missing.toSorted(), ['Attach', 'CheckpointContainer', 'Exec', 'PortForward'])
  })

  it('the file system of its images, and how much of it they take', async () => {
    const { imageFilesystems = [] } = await fixture.client.imageFsInfo({})
    const [fileSystem] = imageFilesystems
    assert.ok((fileSystem?.usedBytes?.value ?? 0) > 1 << 20)
    assert.ok((fileSystem?.inodesUsed?.value ?? 0) > 0)
    assert.equal(fixture.onHost(`ls -d ${fileSystem?.fsId?.mountpoint}`), `${fileSystem?.fsId?.mountpoint}\n`)
  })

  describe('of images', () => {
    const put = async (tags: string[], config: object = {}): Promise<void> => {
      const layer = await makeTar([{ name: 'etc/tag', content: tags.join() }])
      const archive = await dockerArchive([{ layers: [layer], tags, config }])
      await fixture.client.importImage(
        (async function* () {
          yield archive
        })(),
      )
    }
    const statusOf = async (image: string) =>
      (await fixture.client.imageStatus({ image: { image } })).image ?? undefined
    const remove = (image: string) => fixture.client.removeImage({ image: { image } })

    it('the same by every name they have', async () => {
      await put(['example.com/test-image-tag:all', 'example.com/test-image-tag:other'])
      const found = await statusOf('example.com/test-image-tag:all')
      assert.ok(found?.id && (found.size ?? 0) > 0)
      assert.deepEqual(found.repoTags?.toSorted(), [
        'example.com/test-image-tag:all',
        'example.com/test-image-tag:other',
      ])
      for (const name of [
        found.id,
        found.id.slice('sha256:'.length),
        ...(found.repoTags ?? []),
        ...(found.repoDigests ?? []),
      ])
        assert.deepEqual(await statusOf(name), found, name)
      await remove(found.id)
      assert.equal(await statusOf('example.com/test-image-tag:other'), undefined)
      await remove(found.id)
      await remove('0'.repeat(64))
      await remove('example.com/nobody-has:this')
    })

    it('who they run as', async () => {
      const users: [user: string, uid: number, username: string][] = [
        ['1002', 1002, ''],
        ['www-data', 0, 'www-data'],
        ['1003:1003', 1003, ''],
        ['www-data:www-data', 0, 'www-data'],
      ]
      for (const [User, uid, username] of users) {
        const name = `example.com/user:${users.findIndex(([user]) => user === User)}`
        await put([name], { User })
        const found = await statusOf(name)
        assert.deepEqual([found?.uid?.value ?? 0, found?.username], [uid, username], User)
        await remove(name)
      }
    })

    it('one identifier, wherever it is told', async () => {
      const imageRef = (await fixture.client.pullImage({ image: { image: 'busybox:test' } })).imageRef ?? ''
      assert.equal((await statusOf('busybox:test'))?.id, imageRef)
      const pod = await fixture.runBarePod('id-consistency')
      const image = { image: imageRef, userSpecifiedImage: 'busybox:test' }
      const id = await fixture.runBareContainer(pod, ['top'], { image })
      const told = await fixture.status(id)
      assert.equal(told.imageId, imageRef)
      assert.equal(told.image?.image, 'docker.io/library/busybox:test', 'and a name for people')
      const { containers = [] } = await fixture.client.listContainers({ filter: { id } })
      assert.deepEqual([containers[0]?.imageId, containers[0]?.image?.image], [imageRef, imageRef])
      await fixture.client.removePodSandbox({ podSandboxId: pod })
    })
  })
})
