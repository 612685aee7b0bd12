import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { leases } from '../../../api/kinds/coordination-v1/lease.ts'
import { configMaps } from '../../../api/kinds/core-v1/config-map.ts'
import { type Node, type NodeSpec, nodes } from '../../../api/kinds/core-v1/node.ts'
import { type Pod, type PodSpec, pods } from '../../../api/kinds/core-v1/pod.ts'
import type { Volume } from '../../../api/kinds/core-v1/volumes.ts'
import type { Kind, KubernetesObject } from '../../../api/kinds/kind.ts'
import { decode } from '../../../api/schema/decode.ts'
import { aNode, aPod } from '../../../test/objects.ts'
import { type NodeRequest, nodeRefusal } from './node-restriction.ts'

const user = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }

type Labels = Record<string, string>

const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'u1', controller: true }

function mirror(metadata: Partial<Pod['metadata']> = {}, spec: Partial<PodSpec> = {}): Pod {
  const pod = aPod('web-n1', {}, { nodeName: 'n1', ...spec })
  const annotations = { 'kubernetes.io/config.mirror': 'digest' }
  return { ...pod, metadata: { ...pod.metadata, annotations, ownerReferences: [owner], ...metadata } }
}

const withVolume = (volume: Omit<Volume, 'name'>): Pod => mirror({}, { volumes: [{ name: 'v', ...volume }] })
const withEnv = (env: object, of: 'containers' | 'initContainers' = 'containers'): Pod =>
  mirror({}, { [of]: [{ name: 'main', image: 'example.test/main:1', resources: {}, ...env }] })

/** As it comes out of decoding, with as little in each volume as decoding lets pass. */
function incomplete(): Pod {
  const sorts = ['azureFile', 'cephfs', 'cinder', 'csi', 'flexVolume', 'iscsi', 'projected', 'rbd', 'scaleIO', 'secret']
  const volumes = [...sorts, 'configMap', 'storageos'].map(sort => ({ [sort]: {} }))
  const { spec } = decode(pods.schema, { spec: { volumes, containers: [{ env: [{}], envFrom: [{}] }] } }).object
  return mirror({}, { ...spec, nodeName: 'n1' })
}

const bound = (nodeName: string, labels: Labels = {}, status: Pod['status'] = {}): Pod => {
  const pod = aPod('web', {}, { nodeName })
  return { ...pod, metadata: { ...pod.metadata, labels }, status }
}

const ownNode = (labels: Labels = {}, spec: NodeSpec = {}): Node => aNode('n1', { labels, spec })

const lease = (namespace: string, name: string): KubernetesObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace, name },
})

type Asked = Partial<Omit<NodeRequest, 'kind' | 'operation'>>

/** The message of a refusal; '' when there is none. */
function judged(operation: NodeRequest['operation'], kind: Kind, asked: Asked): string {
  const { namespace = '', name = '' } = (asked.old ?? asked.object)?.metadata ?? {}
  const refused = nodeRefusal({ user, subresource: '', namespace, name, ...asked, operation, kind })
  if (refused === undefined) return ''
  assert.deepEqual([refused.reason, refused.code], ['Forbidden', 403])
  return refused.message
}

