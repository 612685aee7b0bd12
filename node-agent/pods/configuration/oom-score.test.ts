import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { PodSpec } from '../../../api/kinds/core-v1/pod-spec.ts'
import { container, makePod } from '../testing.ts'
import { oomScoreAdj } from './oom-score.ts'

const gibibyte = 2 ** 30
const asking = (name: string, memory: string, more: Partial<Container> = {}): Container =>
  container(name, { resources: { requests: { memory } }, ...more })

describe('who dies first', () => {
  const of = (spec: Partial<PodSpec>, name = 'main', capacity = 4 * gibibyte): number => {
    const pod = makePod(spec)
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    return oomScoreAdj(pod, all.find(each => each.name === name) ?? container(name), capacity)
  }
  const guaranteed = container('main', { resources: { limits: { cpu: '1', memory: '1Gi' } } })

  it('is who was promised nothing, and last who was promised all', () => {
    assert.equal(of({}), 1000)
    assert.equal(of({ containers: [guaranteed] }), -997)
    assert.equal(of({ priorityClassName: 'system-node-critical' }), -997)
  })

  it('is in between who asks for less of the node’s memory', () => {
    assert.equal(of({ containers: [asking('main', '1Gi')] }), 750)
    assert.equal(of({ containers: [asking('main', '1Mi')] }), 999, 'better than whoever asks for nothing')
    assert.equal(of({ containers: [asking('main', '4Gi')] }), 3, 'worse than whoever was promised all')
    assert.equal(of({ containers: [asking('other', '1Gi'), container('main')] }), 999)
  })

  it('is no sidecar before the containers it serves', () => {
    const spec = {
      initContainers: [asking('side', '1Mi', { restartPolicy: 'Always' }), asking('step', '1Mi')],
      containers: [asking('main', '2Gi'), asking('small', '1Gi')],
    } satisfies Partial<PodSpec>
    assert.equal(of(spec, 'side'), 750)
    assert.equal(of(spec, 'step'), 999)
  })

  it('counts what the pod asks for beyond its containers, shared among them', () => {
    const spec = {
      initContainers: [asking('side', '256Mi', { restartPolicy: 'Always' })],
      containers: [asking('main', '256Mi'), container('b')],
      resources: { requests: { memory: '2Gi' } },
    } satisfies Partial<PodSpec>
    // 1.5 GiB more for three of them: 0.5 GiB each.
    assert.equal(of(spec), 1000 - Math.trunc((1000 * 0.75) / 4))
    assert.equal(of(spec, 'b'), 875)
    assert.equal(of(spec, 'side'), 1000 - Math.trunc((1000 * 0.75) / 4))
  })
})
