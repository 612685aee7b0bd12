import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { RuntimeClient } from '../../../client/runtime.ts'
import { silentLogger } from '../../../lib/logger.ts'
import { type ContainerEventResponse, ContainerState, PodSandboxState } from '../../../proto/gen/cri.ts'
import { importArchive } from '../images/import-archive.ts'
import { Importer } from '../images/importer.ts'
import { dockerArchive, makeTar, ociArchive } from '../images/testing.ts'
import { followExits } from '../lifecycle/exits.ts'
import { type FakeMachine, fakeMachine } from '../lifecycle/testing.ts'
import { refuseSecond, serve } from './server.ts'

describe('CRI over its socket', () => {
  let machine: FakeMachine
  let client: RuntimeClient
  let socket: string
  const cleanups: (() => unknown)[] = []

  before(async () => {
    machine = await fakeMachine()
    const { runtime } = machine
    socket = path.join(machine.folder, 'runtime.sock')
    const importer = new Importer(runtime.images, (job, onStep) => importArchive(runtime.images.layout, job, onStep))
    const configureNetwork = (cidr: string): void => {
      if (!cidr.includes('/')) throw new Error('no prefix length')
      machine.sandboxes.configureNetwork()
    }
    const stop = await serve(runtime, importer, { socket, version: '1.2.3', configureNetwork }, silentLogger)
    client = new RuntimeClient({ socketPath: socket })
    cleanups.push(
      followExits(runtime),
      () => client.close(),
      stop,
      () => machine.remove(),
    )
  })
  after(async () => {
    for (const cleanup of cleanups) await cleanup()
  })

  test('tells who it is, and only root may connect', async () => {
    assert.deepEqual(
      { ...(await client.version({})) },
      {
        version: '0.1.0',
        runtimeName: 'tessera',
        runtimeVersion: '1.2.3',
        runtimeApiVersion: 'v1',
      },
    )
    assert.equal(statSync(socket).mode & 0o777, 0o600)
    await assert.rejects(refuseSecond(socket), /another runtime listens/)
  })

  test('is ready for pods once it knows their addresses', async () => {
    const network = async () =>
      (await client.status({})).status?.conditions?.find(({ type }) => type === 'NetworkReady')
    assert.equal((await network())?.status, false)
    const configure = (podCidr: string) => client.updateRuntimeConfig({ runtimeConfig: { networkConfig: { podCidr } } })
    await assert.rejects(configure('nonsense'), { code: 'INVALID_ARGUMENT', message: /no prefix length/ })
    await configure('10.0.0.0/24')
    assert.equal((await network())?.status, true)
  })

  test('is not ready under a launcher of another build, and says why', async () => {
    const condition = async () =>
      (await client.status({})).status?.conditions?.find(({ type }) => type === 'RuntimeReady')
    assert.equal((await condition())?.status, true)
    machine.launcher.mismatch = 'the launcher is of an older build'
    const { status, reason, message } = (await condition()) ?? {}
    assert.deepEqual([status, reason, message], [false, 'LauncherMismatch', 'the launcher is of an older build'])
    await assert.rejects(client.runPodSandbox({ config: { metadata: { name: 'a', uid: 'b' } } }), {
      code: 'UNAVAILABLE',
    })
    machine.launcher.mismatch = undefined
  })

  test('a pod’s life: statuses, lists by filter, events', async () => {
    const controller = new AbortController()
    const events: ContainerEventResponse[] = []
    const stream = await client.containerEvents(controller.signal)
    const reading = (async () => {
      for await (const event of stream) events.push(event)
    })()
    const labels = { app: 'web' }
    const { podSandboxId = '' } = await client.runPodSandbox({
      config: { metadata: { name: 'web', namespace: 'default', uid: 'u' }, labels, annotations: { note: 'n' } },
    })
    const { containerId = '' } = await client.createContainer({
      podSandboxId,
      config: { metadata: { name: 'c' }, image: { image: 'demo:1' }, labels },
    })
    assert.equal((await client.containerStatus({ containerId })).status?.state, ContainerState.CONTAINER_CREATED)
    await client.startContainer({ containerId })
    const { status } = await client.containerStatus({ containerId: containerId.slice(0, 10) })
    assert.equal(status?.state, ContainerState.CONTAINER_RUNNING)
    assert.ok(Math.abs((status.startedAt ?? 0) / 1e6 - Date.now()) < 10_000)
    const sandbox = (await client.podSandboxStatus({ podSandboxId })).status
    assert.deepEqual([sandbox?.network?.ip, sandbox?.state], ['10.0.0.1', PodSandboxState.SANDBOX_READY])

    const count = async (filter: object) => (await client.listContainers({ filter })).containers?.length
    assert.deepEqual(
      [
        await count({}),
        await count({ id: containerId.slice(0, 5) }),
        await count({ id: 'xyz' }),
        await count({ labelSelector: labels }),
        await count({ labelSelector: { app: 'other' } }),
        await count({ state: { state: ContainerState.CONTAINER_RUNNING } }),
        await count({ state: { state: ContainerState.CONTAINER_CREATED } }),
        await count({ podSandboxId }),
      ],
      [1, 1, 0, 1, 0, 1, 0, 1],
    )
    assert.equal((await client.listPodSandbox({ filter: { labelSelector: labels } })).items?.length, 1)

    await client.updateContainerResources({ containerId, linux: { cpuShares: 99 } })
    assert.equal((await client.containerStatus({ containerId })).status?.resources?.linux?.cpuShares, 99)
    const { stats } = await client.containerStats({ containerId })
    assert.equal(stats?.cpu?.usageCoreNanoSeconds?.value, 5)
    assert.equal((await client.podSandboxStats({ podSandboxId })).stats?.linux?.containers?.length, 1)

    await client.stopContainer({ containerId, timeout: 5 })
    const ended = (await client.containerStatus({ containerId })).status
    assert.deepEqual([ended?.state, ended?.exitCode, ended?.reason], [ContainerState.CONTAINER_EXITED, 143, 'Error'])
    await client.removeContainer({ containerId })
    await client.stopPodSandbox({ podSandboxId })
    assert.equal((await client.podSandboxStatus({ podSandboxId })).status?.state, PodSandboxState.SANDBOX_NOTREADY)
    await client.removePodSandbox({ podSandboxId })
    await assert.rejects(client.podSandboxStatus({ podSandboxId }), { code: 'NOT_FOUND' })
    controller.abort()
    await reading
    assert.deepEqual(
      events.map(event => [event.containerId === podSandboxId, event.containerEventType]),
      [
        [true, 0],
        [true, 1],
        [false, 0],
        [false, 1],
        [false, 2],
        [false, 3],
        [true, 2],
        [true, 3],
      ],
    )
    assert.ok(events.every(event => event.podSandboxStatus?.metadata?.uid === 'u'))
    assert.deepEqual(
      events.map(event => event.podSandboxStatus?.state),
      [0, 0, 0, 0, 0, 0, 1, 1],
    )
    assert.deepEqual(
      events.map(event => event.containersStatuses?.map(({ state }) => state)),
      [[], [], [0], [1], [2], [], [], []],
    )
    const times = events.map(event => event.createdAt ?? 0)
    assert.deepEqual(times, times.toSorted())
    assert.deepEqual(
      [events[0]?.containerId, events[0]?.podSandboxStatus?.network?.ip],
      [podSandboxId, '10.0.0.1'],
      'a sandbox is told with its address',
    )
  })

  test('errors have codes and say what is wrong', async () => {
    const cases: [Promise<unknown>, string, RegExp][] = [
      [client.containerStatus({ containerId: 'nope' }), 'NOT_FOUND', /no container nope/],
      [client.containerStatus({}), 'INVALID_ARGUMENT', /ID is missing/],
      [client.startContainer({ containerId: 'nope' }), 'NOT_FOUND', /no container/],
      [client.execSync({ containerId: 'nope', cmd: ['x'] }), 'NOT_FOUND', /no container/],
      [client.createContainer({ podSandboxId: 'nope', config: {} }), 'NOT_FOUND', /no sandbox/],
      [client.runPodSandbox({}), 'INVALID_ARGUMENT', /config: is missing/],
      [client.runPodSandbox({ config: {} }), 'INVALID_ARGUMENT', /name and uid/],
      [
        client.pullImage({ image: { image: 'ghost:1' } }),
        'NOT_FOUND',
        /"ghost:1" is not on this node: import it with `tsctl image import/,
      ],
      [client.pullImage({ image: { image: 'Bad' } }), 'INVALID_ARGUMENT', /must be lowercase/],
    ]
    for (const [call, code, message] of cases) await assert.rejects(call, { name: 'RuntimeError', code, message })
    await client.stopContainer({ containerId: 'nope' })
    await client.removeContainer({ containerId: 'nope' })
    await client.stopPodSandbox({ podSandboxId: 'nope' })
    await client.removePodSandbox({ podSandboxId: 'nope' })
  })

  test('images: import with progress, status, removal refused while in use', async () => {
    const archive = await dockerArchive([
      {
        layers: [await makeTar([{ name: 'bin/x', content: 'x', mode: 0o755 }])],
        tags: ['two:1'],
        config: { User: '1000:5', Cmd: ['/bin/x'] },
      },
    ])
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let offset = 0; offset < archive.length; offset += 1000) yield archive.subarray(offset, offset + 1000)
    }
    const steps: string[] = []
    const [imported] = await client.importImage(pieces(), {
      reference: 'three:3',
      onProgress: ({ step }) => steps.push(step),
    })
    assert.deepEqual(imported?.references, ['docker.io/library/three:3'])
    assert.ok(steps.includes('unpacking layer 1 of 1'))
    const { image } = await client.imageStatus({ image: { image: 'three:3' } })
    assert.deepEqual([image?.id, image?.uid?.value], [imported.id, 1000])
    assert.equal((await client.imageStatus({ image: { image: 'ghost:1' } })).image ?? undefined, undefined)
    // One reference for an image in all answers, whatever it is asked for by.
    const digested = await ociArchive({ layers: [await makeTar([{ name: 'y', content: 'y' }])], tags: ['me/four:4'] })
    const [withDigest] = await client.importImage(
      (async function* () {
        yield digested
      })(),
    )
    for (const [name, id] of [
      ['three:3', imported.id],
      ['me/four:4', withDigest?.id],
    ]) {
      assert.equal((await client.pullImage({ image: { image: name } })).imageRef, id)
      assert.equal((await client.imageStatus({ image: { image: name } })).image?.id, id)
    }
    await client.removeImage({ image: { image: 'me/four:4' } })
    const { podSandboxId = '' } = await client.runPodSandbox({ config: { metadata: { name: 'p', uid: 'p' } } })
    await client.createContainer({ podSandboxId, config: { metadata: { name: 'c' }, image: { image: 'three:3' } } })
    const remove = () => client.removeImage({ image: { image: 'three:3' } })
    await assert.rejects(remove(), { code: 'FAILED_PRECONDITION', message: /used by container c / })
    await client.removePodSandbox({ podSandboxId })
    await remove()
    await remove()
    assert.equal((await client.listImages({})).images?.length, 1)
    const refused = client.importImage(
      (async function* () {
        yield Buffer.alloc(600, 'text')
      })(),
    )
    await assert.rejects(refused, { code: 'INVALID_ARGUMENT', message: /no tar archive/ })
  })
})
