// The REST door over real connections and a real registry: what clients other than kubectl rely on.
import assert from 'node:assert/strict'
import { type RequestOptions, request } from 'node:https'
import { after, before, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { configMaps } from '../../../api/kinds/core-v1/config-map.ts'
import { kinds } from '../../../api/kinds/index.ts'
import { deleteOptions } from '../../../api/kinds/meta-v1/options.ts'
import { groupVersionPath } from '../../../api/kinds/openapi.ts'
import { encodeMessage, encodeProtobuf, wrap } from '../../../api/schema/protobuf.ts'
import { type Answer, type ControlPlane, type Doors, openControlPlane } from '../../../test/suites/doors.ts'

const collection = '/api/v1/namespaces/default/configmaps'
const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io'

interface Json {
  readonly [key: string]: unknown
}

const parse = <T = Json>(answer: Answer): T => JSON.parse(answer.body) as T
const configMap = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})

describe('the REST door', () => {
  let controlPlane: ControlPlane
  let doors: Doors
  before(async () => {
    controlPlane = await openControlPlane()
    doors = controlPlane.doors
  })
  after(() => controlPlane.close())

  const send = (method: string, target: string, body?: unknown, headers: Record<string, string> = {}) =>
    doors.fetch(target, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && {
        body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      }),
    })
  const get = (target: string, headers: Record<string, string> = {}) => doors.fetch(target, { headers })

  async function created(name: string, data?: Record<string, string>): Promise<Json> {
    const answer = await send('POST', collection, configMap(name, data))
    assert.equal(answer.code, 201, answer.body)
    return parse(answer)
  }

  /** The frames of a watch, until it ends or `enough` of them are there; `seen` is told how many there are by now. */
  function watch(
    target: string,
    enough: number,
    { headers = {}, seen = () => {} }: { headers?: Record<string, string>; seen?: (count: number) => void } = {},
  ): Promise<Json[]> {
    const options: RequestOptions = { ...connection(doors), path: target, headers }
    return new Promise((resolve, reject) => {
      const call = request(options, response => {
        let text = ''
        const frames = (): Json[] =>
          text
            .split('\n')
            .slice(0, -1)
            .map(line => JSON.parse(line) as Json)
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          seen(frames().length)
          if (frames().length < enough) return
          resolve(frames())
          call.destroy()
        })
        response.on('end', () => resolve(frames()))
      })
      call.on('error', reject)
      call.end()
    })
  }

  describe('content negotiation', () => {
    it('answers JSON, YAML, metadata alone and Tables', async () => {
      await created('forms', { a: 'b' })
      const path = `${collection}/forms`
      assert.equal(parse(await get(path, { accept: '*/*' }))['kind'], 'ConfigMap')
      const yaml = await get(path, { accept: 'application/yaml' })
      assert.equal(yaml.headers['content-type'], 'application/yaml')
      assert.match(yaml.body, /^apiVersion: v1\ndata:\n {2}a: b\nkind: ConfigMap\n/)
      const partial = parse(await get(path, { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' }))
      assert.deepEqual(Object.keys(partial).sort(), ['apiVersion', 'kind', 'metadata'])
      assert.deepEqual([partial['kind'], partial['apiVersion']], ['PartialObjectMetadata', 'meta.k8s.io/v1'])
      const list = parse(
        await get(collection, { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }),
      )
      assert.equal(list['kind'], 'PartialObjectMetadataList')
      assert.match((await get(`${path}?pretty=true`)).body, /^\{\n {2}"/)
    })

    it('puts into a Table’s rows as much of the objects as is asked for', async () => {
      await created('rows', { a: 'b', c: 'd' })
      const table = async (include: string) => {
        const query = `?fieldSelector=metadata.name%3Drows&includeObject=${include}`
        return parse(await get(collection + query, { accept: tableType }))
      }
      const none = await table('None')
      assert.deepEqual([none['kind'], none['apiVersion']], ['Table', 'meta.k8s.io/v1'])
      const columns = (none['columnDefinitions'] as { name: string }[]).map(({ name }) => name)
      assert.deepEqual(columns, ['Name', 'Data', 'Age'])
      const rowOf = (from: Json) => (from['rows'] as [{ cells: unknown[]; object?: Json }])[0]
      assert.deepEqual(rowOf(none).cells.slice(0, 2), ['rows', 2])
      assert.equal(rowOf(none).object, undefined)
      assert.equal(rowOf(await table('Metadata')).object?.['kind'], 'PartialObjectMetadata')
      assert.deepEqual(rowOf(await table('Object')).object?.['data'], { a: 'b', c: 'd' })
      const wrong = await get(`${collection}?includeObject=Half`, { accept: tableType })
      assert.equal(wrong.code, 422)
      assert.match(
        wrong.body,
        /Unsupported value: \\"Half\\": supported values: \\"Metadata\\", \\"None\\", \\"Object\\"/,
      )
    })

    it('refuses what it cannot send or read, before anything is done', async () => {
      const unacceptable = await send('POST', collection, configMap('unseen'), { accept: 'text/html' })
      assert.equal(unacceptable.code, 406)
      assert.equal((await get(`${collection}/unseen`)).code, 404)
      const unknown = await send('POST', collection, 'x', { 'content-type': 'text/plain' })
      assert.equal(unknown.code, 415)
      assert.match(unknown.body, /application\/json, application\/yaml, application\/vnd\.kubernetes\.protobuf/)
      const patch = await send('PATCH', `${collection}/x`, '{}', { 'content-type': 'application/json' })
      assert.equal(patch.code, 415)
      assert.match(patch.body, /application\/strategic-merge-patch\+json/)
    })

    it('reads YAML and protobuf', async () => {
      const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-yaml}\ndata: {a: "1"}\n'
      assert.equal((await send('POST', collection, yaml, { 'content-type': 'application/yaml' })).code, 201)
      const broken = await send('POST', collection, 'a: [', { 'content-type': 'application/yaml' })
      assert.equal(broken.code, 400)
      const object = {
        ...configMap('from-protobuf', { a: '2' }),
        apiVersion: 'v1' as const,
        kind: 'ConfigMap' as const,
      }
      const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf' }
      const answer = await send('POST', collection, encodeProtobuf(configMaps.schema, object), protobuf)
      assert.equal(answer.code, 201, answer.body)
      assert.deepEqual(parse(answer)['data'], { a: '2' })
      const alien = await send(
        'POST',
        collection,
        wrap({ apiVersion: 'v9', kind: 'X', raw: Buffer.alloc(0) }),
        protobuf,
      )
      assert.match(alien.body, /no kind \\"X\\" is registered for version \\"v9\\"/)
      assert.equal((await send('POST', collection, 'not protobuf', protobuf)).code, 400)
      const options = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        raw: encodeMessage(deleteOptions, { dryRun: ['All'] }),
      }
      const dry = await send('DELETE', `${collection}/from-protobuf`, wrap(options), protobuf)
      assert.equal(dry.code, 200, dry.body)
      assert.equal((await get(`${collection}/from-protobuf`)).code, 200)
    })

    it('compresses long lists for those who take it', async () => {
      for (let index = 0; index < 3; index++) await created(`long-${index}`, { text: 'x'.repeat(60_000) })
      const plain = await get(collection)
      assert.equal(plain.headers['content-encoding'], undefined)
      const bytes = await new Promise<Buffer>((resolve, reject) => {
        const headers = { 'accept-encoding': 'gzip' }
        const call = request({ ...connection(doors), path: collection, headers }, response => {
          assert.equal(response.headers['content-encoding'], 'gzip')
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () => resolve(Buffer.concat(chunks)))
        })
        call.on('error', reject)
        call.end()
      })
      assert.equal(gunzipSync(bytes).toString(), plain.body)
      for (let index = 0; index < 3; index++) await send('DELETE', `${collection}/long-${index}`)
    })
  })

  describe('bad input', () => {
    it('is answered with what is wrong and where', async () => {
      const cases: [method: string, target: string, body: unknown, code: number, message: RegExp][] = [
        ['POST', collection, '{"a":', 400, /json parse error/],
        ['POST', collection, '', 400, /the request has no body: expected an object/],
        ['POST', collection, configMap('a', { a: 'x'.repeat(3 * 1024 * 1024) }), 413, /limit is 3145728/],
        [
          'GET',
          `${collection}?limit=many`,
          undefined,
          400,
          /query parameter limit: expected an integer, got \\"many\\"/,
        ],
        ['GET', `${collection}?watch=perhaps`, undefined, 400, /watch: expected true or false, got \\"perhaps\\"/],
        ['POST', `${collection}?dryRun=Some`, configMap('a'), 422, /dryRun: Unsupported value: \\"Some\\"/],
        ['POST', `${collection}?fieldValidation=Lax`, configMap('a'), 422, /fieldValidation: Unsupported value/],
        ['DELETE', `${collection}/a?propagationPolicy=Up`, undefined, 422, /propagationPolicy: Unsupported value/],
        [
          'DELETE',
          `${collection}/a`,
          { gracePeriodSeconds: 'x' },
          400,
          /not a DeleteOptions: json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64/,
        ],
        ['PUT', collection, configMap('a'), 405, /the server does not allow this method on the requested resource/],
        ['GET', '/api/v1/pods/log', undefined, 404, /could not find the requested resource/],
        ['POST', '/api/v1/pods', {}, 405, /does not allow this method/],
        ['GET', '/api/v1/namespaces/default/nodes', undefined, 404, /could not find the requested resource/],
        ['GET', `${collection}/a/scale`, undefined, 404, /could not find the requested resource/],
        ['GET', '/apis/example.com/v1/things', undefined, 404, /could not find the requested resource/],
        ['GET', '/nowhere', undefined, 404, /could not find the requested resource/],
      ]
      for (const [method, target, body, code, message] of cases) {
        const answer = await send(method, target, body)
        assert.equal(answer.code, code, `${method} ${target}: ${answer.body}`)
        assert.match(answer.body, message)
        assert.equal(parse(answer)['kind'], 'Status')
      }
    })

    it('comes as a warning where unknown fields are let pass', async () => {
      const answer = await send('POST', collection, { ...configMap('odd'), 'cöl"our': 'red' })
      assert.equal(answer.code, 201)
      assert.match(String(answer.headers['warning']), /^299 - "unknown field \\"c l/)
    })
  })

  describe('discovery', () => {
    it('names resources, subresources and their kinds', async () => {
      const { resources } = parse<{ resources: Json[] }>(await get('/api/v1'))
      const named = (name: string) => resources.find(resource => resource['name'] === name)
      assert.deepEqual(named('pods'), {
        name: 'pods',
        singularName: 'pod',
        namespaced: true,
        kind: 'Pod',
        verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
        shortNames: ['po'],
        categories: ['all'],
      })
      assert.deepEqual(named('pods/exec')?.['verbs'], ['create', 'get'])
      assert.equal(named('pods/binding')?.['kind'], 'Binding')
      assert.equal(named('namespaces/status')?.['namespaced'], false)
      assert.deepEqual(parse(await get('/apis/coordination.k8s.io')), {
        kind: 'APIGroup',
        apiVersion: 'v1',
        name: 'coordination.k8s.io',
        versions: [{ groupVersion: 'coordination.k8s.io/v1', version: 'v1' }],
        preferredVersion: { groupVersion: 'coordination.k8s.io/v1', version: 'v1' },
      })
      assert.deepEqual(parse(await get('/api'))['versions'], ['v1'])
      assert.equal((await get('/apis/nothing.example')).code, 404)
    })

    it('is aggregated for those who ask, in the version they know, and not sent twice', async () => {
      for (const version of ['v2', 'v2beta1']) {
        const accept = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList,application/json`
        const answer = await get('/apis', { accept })
        assert.equal(
          answer.headers['content-type'],
          `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
        )
        const { apiVersion, items } = parse<{ apiVersion: string; items: { metadata: { name: string } }[] }>(answer)
        assert.equal(apiVersion, `apidiscovery.k8s.io/${version}`)
        assert.deepEqual(
          items.find(({ metadata }) => metadata.name === 'coordination.k8s.io'),
          {
            metadata: { name: 'coordination.k8s.io', creationTimestamp: null },
            versions: [
              {
                version: 'v1',
                resources: [
                  {
                    resource: 'leases',
                    responseKind: { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' },
                    scope: 'Namespaced',
                    singularResource: 'lease',
                    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
                  },
                ],
                freshness: 'Current',
              },
            ],
          },
        )
        const again = await get('/apis', { accept, 'if-none-match': String(answer.headers['etag']) })
        assert.deepEqual([again.code, again.body], [304, ''])
      }
    })

    it('offers OpenAPI documents by hash', async () => {
      const { paths } = parse<{ paths: Record<string, { serverRelativeURL: string }> }>(await get('/openapi/v3'))
      const served = kinds.map(({ apiVersion }) => groupVersionPath(apiVersion).slice(1))
      assert.deepEqual(Object.keys(paths).sort(), [...new Set(served)].sort())
      const url = paths['api/v1']?.serverRelativeURL ?? ''
      const answer = await get(url)
      assert.equal(answer.code, 200)
      assert.match(String(answer.headers['cache-control']), /immutable/)
      assert.equal((await get(url, { 'if-none-match': String(answer.headers['etag']) })).code, 304)
      const stale = await get('/openapi/v3/api/v1?hash=OLD')
      assert.deepEqual([stale.code, stale.headers['location']], [301, url])
      const v2 = await get('/openapi/v2', { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' })
      assert.equal(v2.headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
      assert.match(v2.body, /2\.0[^]*Kubernetes/)
    })

    it('tells its health, check by check', async () => {
      assert.equal((await get('/livez')).body, 'ok')
      const verbose = await get('/readyz?verbose')
      assert.equal(verbose.body, '[+]ping ok\n[+]registry ok\nreadyz check passed\n')
      assert.equal((await get('/readyz?verbose&exclude=registry')).body, '[+]ping ok\nreadyz check passed\n')
      assert.equal((await get('/healthz/registry')).body, 'ok')
      assert.equal((await get('/healthz/liver')).code, 404)
    })
  })

  describe('watch', () => {
    it('begins with what is there, marks its end, and goes on with what happens', async () => {
      await created('watched', { a: '1' })
      const query = '?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
      let watching = Promise.resolve<Json[]>([])
      await new Promise<void>((resolve, reject) => {
        const seen = (count: number): void => {
          if (count >= 2) resolve()
        }
        watching = watch(`${collection}${query}&fieldSelector=metadata.name%3Dwatched`, 4, { seen })
        watching.catch(reject)
      })
      await send('PUT', `${collection}/watched`, configMap('watched', { a: '2' }))
      await send('DELETE', `${collection}/watched`)
      const frames = await watching
      assert.deepEqual(
        frames.map(({ type }) => type),
        ['ADDED', 'BOOKMARK', 'MODIFIED', 'DELETED'],
      )
      const bookmark = frames[1]?.['object'] as { metadata: { annotations: unknown } }
      assert.deepEqual(bookmark.metadata.annotations, { 'k8s.io/initial-events-end': 'true' })
    })

    it('ends by itself after its time', async () => {
      assert.deepEqual(
        await watch(`${collection}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Dnone`, 99),
        [],
      )
    })

    it('refuses a version that is gone, and a selector nobody understands, with their codes', async () => {
      const unreadable = await get(`${collection}?watch=true&resourceVersion=abc`)
      assert.equal(unreadable.code, 400)
      assert.equal((await get(`${collection}?watch=true&labelSelector=a+in+(`)).code, 400)
    })

    it('sends metadata alone where that is asked for', async () => {
      const made = await created('meta-watched')
      const { resourceVersion } = made['metadata'] as { resourceVersion: string }
      const watching = watch(`${collection}?watch=true&resourceVersion=${resourceVersion}`, 1, {
        headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
      })
      await send('DELETE', `${collection}/meta-watched`)
      const [frame] = await watching
      assert.deepEqual([frame?.['type'], (frame?.['object'] as Json)['kind']], ['DELETED', 'PartialObjectMetadata'])
    })
  })

  it('deletes collections by what they select', async () => {
    await send('POST', collection, { ...configMap('one'), metadata: { name: 'one', labels: { batch: 'x' } } })
    await created('two')
    const answer = await send('DELETE', `${collection}?labelSelector=batch%3Dx`)
    assert.equal(answer.code, 200, answer.body)
    assert.equal((await get(`${collection}/one`)).code, 404)
    assert.equal((await get(`${collection}/two`)).code, 200)
  })

  it('ends watches when it closes', async () => {
    await using other = await openControlPlane()
    const ended = new Promise<void>((resolve, reject) => {
      const call = request({ ...connection(other.doors), path: `${collection}?watch=true` }, response => {
        response.resume().on('end', resolve)
        other.doors.close().catch(reject)
      })
      call.on('error', reject)
      call.end()
    })
    await ended
  })
})

function connection({ admin, rest }: Doors): RequestOptions {
  return { ...rest, ca: admin.ca, cert: admin.cert, key: admin.key, agent: false }
}
