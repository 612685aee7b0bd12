// A node's certificate at both doors: what the verb and the name allow, the object may still forbid.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isStatus } from '../../../api/errors.ts'
import { type Lease, leases } from '../../../api/kinds/coordination-v1/lease.ts'
import { nodes } from '../../../api/kinds/core-v1/node.ts'
import { type Pod, pods } from '../../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../../api/kinds/kind.ts'
import { GrpcClient } from '../../../client/grpc.ts'
import { mirrorOf, staticPod } from '../../../node-agent/pods/static/static-pod.ts'
import { aNode, aPod } from '../../../test/objects.ts'
import { type ControlPlane, openControlPlane } from '../../../test/suites/doors.ts'

const namespace = 'default'

async function forbidden(call: Promise<unknown>, why: RegExp): Promise<void> {
  await assert.rejects(call, error => {
    assert.ok(isStatus(error, 'Forbidden'), `expected Forbidden, got ${String(error)}`)
    assert.match(error.message, why)
    return true
  })
}

describe('a node agent', () => {
  let controlPlane: ControlPlane
  let admin: GrpcClient
  let agent: GrpcClient
  let nodeUid: string

  before(async () => {
    controlPlane = await openControlPlane()
    const { doors } = controlPlane
    admin = new GrpcClient(doors.admin)
    agent = new GrpcClient(await doors.nodeConfig('n1'))
    const made = await agent.create(nodes, aNode('n1'))
    nodeUid = made.metadata.uid
    await admin.create(nodes, aNode('n2'))
  })
  after(async () => {
    agent.close()
    admin.close()
    await controlPlane.close()
  })

  const mirror = (name: string, nodeName = 'n1'): Pod => {
    const pod = aPod(name, {}, { nodeName })
    const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeUid, controller: true }
    const annotations = { 'kubernetes.io/config.mirror': 'digest' }
    return { ...pod, metadata: { ...pod.metadata, annotations, ownerReferences: [owner] } }
  }

  const bound = (name: string, nodeName: string): Promise<Stored<Pod>> => {
    const pod = aPod(name, {}, { nodeName })
    return admin.create(pods, { ...pod, metadata: { ...pod.metadata, labels: { app: name } } })
  }

  it('creates the mirror of a static pod, and nothing else', async () => {
    const made = await agent.create(pods, mirror('web-n1'))
    assert.equal(made.spec.nodeName, 'n1')
    await forbidden(agent.create(pods, aPod('mine', {}, { nodeName: 'n1' })), /can only create mirror pods/)
    await forbidden(agent.create(pods, mirror('web-n2', 'n2')), /can only create pods with spec.nodeName set to itself/)
    const stale = mirror('stale-n1')
    stale.metadata.ownerReferences = [{ ...(stale.metadata.ownerReferences?.[0] ?? assert.fail()), uid: 'before' }]
    await forbidden(agent.create(pods, stale), /UID mismatch: expected before got/)
    const nosy = mirror('nosy-n1')
    nosy.spec.volumes = [{ name: 's', secret: { secretName: 'keys' } }]
    await forbidden(agent.create(pods, nosy, { dryRun: true }), /can not create pods that reference secrets/)
    // What agents really send.
    const text = 'metadata: { name: file }\nspec: { containers: [{ name: main, image: "example.test/main:1" }] }'
    const file = mirrorOf(staticPod(`apiVersion: v1\nkind: Pod\n${text}`, 'file.yaml', 'n1', Date.now()), nodeUid)
    assert.equal((await agent.create(pods, file)).metadata.name, 'file-n1')
    for (const name of ['mine', 'web-n2', 'stale-n1', 'nosy-n1']) {
      await assert.rejects(admin.get(pods, { namespace, name }), error => isStatus(error, 'NotFound'))
    }
  })

  it('writes the status of its own pods, batched or not, and no labels', async () => {
    const [own, foreign] = [await bound('own', 'n1'), await bound('foreign', 'n2')]
    const running = (pod: Stored<Pod>): Stored<Pod> => ({ ...pod, status: { ...pod.status, phase: 'Running' } })
    const [first, second] = await agent.updateStatuses(pods, [running(own), running(foreign)])
    assert.ok(first?.ok && first.object.status.phase === 'Running')
    assert.ok(second?.ok === false && second.status.code === 403, JSON.stringify(second))
    await forbidden(agent.updateStatus(pods, running(foreign)), /can only update pod status for pods with/)
    const relabelled = { ...first.object, metadata: { ...first.object.metadata, labels: { app: 'admin' } } }
    await forbidden(agent.updateStatus(pods, relabelled), /cannot update labels through pod status/)
    const present = await admin.get(pods, { namespace, name: 'foreign' })
    assert.equal(present.metadata.resourceVersion, foreign.metadata.resourceVersion)
  })

  it('hears of a conflict, not of an offence, when others changed the labels meanwhile', async () => {
    const old = await bound('relabelled', 'n1')
    await admin.update(pods, { ...old, metadata: { ...old.metadata, labels: { app: 'new' } } })
    await assert.rejects(agent.updateStatus(pods, old), error => isStatus(error, 'Conflict'))
  })

  it('deletes its own pods only', async () => {
    await bound('ending', 'n1')
    await bound('staying', 'n2')
    await agent.delete(pods, { namespace, name: 'ending' }, { gracePeriodSeconds: 0 })
    const foreign = agent.delete(pods, { namespace, name: 'staying' }, { gracePeriodSeconds: 0 })
    await forbidden(foreign, /can only delete pods with spec.nodeName set to itself/)
    const { metadata } = await admin.get(pods, { namespace, name: 'staying' })
    assert.equal(metadata.deletionTimestamp, undefined)
  })

  it('keeps its Node and Lease, without the labels and taints that are not its own', async () => {
    const inLeases = (name: string): Lease => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'kube-node-lease', name },
      spec: { holderIdentity: 'n1' },
    })
    await agent.create(leases, inLeases('n1'))
    await forbidden(agent.create(leases, inLeases('n2')), /node lease with the same name as the requesting node/)
    await forbidden(agent.create(nodes, aNode('n3')), /node "n1" is not allowed to modify node "n3"/)
    const patch = (body: object) => agent.patch(nodes, { name: 'n1' }, { type: 'application/merge-patch+json', body })
    assert.equal((await patch({ metadata: { labels: { disk: 'ssd' } } })).metadata.labels?.['disk'], 'ssd')
    const trusted = { 'node-restriction.kubernetes.io/trusted': 'yes' }
    await forbidden(patch({ metadata: { labels: trusted } }), /is not allowed to modify labels: node-restriction/)
    await forbidden(patch({ spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }), /not allowed to modify taints/)
  })

  it('is told the same by the REST door', async () => {
    const { doors } = controlPlane
    const as = await doors.nodeConfig('n1')
    const post = (pod: Pod) =>
      doors.fetch(`/api/v1/namespaces/${namespace}/pods`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(pod),
        as,
      })
    const refused = await post(aPod('mine', {}, { nodeName: 'n1' }))
    assert.equal(refused.code, 403, refused.body)
    assert.match(refused.body, /can only create mirror pods/)
    const accepted = await post(mirror('rest-n1'))
    assert.equal(accepted.code, 201, accepted.body)
  })
})