describe('NodeRestriction', () => {
  it('is for node agents only', () => {
    const foreign = { object: aPod('a', {}, { nodeName: 'n2' }) }
    const others = [
      undefined,
      { name: 'kubernetes-admin', groups: ['system:masters'] },
      { name: 'system:node:n1', groups: ['system:authenticated'] },
      { name: 'n1', groups: ['system:nodes'] },
    ]
    for (const other of others) assert.equal(judged('create', pods, { ...foreign, user: other }), '')
    const nobody = { name: 'system:node:', groups: ['system:nodes'] }
    const why = 'pods "a" is forbidden: could not determine node from user "system:node:"'
    assert.equal(judged('create', pods, { ...foreign, user: nobody }), why)
  })

  it('leaves other kinds to those who decide by name', () => {
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: 'a' } }
    assert.equal(judged('update', configMaps, { object: configMap, old: configMap }), '')
  })

  describe('a new pod', () => {
    const own = 'node "n1" can only create pods with an owner reference set to itself'
    const reference = 'node "n1" can not create pods that reference'
    const cases: [string, Pod, string][] = [
      ['is a mirror', mirror(), ''],
      ['is a mirror, for an empty digest', mirror({ annotations: { 'kubernetes.io/config.mirror': '' } }), ''],
      [
        'may not be any other',
        mirror({ annotations: {} }),
        'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
      ],
      [
        'may not be without a node',
        mirror({}, { nodeName: '' }),
        'node "n1" can only create pods with spec.nodeName set to itself',
      ],
      [
        'may not be of another node',
        mirror({}, { nodeName: 'n2' }),
        'node "n1" can only create pods with spec.nodeName set to itself',
      ],
      ['may not be without an owner', mirror({ ownerReferences: [] }), own],
      ['may not belong to another node', mirror({ ownerReferences: [{ ...owner, name: 'n2' }] }), own],
      ['may not belong to another kind', mirror({ ownerReferences: [{ ...owner, kind: 'Pod' }] }), own],
      ['may not belong to another API', mirror({ ownerReferences: [{ ...owner, apiVersion: 'x/v1' }] }), own],
      [
        'may not belong to two',
        mirror({ ownerReferences: [owner, { ...owner, uid: 'u2' }] }),
        'node "n1" can only create pods with a single owner reference set to itself',
      ],
      [
        'is controlled by its owner',
        mirror({ ownerReferences: [{ ...owner, controller: false }] }),
        'node "n1" can only create pods with a controller owner reference set to itself',
      ],
      [
        'does not hold up its owner',
        mirror({ ownerReferences: [{ ...owner, blockOwnerDeletion: true }] }),
        'node "n1" must not set blockOwnerDeletion on an owner reference',
      ],
      [
        'belongs to the Node of today',
        mirror({ ownerReferences: [{ ...owner, uid: 'u0' }] }),
        'node n1 UID mismatch: expected u0 got u1',
      ],
      ['has no service account', mirror({}, { serviceAccountName: 'default' }), `${reference} a service account`],
      ['has no Secret to pull with', mirror({}, { imagePullSecrets: [{ name: 's' }] }), `${reference} secrets`],
      ['has no Secret mounted', withVolume({ secret: { secretName: 's' } }), `${reference} secrets`],
      [
        'has no Secret projected',
        withVolume({ projected: { sources: [{ secret: { name: 's' } }] } }),
        `${reference} secrets`,
      ],
      [
        'has no Secret of a volume',
        withVolume({ cephfs: { monitors: ['m'], secretRef: { name: 's' } } }),
        `${reference} secrets`,
      ],
      [
        'has no Secret in its environment',
        withEnv({ env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }, 'initContainers'),
        `${reference} secrets`,
      ],
      [
        'has no Secret as its environment',
        withEnv({ envFrom: [{ secretRef: { name: 's' } }] }),
        `${reference} secrets`,
      ],
      ['has no ConfigMap mounted', withVolume({ configMap: { name: 'c' } }), `${reference} configmaps`],
      [
        'has no ConfigMap in its environment',
        withEnv({ envFrom: [{ configMapRef: { name: 'c' } }] }),
        `${reference} configmaps`,
      ],
      [
        'has no claim',
        withVolume({ persistentVolumeClaim: { claimName: 'd' } }),
        `${reference} persistentvolumeclaims`,
      ],
      [
        'has no trust bundle',
        withVolume({ projected: { sources: [{ clusterTrustBundle: { name: 'b', path: 'p' } }] } }),
        `${reference} clustertrustbundles`,
      ],
      ['may be incomplete: that is for validation to tell', incomplete(), ''],
      ['may mount directories', withVolume({ hostPath: { path: '/etc' } }), ''],
    ]
    for (const [what, object, why] of cases) {
      it(what, () => {
        const expected = why === '' ? '' : `pods "web-n1" is forbidden: ${why}`
        assert.equal(judged('create', pods, { object, nodeUid: 'u1' }), expected)
      })
    }

    it('waits for its Node', () => {
      const why = 'error looking up node n1 to verify uid: node "n1" not found'
      assert.equal(judged('create', pods, { object: mirror() }), `pods "web-n1" is forbidden: ${why}`)
    })
  })

  describe('a pod', () => {
    const claims = (resourceClaimName: string) => ({ resourceClaimStatuses: [{ name: 'gpu', resourceClaimName }] })
    const status = { subresource: 'status' }
    const cases: [string, NodeRequest['operation'], Asked, string][] = [
      ['may be deleted where it is', 'delete', { old: bound('n1') }, ''],
      [
        'may not be deleted from elsewhere',
        'delete',
        { old: bound('n2') },
        'node "n1" can only delete pods with spec.nodeName set to itself',
      ],
      [
        'may not be deleted before it is bound',
        'delete',
        { old: aPod('web') },
        'node "n1" can only delete pods with spec.nodeName set to itself',
      ],
      ['may be evicted where it is', 'create', { subresource: 'eviction', old: bound('n1') }, ''],
      [
        'may not be evicted from elsewhere',
        'create',
        { subresource: 'eviction', old: bound('n2') },
        'node "n1" can only evict pods with spec.nodeName set to itself',
      ],
      [
        'may not be changed',
        'update',
        { object: bound('n1'), old: bound('n1') },
        'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods',
      ],
      [
        'may not be bound',
        'create',
        { subresource: 'binding', old: aPod('web') },
        `unexpected pod subresource "binding", only 'status' and 'eviction' are allowed`,
      ],
      [
        'gets its status where it is',
        'update',
        {
          ...status,
          object: bound('n1', { app: 'web' }, { phase: 'Running', ...claims('c') }),
          old: bound('n1', { app: 'web' }, { phase: 'Pending', ...claims('c') }),
        },
        '',
      ],
      [
        'gets no status from elsewhere',
        'update',
        { ...status, object: bound('n2'), old: bound('n2') },
        'node "n1" can only update pod status for pods with spec.nodeName set to itself',
      ],
      [
        'gets no status from where it says it is',
        'update',
        { ...status, object: bound('n1'), old: bound('n2') },
        'node "n1" can only update pod status for pods with spec.nodeName set to itself',
      ],
      [
        'keeps its labels',
        'update',
        { ...status, object: bound('n1', { app: 'admin' }), old: bound('n1', { app: 'web' }) },
        'node "n1" cannot update labels through pod status',
      ],
      [
        'loses no label',
        'update',
        { ...status, object: bound('n1'), old: bound('n1', { app: 'web' }) },
        'node "n1" cannot update labels through pod status',
      ],
      [
        'keeps its claims',
        'update',
        { ...status, object: bound('n1', {}, claims('other')), old: bound('n1', {}, claims('c')) },
        'node "n1" cannot update resource claim statuses',
      ],
    ]
    for (const [what, operation, asked, why] of cases) {
      it(what, () => {
        assert.equal(judged(operation, pods, asked), why === '' ? '' : `pods "web" is forbidden: ${why}`)
      })
    }
  })

  describe('a Node', () => {
    const set = 'nodes "n1" is forbidden: node "n1" is not allowed to set the following labels:'
    const modify = 'nodes "n1" is forbidden: is not allowed to modify labels:'
    const taints: NodeSpec = { taints: [{ key: 'dedicated', value: 'ci', effect: 'NoSchedule' }] }
    const restricted = { 'node-restriction.kubernetes.io/trusted': 'yes' }
    const own = {
      disk: 'ssd',
      'example.com/rack': '7',
      'kubernetes.io/os': 'linux',
      'topology.kubernetes.io/zone': 'a',
      'node.kubernetes.io/speed': 'high',
      'x.kubelet.kubernetes.io/y': 'z',
      'notkubernetes.io/a': 'b',
    }
    const role = { 'node-role.kubernetes.io/control-plane': '' }

    it('registers itself, with its taints and the labels that are its own', () => {
      assert.equal(judged('create', nodes, { object: ownNode(own, taints) }), '')
    })
    it('registers no other', () => {
      const why = 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"'
      assert.equal(judged('create', nodes, { object: aNode('n2') }), why)
      assert.equal(judged('update', nodes, { object: aNode('n2'), old: aNode('n2'), subresource: 'status' }), why)
    })
    it('takes no label that others steer by', () => {
      const deep = { 'a.node-restriction.kubernetes.io/b': 'c' }
      const keys = [...Object.keys(deep), ...Object.keys(role), ...Object.keys(restricted)].sort().join(', ')
      const object = ownNode({ ...restricted, ...role, ...deep, ...own })
      assert.equal(judged('create', nodes, { object }), `${set} ${keys}`)
      const old = ownNode()
      for (const subresource of ['', 'status']) {
        assert.equal(judged('update', nodes, { object, old, subresource }), `${modify} ${keys}`)
      }
    })
    it('keeps such labels where others gave them', () => {
      const old = ownNode({ ...restricted, ...role })
      assert.equal(judged('update', nodes, { object: ownNode({ ...restricted, ...role, ...own }), old }), '')
      const other = ownNode({ ...role, 'node-restriction.kubernetes.io/trusted': 'no' })
      for (const object of [ownNode(role), other]) {
        assert.equal(judged('update', nodes, { object, old }), `${modify} ${Object.keys(restricted).join()}`)
      }
    })
    it('keeps its taints', () => {
      const why = 'nodes "n1" is forbidden: node "n1" is not allowed to modify taints'
      const [clean, tainted] = [ownNode(), ownNode({}, taints)]
      assert.equal(judged('update', nodes, { object: tainted, old: tainted }), '')
      assert.equal(judged('update', nodes, { object: ownNode({}, { taints: [] }), old: clean }), '')
      assert.equal(judged('update', nodes, { object: clean, old: tainted }), why)
      assert.equal(judged('update', nodes, { object: tainted, old: clean }), why)
    })
    it('says where its configuration is only as others said it', () => {
      const sourced = (name: string): Node => {
        const configMap = { namespace: 'kube-system', name, kubeletConfigKey: 'kubelet' }
        return ownNode({}, { configSource: { configMap } })
      }
      const [one, other, none] = [sourced('one'), sourced('other'), ownNode()]
      assert.match(judged('create', nodes, { object: one }), /not allowed to create nodes with a non-nil configSource/)
      for (const old of [other, none]) {
        assert.match(judged('update', nodes, { object: one, old }), /update configSource to a new non-nil/)
      }
      assert.equal(judged('update', nodes, { object: one, old: one }), '')
      assert.equal(judged('update', nodes, { object: none, old: one }), '')
    })
    it('does not remove itself', () => {
      const why = 'nodes "n1" is forbidden: node "n1" is not allowed to delete itself'
      assert.equal(judged('delete', nodes, { old: ownNode() }), why)
    })
  })

  describe('a Lease', () => {
    const elsewhere = 'can only access leases in the "kube-node-lease" system namespace'
    const notIts = 'can only access node lease with the same name as the requesting node'
    const cases: [string, string, string][] = [
      ['kube-node-lease', 'n1', ''],
      ['kube-node-lease', 'n2', `leases.coordination.k8s.io "n2" is forbidden: ${notIts}`],
      ['kube-system', 'n1', `leases.coordination.k8s.io "n1" is forbidden: ${elsewhere}`],
    ]
    for (const [namespace, name, expected] of cases) {
      it(`${name} in ${namespace}`, () => {
        const object = lease(namespace, name)
        assert.equal(judged('create', leases, { object }), expected)
        assert.equal(judged('update', leases, { object, old: object }), expected)
        assert.equal(judged('delete', leases, { old: object }), expected)
      })
    }
  })
})
