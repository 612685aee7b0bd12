// The catalogue is live: a kind that is added while the server runs is served like any other at both doors, in each of
// its versions, and is gone when it is removed.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isStatus } from '../../api/errors.ts'
import { type Scale, scales } from '../../api/kinds/autoscaling-v1/scale.ts'
import { namespaces } from '../../api/kinds/core-v1/namespace.ts'
import type { Kind, Stored } from '../../api/kinds/kind.ts'
import { encodeProtobuf } from '../../api/schema/protobuf.ts'
import type { Resource, WatchEvent } from '../../client/client.ts'
import { GrpcClient } from '../../client/grpc.ts'
import { type ControlPlane, openControlPlane } from './doors.ts'
import { refusal } from './registry-fixture.ts'
import { type OlderWidget, olderWidgetKind, type Widget, widgetKind } from './registry-runtime-kind.ts'

const namespace = 'default'
const collection = '/apis/example.test/v2/namespaces/default/widgets'
const older = '/apis/example.test/v1/namespaces/default/widgets'
const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io'

interface Json {
  readonly [key: string]: unknown
}

const widget = (name: string, spec: Widget['spec'] = {}): Widget => ({
  apiVersion: 'example.test/v2',
  kind: 'Widget',
  metadata: { name, namespace },
  spec,
  status: {},
})

