import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { PodSpec } from '../../../api/kinds/core-v1/pod.ts'
import { container, eventually } from '../testing.ts'
import { type Harness, harness } from '../testing-node.ts'

const limits = { 'ephemeral-storage': '1Mi' }
const spec: Partial<PodSpec> = {
  volumes: [
    { name: 'v', emptyDir: { sizeLimit: '500k' } },
    { name: 'w', emptyDir: {} },
  ],
  containers: [
    container('main', {
      resources: { limits },
      volumeMounts: [
        { name: 'v', mountPath: '/v' },
        { name: 'w', mountPath: '/w' },
      ],
    }),
    container('other', { resources: { limits } }),
  ],
}

const running = (h: Harness): Promise<void> =>
  eventually(() => assert.deepEqual(h.runtime.running().sort(), ['main', 'other']))

/** The pod is over, and says why. */
async function evicted(h: Harness, message: string): Promise<void> {
  await eventually(async () => assert.equal((await h.get()).status.phase, 'Failed'))
  const { status } = await h.get()
  assert.deepEqual([status.reason, status.message], ['Evicted', message])
  assert.ok(h.events.includes(`Warning Evicted: ${message}`))
  assert.deepEqual(h.runtime.running(), [])
  assert.equal(
    status.conditions?.some(({ type }) => type === 'DisruptionTarget'),
    false,
  )
}

describe('a pod that takes more of the disk than it may', () => {
  it('is evicted for an emptyDir', async t => {
    const h = harness(t, { speed: 100 })
    h.start()
    const { metadata } = await h.apply(spec)
    await running(h)
    writeFileSync(path.join(h.root, 'node', 'pods', metadata.uid, 'volumes', 'v', 'x'), Buffer.alloc(600_000))
    await evicted(h, 'Usage of EmptyDir volume "v" exceeds the limit "500k". ')
  })

  it('is evicted for what one container writes and logs', async t => {
    const h = harness(t, { speed: 100 })
    h.start()
    const { metadata } = await h.apply(spec)
    await running(h)
    h.runtime.writtenBytes.set('main', 700_000)
    const logs = path.join(h.root, 'logs', `default_web_${metadata.uid}`, 'main')
    mkdirSync(logs, { recursive: true })
    writeFileSync(path.join(logs, '0.log'), Buffer.alloc(600_000))
    await evicted(h, 'Container main exceeded its local ephemeral storage limit "1Mi". ')
  })

  it('is evicted for all of it together', async t => {
    const h = harness(t, { speed: 100 })
    h.start()
    const { metadata } = await h.apply(spec)
    await running(h)
    for (const name of ['main', 'other']) h.runtime.writtenBytes.set(name, 900_000)
    writeFileSync(path.join(h.root, 'node', 'pods', metadata.uid, 'volumes', 'w', 'x'), Buffer.alloc(600_000))
    await evicted(h, 'Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ')
  })

  it('goes on when it is critical', async t => {
    const h = harness(t, { speed: 100 })
    h.start()
    await h.apply({ ...spec, priority: 2_000_000_000 })
    await running(h)
    h.runtime.writtenBytes.set('main', 1 << 30)
    const looks = (): number => h.runtime.calls.filter(call => call === 'containerStats').length
    const before = h.clock.now()
    await eventually(() => assert.ok(h.clock.now() - before > 30_000))
    assert.equal(looks(), 0)
    assert.deepEqual(h.runtime.running().sort(), ['main', 'other'])
  })
})
