// Lists, whole and streamed (KEP-5825): filters, and every item once.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ContainerState, ImageService, PodSandboxState, RuntimeService } from '../../proto/gen/cri.ts'
import { KubeletClient } from './kubelet-client.ts'
import { forever, nothing, RuntimeFixture } from './runtime-harness.ts'

describe('lists', { timeout: 120_000 }, () => {
  let fixture: RuntimeFixture
  let client: KubeletClient
  let pods: string[]
  let containers: string[]

  before(async () => {
    fixture = await new RuntimeFixture().open()
    client = new KubeletClient(fixture.socket)
    pods = [
      await fixture.runPod({ labels: { app: 'web', tier: 'front' }, annotations: { note: 'as given' } }),
      await fixture.runPod({ labels: { app: 'db' } }),
      await fixture.runPod(),
    ]
    const [web = '', db = ''] = pods
    containers = [
      await fixture.runContainer(web, 'one', forever, { labels: { app: 'web' } }),
      await fixture.runContainer(web, 'two', forever),
      await fixture.createContainer(db, 'three', forever),
    ]
    await fixture.client.stopPodSandbox({ podSandboxId: pods[2] })
  })
  after(async () => {
    await Promise.all(pods.map(podSandboxId => fixture.client.removePodSandbox({ podSandboxId })))
    client[Symbol.dispose]()
    assert.deepEqual(await fixture.close(), nothing)
  })

  const sorted = (ids: readonly (string | undefined)[]): (string | undefined)[] => ids.toSorted()

  it('of sandboxes take filters by ID, state and labels', async () => {
    const [web = '', db = '', stopped = ''] = pods
    const { SANDBOX_READY, SANDBOX_NOTREADY } = PodSandboxState
    const cases: [object | undefined, string[]][] = [
      [undefined, pods],
      [{ id: web }, [web]],
      [{ id: 'none' }, []],
      [{ state: { state: SANDBOX_READY } }, [web, db]],
      [{ state: { state: SANDBOX_NOTREADY } }, [stopped]],
      [{ labelSelector: { app: 'web', tier: 'front' } }, [web]],
      [{ labelSelector: { app: 'web', tier: 'back' } }, []],
      [{ id: db, labelSelector: { app: 'web' } }, []],
    ]
    for (const [filter, expected] of cases) {
      const request = filter ? { filter } : {}
      const { items = [] } = await client.call(RuntimeService.ListPodSandbox, request)
      assert.deepEqual(sorted(items.map(({ id }) => id)), sorted(expected), JSON.stringify(filter))
      const streamed = await client.stream(RuntimeService.StreamPodSandboxes, request)
      assert.deepEqual(
        streamed.flatMap(({ podSandboxes = [] }) => podSandboxes),
        items,
      )
      assert.ok(streamed.every(({ podSandboxes = [] }) => podSandboxes.length > 0))
    }
  })

  it('of containers take filters by ID, state, sandbox and labels', async () => {
    const [web = ''] = pods
    const [one = '', two = '', three = ''] = containers
    const cases: [object | undefined, string[]][] = [
      [undefined, containers],
      [{ id: two }, [two]],
      [{ podSandboxId: web }, [one, two]],
      [{ podSandboxId: web, state: { state: ContainerState.CONTAINER_CREATED } }, []],
      [{ state: { state: ContainerState.CONTAINER_CREATED } }, [three]],
      [{ labelSelector: { app: 'web' } }, [one]],
    ]
    for (const [filter, expected] of cases) {
      const request = filter ? { filter } : {}
      const whole = (await client.call(RuntimeService.ListContainers, request)).containers ?? []
      assert.deepEqual(sorted(whole.map(({ id }) => id)), sorted(expected), JSON.stringify(filter))
      const streamed = await client.stream(RuntimeService.StreamContainers, request)
      assert.deepEqual(
        streamed.flatMap(({ containers: page = [] }) => page),
        whole,
      )
    }
  })

  it('of stats are of what runs', async () => {
    const [web = '', db = ''] = pods
    const [one = '', two = ''] = containers
    const attributes = (stats: readonly { attributes?: { id?: string | undefined } | undefined }[]) =>
      sorted(stats.map(each => each.attributes?.id))
    const ofContainers = await client.stream(RuntimeService.StreamContainerStats, {})
    assert.deepEqual(attributes(ofContainers.flatMap(({ containerStats = [] }) => containerStats)), sorted([one, two]))
    const labelled = await client.stream(RuntimeService.StreamContainerStats, {
      filter: { labelSelector: { app: 'web' } },
    })
    assert.deepEqual(attributes(labelled.flatMap(({ containerStats = [] }) => containerStats)), [one])
    const ofPods = await client.stream(RuntimeService.StreamPodSandboxStats, {})
    assert.deepEqual(attributes(ofPods.flatMap(({ podSandboxStats = [] }) => podSandboxStats)), sorted([web, db]))
    const byId = await client.stream(RuntimeService.StreamPodSandboxStats, { filter: { id: db } })
    assert.equal(byId.length, 1)
  })

  it('of images take a filter by name', async () => {
    const names = async (request: object): Promise<string[]> =>
      (await client.stream(ImageService.StreamImages, request)).flatMap(({ images = [] }) =>
        images.flatMap(({ repoTags = [] }) => repoTags),
      )
    assert.deepEqual(await names({}), ['docker.io/library/busybox:test'])
    assert.deepEqual(await names({ filter: { image: { image: 'busybox:test' } } }), ['docker.io/library/busybox:test'])
    assert.deepEqual(await names({ filter: { image: { image: 'other:1' } } }), [])
  })
})
