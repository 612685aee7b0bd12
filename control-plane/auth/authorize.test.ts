import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Pod } from '../../api/kinds/core-v1/pod.ts'
import { type ResourceAttributes, selectedName } from './attributes.ts'
import { anonymous, authenticate, type User } from './authenticate.ts'
import { type Authorize, createAuthorizer } from './authorize.ts'
import { NodeGraph } from './node-graph.ts'
import { adminUser, controllerManagerUser, nodeOf, nodeUser, schedulerUser } from './users.ts'

const identified = ({ name, groups }: User): User => authenticate({ commonName: name, organizations: groups })
const node = identified(nodeUser('a'))
const scheduler = identified(schedulerUser)

const pod = (name: string, nodeName: string, spec: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name },
  spec: { containers: [], ...(nodeName && { nodeName }), ...spec },
  status: {},
})

/** `verb group/resource/subresource namespace/name`, where the group is '' and the rest may be left out. */
function asked(text: string, fieldSelector = ''): ResourceAttributes {
  const [verb = '', what = '', where = ''] = text.split(' ')
  const parts = what.split('/')
  const [group = '', resource = '', subresource = ''] = parts[0]?.includes('.') ? parts : ['', ...parts]
  const [namespace = '', name = ''] = where.split('/')
  return { verb, group, version: 'v1', resource, subresource, namespace, name, fieldSelector }
}