describe('a kind added at run time', () => {
  let controlPlane: ControlPlane
  let client: GrpcClient
  let widgets: Kind<Widget>
  let olderWidgets: Kind<OlderWidget>

  before(async () => {
    controlPlane = await openControlPlane()
    client = new GrpcClient(controlPlane.doors.admin, 'widget-maker')
    widgets = widgetKind()
    olderWidgets = olderWidgetKind(widgets)
    await controlPlane.registry.add(widgets)
    await controlPlane.registry.add(olderWidgets)
  })
  after(async () => {
    client.close()
    await controlPlane.close()
  })

  async function rest(method: string, target: string, body?: unknown, headers: Record<string, string> = {}) {
    const type = Buffer.isBuffer(body) ? 'application/vnd.kubernetes.protobuf' : 'application/json'
    const answer = await controlPlane.doors.fetch(target, {
      method,
      headers: { 'content-type': type, ...headers },
      ...(body !== undefined && { body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
    })
    const json = JSON.parse(answer.body) as Json
    return { ...answer, json }
  }
  const patchType = (type: string) => ({ 'content-type': `application/${type}` })

  it('is discovered in every form, with what has a function', async () => {
    const { json } = await rest('GET', '/apis/example.test/v2')
    assert.deepEqual(
      (json['resources'] as { name: string }[]).map(({ name }) => name),
      ['widgets', 'widgets/scale', 'widgets/status'],
    )
    const group = await rest('GET', '/apis/example.test')
    assert.deepEqual(group.json['preferredVersion'], { groupVersion: 'example.test/v2', version: 'v2' })
    const aggregated = await controlPlane.doors.fetch('/apis', {
      headers: { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' },
    })
    assert.match(aggregated.body, /"resource":"widgets"/)
    const { resources = [] } = await client.discover()
    const found = resources.find(({ name, version }) => name === 'widgets' && version === 'v2')
    assert.deepEqual(found?.categories, ['toys'])
    assert.deepEqual(
      found.subresources?.map(({ name = '', kind = '' }) => [name, kind]),
      [
        ['status', 'Widget'],
        ['scale', 'Scale'],
      ],
    )
  })

  it('is explained', async () => {
    const index = await rest('GET', '/openapi/v3')
    const { paths } = index.json as { paths: Record<string, { serverRelativeURL: string }> }
    const document = await controlPlane.doors.fetch(paths['apis/example.test/v2']?.serverRelativeURL ?? '')
    assert.match(document.body, /"io.k8s.example.v2.WidgetSpec"/)
    assert.match(document.body, /"io.k8s.api.autoscaling.v1.Scale"/)
  })

  it('is written and read at the REST door by every verb', async () => {
    const made = await rest('POST', collection, widget('a', { color: 'beige' }))
    assert.equal(made.code, 201, made.body)
    assert.match(String(made.headers['warning']), /beige is hardly a color/)
    assert.deepEqual(made.json['spec'], { color: 'beige', replicas: 1 })

    const encoded = encodeProtobuf(widgets.schema, { ...widget('b') })
    assert.equal((await rest('POST', collection, Buffer.from(encoded))).code, 201)

    const refused = await rest('PUT', `${collection}/a`, widget('a', { color: 'red' }))
    assert.equal(refused.code, 422, refused.body)
    const put = await rest('PUT', `${collection}/a`, widget('a', { color: 'beige', replicas: 2 }))
    assert.equal((put.json['metadata'] as Json)['generation'], 2, put.body)
    assert.equal((await rest('PUT', `${collection}/c`, widget('c', { color: 'red' }))).code, 201)

    const merge = { spec: { replicas: 3 } }
    for (const type of ['merge-patch+json', 'strategic-merge-patch+json']) {
      assert.equal((await rest('PATCH', `${collection}/a`, merge, patchType(type))).code, 200)
    }
    const operations = [{ op: 'replace', path: '/spec/replicas', value: 4 }]
    const patched = await rest('PATCH', `${collection}/a`, operations, patchType('json-patch+json'))
    assert.deepEqual(patched.json['spec'], { color: 'beige', replicas: 4 })

    const red = await rest('GET', `${collection}?fieldSelector=spec.color%3Dred`)
    assert.equal((red.json['items'] as unknown[]).length, 1)
    const table = await rest('GET', collection, undefined, { accept: tableType })
    assert.equal((table.json['rows'] as unknown[]).length, 3)

    const deleted = await rest('DELETE', `${collection}/c`)
    // Such objects leave what they own behind, unless told otherwise.
    assert.deepEqual((deleted.json['metadata'] as Json)['finalizers'], ['orphan'])
    assert.equal((await rest('DELETE', `${collection}/b?propagationPolicy=Background`)).json['status'], 'Success')
    const all = await rest('DELETE', `${collection}?propagationPolicy=Background`)
    assert.equal((all.json['items'] as unknown[]).length, 2)
    const left = await rest(
      'PATCH',
      `${collection}/c`,
      { metadata: { finalizers: null } },
      patchType('merge-patch+json'),
    )
    assert.equal(left.code, 200)
    assert.equal((await rest('GET', `${collection}/c`)).code, 404)
  })

  it('is written and read at the gRPC door by every verb', async () => {
    const controller = new AbortController()
    const seen: string[] = []
    const watching = (async () => {
      for await (const event of client.watch(widgets, { namespace, signal: controller.signal })) seen.push(shown(event))
    })()
    const made = await client.create(widgets, widget('g', { color: 'red' }))
    assert.deepEqual(made.spec, { color: 'red', replicas: 1 })
    assert.deepEqual(
      made.metadata.managedFields?.map(({ manager }) => manager),
      ['widget-maker'],
    )
    await client.update(widgets, { ...made, spec: { color: 'red', replicas: 2 } })
    await client.patch(widgets, made.metadata, {
      type: 'application/merge-patch+json',
      body: { spec: { replicas: 3 } },
    })
    const [outcome] = await client.updateStatuses(widgets, [
      { ...made, metadata: { name: 'g', namespace }, status: { replicas: 1 } },
    ])
    assert.ok(outcome?.ok)
    const read = await client.get(widgets, made.metadata)
    assert.deepEqual([read.spec.replicas, read.status.replicas, read.metadata.generation], [3, 1, 3])
    assert.equal((await client.list(widgets, { namespace, labelSelector: 'none=such' })).items.length, 0)
    assert.equal(await client.delete(widgets, made.metadata, { propagationPolicy: 'Background' }), undefined)
    await client.create(widgets, widget('h'))
    const page = await client.deleteCollection(widgets, { namespace, propagationPolicy: 'Background' })
    assert.deepEqual(
      page.items.map(({ metadata }) => metadata.name),
      ['h'],
    )
    await until(() => seen.at(-1) === 'DELETED h')
    assert.deepEqual(
      seen.filter(text => !text.startsWith('BOOKMARK')),
      ['ADDED g', 'MODIFIED g', 'MODIFIED g', 'MODIFIED g', 'DELETED g', 'ADDED h', 'DELETED h'],
    )
    controller.abort()
    await watching
  })

  it('is scaled through a body of another kind', async () => {
    await client.create(widgets, widget('s', { color: 'red' }))
    const got = await rest('GET', `${collection}/s/scale`)
    assert.equal(got.json['kind'], scales.kind)
    assert.deepEqual(got.json['spec'], { replicas: 1 })
    const scaled = await rest(
      'PATCH',
      `${collection}/s/scale`,
      { spec: { replicas: 5 } },
      patchType('merge-patch+json'),
    )
    assert.deepEqual(scaled.json['spec'], { replicas: 5 })
    const wrong = await rest(
      'PATCH',
      `${collection}/s/scale`,
      { spec: { replicas: -1 } },
      patchType('merge-patch+json'),
    )
    assert.equal(wrong.code, 422, wrong.body)
    assert.match(wrong.body, /Scale.* \\"s\\" is invalid/)

    const ofWidgets: Resource<Scale> = { group: 'example.test', version: 'v2', resource: 'widgets' }
    const stale = got.json as unknown as Scale
    await assert.rejects(client.update(ofWidgets, stale, { subresource: 'scale' }), error =>
      isStatus(error, 'Conflict'),
    )
    const fresh = { ...stale, metadata: { name: 's', namespace }, spec: { replicas: 6 } }
    await client.update(ofWidgets, fresh, { subresource: 'scale' })
    const { spec, metadata } = await client.get(widgets, { namespace, name: 's' })
    assert.deepEqual([spec, metadata.generation], [{ color: 'red', replicas: 6 }, 3])
    await client.delete(widgets, metadata, { propagationPolicy: 'Background' })
  })

  it('has no subresource without a function', async () => {
    await client.create(widgets, widget('p'))
    assert.equal((await rest('GET', `${collection}/p/proxy`)).code, 404)
    assert.equal((await rest('POST', `${collection}/p/polish`, widget('p'))).code, 404)
    await client.delete(widgets, { namespace, name: 'p' }, { propagationPolicy: 'Background' })
  })

  it('is one object in all its versions', async () => {
    const controller = new AbortController()
    const seen: WatchEvent<OlderWidget>[] = []
    const watching = (async () => {
      for await (const event of client.watch(olderWidgets, { namespace, signal: controller.signal })) seen.push(event)
    })()
    const body = {
      apiVersion: 'example.test/v1',
      kind: 'Widget',
      metadata: { name: 'o', namespace },
      spec: { count: 2 },
    }
    const made = await rest('POST', older, body)
    assert.equal(made.json['apiVersion'], 'example.test/v1', made.body)
    // Defaults are those of the version that was sent.
    assert.deepEqual(made.json['spec'], { colour: 'gray', count: 2 })
    const stored = await client.get(widgets, { namespace, name: 'o' })
    assert.deepEqual([stored.apiVersion, stored.spec], ['example.test/v2', { color: 'gray', replicas: 2 }])

    const patched = await rest('PATCH', `${older}/o`, { spec: { count: 3 } }, patchType('merge-patch+json'))
    assert.deepEqual(patched.json['spec'], { colour: 'gray', count: 3 })
    const refused = await rest('PATCH', `${older}/o`, { spec: { colour: 'red' } }, patchType('merge-patch+json'))
    assert.match(refused.body, /spec.color/)
    const list = await rest('GET', `${older}?fieldSelector=spec.colour%3Dgray`)
    assert.deepEqual(
      (list.json['items'] as Stored<OlderWidget>[]).map(({ spec }) => spec),
      [{ colour: 'gray', count: 3 }],
    )
    assert.equal((await rest('GET', `${older}?fieldSelector=spec.color%3Dgray`)).code, 400)
    assert.equal((await rest('GET', `${older}/o/scale`)).json['kind'], 'Scale')
    await rest('DELETE', `${older}/o?propagationPolicy=Background`)
    await until(() => seen.at(-1)?.type === 'DELETED')
    const counts = seen.flatMap(event => (event.type === 'BOOKMARK' ? [] : [[event.type, event.object.spec.count]]))
    assert.deepEqual(counts, [
      ['ADDED', 2],
      ['MODIFIED', 3],
      ['DELETED', 3],
    ])
    assert.ok(seen.every(event => event.type === 'BOOKMARK' || event.object.apiVersion === 'example.test/v1'))
    controller.abort()
    await watching
  })

  it('is not made in a namespace that goes', async () => {
    const { resources = [] } = await client.discover()
    assert.ok(resources.some(({ name, namespaced }) => name === 'widgets' && namespaced))
    await client.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'swept' },
      spec: {},
      status: {},
    })
    await client.delete(namespaces, { name: 'swept' })
    const inSwept = { ...widget('late'), metadata: { name: 'late', namespace: 'swept' } }
    await refusal(client.create(widgets, inSwept), 'Forbidden')
  })

  it('is gone when it is removed, and there again with what is stored when it comes back', async () => {
    await client.create(widgets, widget('kept', { color: 'red' }))
    const signal = AbortSignal.timeout(10_000)
    const watching = (async () => {
      for await (const _ of client.watch(widgets, { namespace, signal })) assert.ok(!signal.aborted)
    })()
    const generation = controlPlane.registry.catalogue.generation
    controlPlane.registry.remove(olderWidgets)
    assert.equal((await rest('GET', older)).code, 404)
    assert.equal((await rest('GET', `${collection}/kept`)).code, 200)
    controlPlane.registry.remove(widgets)
    assert.equal(controlPlane.registry.catalogue.generation, generation + 2)
    // Its watches end by themselves.
    await watching
    assert.ok(!signal.aborted)
    await refusal(client.get(widgets, { namespace, name: 'kept' }), 'NotFound')
    assert.equal((await rest('GET', '/apis/example.test')).code, 404)
    assert.doesNotMatch((await rest('GET', '/openapi/v3')).body, /example\.test/)

    const again = widgetKind()
    await controlPlane.registry.add(again)
    assert.deepEqual((await client.get(again, { namespace, name: 'kept' })).spec, { color: 'red', replicas: 1 })
    await assert.rejects(controlPlane.registry.add(widgetKind()), RangeError)
    // Of a Scale nothing is stored, and nobody does anything with one by itself.
    await assert.rejects(controlPlane.registry.add(scales), RangeError)
    await client.delete(again, { namespace, name: 'kept' }, { propagationPolicy: 'Background' })
  })
})

function shown(event: WatchEvent<Widget>): string {
  return event.type === 'BOOKMARK' ? event.type : `${event.type} ${event.object.metadata.name}`
}

/** Until something that was sent has arrived. */
async function until(arrived: () => boolean): Promise<void> {
  const signal = AbortSignal.timeout(10_000)
  while (!arrived()) {
    signal.throwIfAborted()
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
