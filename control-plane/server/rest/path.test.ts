import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseResourcePath } from './path.ts'

const parts = (path: string) => {
  const parsed = parseResourcePath(path, name => ['status', 'finalize'].includes(name))
  return parsed && [parsed.group, parsed.version, parsed.namespace, parsed.resource, parsed.name, parsed.subresource]
}

test('reads collections, objects and subresources of every scope', () => {
  const cases: [path: string, expected: string[]][] = [
    ['/api/v1/pods', ['', 'v1', '', 'pods', '', '']],
    ['/api/v1/pods/', ['', 'v1', '', 'pods', '', '']],
    ['/api/v1/nodes/n1', ['', 'v1', '', 'nodes', 'n1', '']],
    ['/api/v1/nodes/n1/status', ['', 'v1', '', 'nodes', 'n1', 'status']],
    ['/api/v1/namespaces/a/pods', ['', 'v1', 'a', 'pods', '', '']],
    ['/api/v1/namespaces/a/pods/p', ['', 'v1', 'a', 'pods', 'p', '']],
    ['/api/v1/namespaces/a/pods/p/log', ['', 'v1', 'a', 'pods', 'p', 'log']],
    ['/apis/coordination.k8s.io/v1/namespaces/a/leases/l', ['coordination.k8s.io', 'v1', 'a', 'leases', 'l', '']],
    ['/apis/apps/v1/deployments', ['apps', 'v1', '', 'deployments', '', '']],
  ]
  for (const [path, expected] of cases) assert.deepEqual(parts(path), expected, path)
})

test('tells a namespace, its subresources and what is in it apart', () => {
  assert.deepEqual(parts('/api/v1/namespaces'), ['', 'v1', '', 'namespaces', '', ''])
  assert.deepEqual(parts('/api/v1/namespaces/a'), ['', 'v1', '', 'namespaces', 'a', ''])
  assert.deepEqual(parts('/api/v1/namespaces/a/status'), ['', 'v1', '', 'namespaces', 'a', 'status'])
  assert.deepEqual(parts('/api/v1/namespaces/a/finalize'), ['', 'v1', '', 'namespaces', 'a', 'finalize'])
  assert.deepEqual(parts('/api/v1/namespaces/status/pods'), ['', 'v1', 'status', 'pods', '', ''])
})

test('decodes each segment by itself', () => {
  assert.deepEqual(parts('/api/v1/namespaces/a/configmaps/x%2Fy'), ['', 'v1', 'a', 'configmaps', 'x/y', ''])
})

test('leaves everything else alone', () => {
  const paths = ['/', '/api', '/api/v1', '/apis', '/apis/apps', '/apis/apps/v1', '/healthz', '/api/v1//pods']
  for (const path of [...paths, '/api/v1/pods/%zz', '/api/v1/namespaces/a/pods/p/proxy/x']) {
    assert.equal(parts(path), undefined, path)
  }
})
