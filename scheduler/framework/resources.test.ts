import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../../api/kinds/core-v1/pod.ts'
import { aContainer } from '../../test/objects.ts'
import { ResourceNames, requestsOf } from './resources.ts'

function requests(spec: Partial<PodSpec>): Record<string, number> {
  const names = new ResourceNames()
  const { amounts } = requestsOf({ containers: [], ...spec }, names)
  return Object.fromEntries([...amounts].map(([column, amount]) => [names.name(column), amount]))
}

const asks = (cpu: string) => aContainer({ cpu })
const sidecar = (cpu: string) => aContainer({ cpu }, { restartPolicy: 'Always' })

describe('requestsOf', () => {
  const cases: [string, Partial<PodSpec>, Record<string, number>][] = [
    ['containers together', { containers: [asks('100m'), asks('1')] }, { cpu: 1_100 }],
    [
      'units',
      { containers: [aContainer({ memory: '1Ki', 'ephemeral-storage': '1k', 'x.test/gpu': '2' })] },
      { memory: 1_024, 'ephemeral-storage': 1_000, 'x.test/gpu': 2 },
    ],
    ['an init container that asks for less', { containers: [asks('2')], initContainers: [asks('1')] }, { cpu: 2_000 }],
    [
      'the largest of the init containers',
      { containers: [asks('2')], initContainers: [asks('3'), asks('1')] },
      { cpu: 3_000 },
    ],
    ['sidecars run beside the containers', { containers: [asks('2')], initContainers: [sidecar('1')] }, { cpu: 3_000 }],
    [
      'an init container runs beside the sidecars before it',
      { containers: [asks('1')], initContainers: [sidecar('1'), asks('3'), sidecar('1')] },
      { cpu: 4_000 },
    ],
    [
      'but not beside those after it',
      { containers: [asks('1')], initContainers: [asks('3'), sidecar('1'), sidecar('1')] },
      { cpu: 3_000 },
    ],
    ['overhead on top', { containers: [asks('1')], overhead: { cpu: '250m', memory: '1' } }, { cpu: 1_250, memory: 1 }],
    ['the pod as a whole', { containers: [asks('1')], resources: { requests: { cpu: '3' } } }, { cpu: 3_000 }],
    ['fractions of a thousandth round up', { containers: [asks('1.0001')] }, { cpu: 1_001 }],
  ]
  for (const [what, spec, expected] of cases) it(what, () => assert.deepEqual(requests(spec), expected))

  it('fills in what is not stated, container by container, for comparing nodes', () => {
    const { comparedCpuMilli, comparedMemoryBytes } = requestsOf(
      { containers: [asks('1'), aContainer({ memory: '1Mi' })] },
      new ResourceNames(),
    )
    assert.equal(comparedCpuMilli, 1_100)
    assert.equal(comparedMemoryBytes, 201 * 1024 * 1024)
  })
})
