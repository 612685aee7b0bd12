import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kinds } from './index.ts'
import { openApiDocument } from './openapi.ts'

/** Walks into plain JSON: `at(document, 'components', 'schemas')`. */
function at(value: unknown, ...path: string[]): unknown {
  let found: unknown = value
  for (const step of path)
    found = typeof found === 'object' && found !== null ? new Map(Object.entries(found)).get(step) : undefined
  return found
}

const documentOf = (apiVersion: string) =>
  openApiDocument(
    kinds.filter(kind => kind.apiVersion === apiVersion).map(kind => ({ kind, subresources: kind.subresources })),
    'v1.36.0',
  )

const core: unknown = JSON.parse(JSON.stringify(documentOf('v1')))
const schema = (...path: string[]) => at(core, 'components', 'schemas', ...path)

describe('OpenAPI', () => {
  it('has every reference it makes', () => {
    for (const apiVersion of new Set(kinds.map(kind => kind.apiVersion))) {
      const text = JSON.stringify(documentOf(apiVersion))
      const schemas = at(JSON.parse(text), 'components', 'schemas')
      const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name)
      assert.ok(references.length > 10)
      for (const name of references) assert.ok(at(schemas, name), name)
    }
  })

  it('tells what patches and server-side apply need of a list', () => {
    assert.deepEqual(schema('io.k8s.api.core.v1.Container', 'properties', 'ports'), {
      description: 'Ports the container listens on, for people and for names; leaving one out does not close it.',
      type: 'array',
      items: { $ref: '#/components/schemas/io.k8s.api.core.v1.ContainerPort' },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'containerPort',
    })
    assert.deepEqual(schema('io.k8s.api.core.v1.ContainerPort', 'required'), ['containerPort'])
    assert.equal(schema('io.k8s.api.core.v1.ContainerPort', 'properties', 'protocol', 'default'), 'TCP')
    assert.equal(schema('io.k8s.api.core.v1.PodSpec', 'properties', 'nodeSelector', 'x-kubernetes-map-type'), 'atomic')
  })

  it('inlines embedded messages, as JSON does', () => {
    assert.ok(schema('io.k8s.api.core.v1.Volume', 'properties', 'emptyDir'))
    assert.equal(schema('io.k8s.api.core.v1.VolumeSource'), undefined)
  })

  it('names kinds, for explain', () => {
    const pod = [{ group: '', version: 'v1', kind: 'Pod' }]
    assert.deepEqual(schema('io.k8s.api.core.v1.Pod', 'x-kubernetes-group-version-kind'), pod)
    const path = '/api/v1/namespaces/{namespace}/pods/{name}'
    assert.deepEqual(at(core, 'paths', path, 'get', 'x-kubernetes-group-version-kind'), pod[0])
  })

  it('lists fieldValidation, so that clients leave validation to the server', () => {
    for (const [path, method] of [
      ['/api/v1/namespaces/{namespace}/pods', 'post'],
      ['/api/v1/namespaces/{namespace}/pods/{name}', 'put'],
      ['/api/v1/namespaces/{namespace}/pods/{name}', 'patch'],
      ['/api/v1/nodes/{name}', 'patch'],
    ] as const) {
      assert.match(JSON.stringify(at(core, 'paths', path, method, 'parameters')), /"name":"fieldValidation"/, path)
    }
  })

  it('has only operations that exist', () => {
    assert.equal(at(core, 'paths', '/api/v1/namespaces', 'delete'), undefined)
    assert.ok(at(core, 'paths', '/api/v1/namespaces/{name}/finalize', 'put'))
    assert.equal(at(core, 'paths', '/api/v1/bindings'), undefined)
    assert.ok(at(core, 'paths', '/api/v1/namespaces/{namespace}/bindings', 'post'))
    assert.ok(at(core, 'paths', '/api/v1/pods', 'get'))
  })

  it('describes every field', () => {
    const undescribed = Object.entries(schema() ?? {}).filter(([, value]) =>
      Object.values(at(value, 'properties') ?? {}).some(property => at(property, 'description') === ''),
    )
    assert.deepEqual(
      undescribed.map(([name]) => name),
      [],
    )
  })
})