describe('the authorizer', () => {
  const graph = new NodeGraph()
  const authorize: Authorize = createAuthorizer(graph)
  graph.set(
    pod('mine', 'a', {
      containers: [
        {
          name: 'c',
          resources: {},
          env: [
            { name: 'A', valueFrom: { secretKeyRef: { name: 'env', key: 'k' } } },
            { name: 'B', valueFrom: { configMapKeyRef: { name: 'env', key: 'k' } } },
          ],
          envFrom: [{ secretRef: { name: 'from' } }, { configMapRef: { name: 'from' } }],
        },
      ],
      initContainers: [{ name: 'i', resources: {}, envFrom: [{ secretRef: { name: 'init' } }] }],
      imagePullSecrets: [{ name: 'pull' }],
      volumes: [
        { name: 's', secret: { secretName: 'volume' } },
        { name: 'c', configMap: { name: 'volume' } },
        {
          name: 'p',
          projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'projected' } }] },
        },
        { name: 'd', persistentVolumeClaim: { claimName: 'data' } },
      ],
    }),
  )
  graph.set(pod('other', 'b', { imagePullSecrets: [{ name: 'of-b' }] }))
  graph.set(pod('unbound', '', { imagePullSecrets: [{ name: 'of-none' }] }))

  const check = (user: User, attributes: ResourceAttributes, expected: boolean): void => {
    const answer = authorize(user, attributes)
    assert.equal(answer === true, expected, `${user.name} ${JSON.stringify(attributes)}: ${answer}`)
  }

  it('lets administrators and the controller manager do everything', () => {
    for (const user of [identified(adminUser), identified(controllerManagerUser)]) {
      for (const what of ['delete nodes -/b', 'get secrets ns/x', 'update namespaces/finalize -/x']) {
        check(user, asked(what), true)
      }
    }
    assert.equal(authorize(identified(adminUser), { verb: 'get', path: '/metrics' }), true)
  })

  it('lets nobody in by a name alone', () => {
    check({ name: 'system:node:a', groups: ['system:authenticated'] }, asked('get pods ns/mine'), false)
    check({ name: 'x', groups: ['system:nodes'] }, asked('get pods ns/mine'), false)
    check(identified({ name: 'someone', groups: [] }), asked('list pods'), false)
    assert.equal(nodeOf(node), 'a')
  })

  it('shows strangers only version and health', () => {
    for (const path of ['/version', '/healthz', '/livez', '/readyz', '/readyz/store']) {
      assert.equal(authorize(anonymous, { verb: 'get', path }), true, path)
      assert.equal(authorize(anonymous, { verb: 'post', path }), false, path)
    }
    for (const path of ['/api', '/apis/x', '/openapi/v3', '/metrics', '/versions', '/']) {
      assert.equal(authorize(anonymous, { verb: 'get', path }), false, path)
    }
    check(anonymous, asked('list pods'), false)
    assert.equal(authorize(node, { verb: 'get', path: '/apis/apps/v1' }), true)
    assert.equal(authorize(node, { verb: 'get', path: '/metrics' }), false)
  })

  it('lets the scheduler read, bind, and tell', () => {
    const may = ['list nodes', 'watch pods', 'create pods/binding', 'update pods/status', 'patch pods/status ns/x']
    for (const what of [...may, 'create events ns', 'patch events.k8s.io/events ns/x'])
      check(scheduler, asked(what), true)
    const mayNot = ['delete pods ns/x', 'update pods ns/x', 'create pods ns', 'get secrets ns/x', 'update nodes -/a']
    for (const what of mayNot) check(scheduler, asked(what), false)
  })

  it('lets a node tend its own Node and Lease', () => {
    const may = ['create nodes', 'update nodes/status -/a', 'patch nodes -/a', 'get nodes -/b', 'watch nodes']
    const lease = 'coordination.k8s.io/leases'
    const leases = [
      `create ${lease} kube-node-lease`,
      `update ${lease} kube-node-lease/a`,
      `get ${lease} kube-node-lease/a`,
    ]
    for (const what of [...may, ...leases]) check(node, asked(what), true)
    const mayNot = ['update nodes -/b', 'patch nodes/status -/b', 'delete nodes -/a', 'create nodes -/b']
    const others = [`update ${lease} kube-node-lease/b`, `get ${lease} kube-system/a`, `list ${lease} kube-node-lease`]
    for (const what of [...mayNot, ...others]) check(node, asked(what), false)
  })

  it('lets a node see and end the pods bound to it', () => {
    const may = ['get pods ns/mine', 'update pods/status ns/mine', 'patch pods/status ns/mine', 'delete pods ns/mine']
    for (const what of [...may, 'create pods ns']) check(node, asked(what), true)
    check(node, asked('watch pods', 'spec.nodeName=a'), true)
    check(node, asked('list pods', 'status.phase!=Failed,spec.nodeName=a'), true)
    for (const selector of ['', 'spec.nodeName=b', 'spec.nodeName!=a']) check(node, asked('list pods', selector), false)
    const mayNot = [
      'get pods ns/other',
      'update pods/status ns/other',
      'delete pods ns/unbound',
      'get pods other-ns/mine',
    ]
    const notAtAll = ['update pods ns/mine', 'create pods/binding ns/mine', 'update pods/status']
    for (const what of [...mayNot, ...notAtAll]) check(node, asked(what), false)
  })

  it('lets a node read what those pods refer to', () => {
    const secrets = ['env', 'from', 'init', 'pull', 'volume', 'projected'].map(name => `secrets ns/${name}`)
    const configMaps = ['env', 'from', 'volume', 'projected'].map(name => `configmaps ns/${name}`)
    for (const what of [...secrets, ...configMaps, 'persistentvolumeclaims ns/data']) {
      for (const verb of ['get', 'watch']) check(node, asked(`${verb} ${what}`), true)
      check(node, asked(`update ${what}`), false)
    }
    const others = ['secrets ns/of-b', 'secrets ns/of-none', 'secrets other-ns/env', 'configmaps ns/pull', 'secrets ns']
    for (const what of others) check(node, asked(`get ${what}`), false)
    check(node, asked('list secrets ns'), false)
    assert.match(String(authorize(node, asked('get secrets ns/of-b'))), /no pod bound to node a refers to it/)
  })

  it('forgets what pods referred to when they go, move or change', () => {
    const passing = new NodeGraph()
    passing.set(pod('p', 'a', { imagePullSecrets: [{ name: 'old' }] }))
    passing.set(pod('p', 'a', { imagePullSecrets: [{ name: 'new' }] }))
    assert.deepEqual(
      [passing.refers('a', 'secrets', 'ns', 'old'), passing.refers('a', 'secrets', 'ns', 'new')],
      [false, true],
    )
    passing.set(pod('p', 'b', { imagePullSecrets: [{ name: 'new' }] }))
    assert.deepEqual([passing.hasPod('a', 'ns', 'p'), passing.hasPod('b', 'ns', 'p')], [false, true])
    assert.equal(passing.refers('a', 'secrets', 'ns', 'new'), false)
    passing.remove(pod('p', 'b'))
    assert.deepEqual([passing.hasPod('b', 'ns', 'p'), passing.refers('b', 'secrets', 'ns', 'new')], [false, false])
  })

  it('takes a selector of one name for the name', () => {
    assert.equal(selectedName('metadata.name=x'), 'x')
    assert.equal(selectedName('metadata.name==x'), 'x')
    for (const other of ['', 'metadata.name!=x', 'metadata.name=x,spec.y=z', 'spec.nodeName=x']) {
      assert.equal(selectedName(other), '', other)
    }
  })
})
