import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../../../api/kinds/core-v1/pod.ts'
import { container, makePod } from '../testing.ts'
import { podMemoryBytes } from './memory-limit.ts'

const limited = (name: string, memory: string | undefined) =>
  container(name, { resources: memory === undefined ? {} : { limits: { memory } } })

describe('the most memory a pod can take', () => {
  const table: readonly [name: string, spec: Partial<PodSpec>, bytes: number][] = [
    ["is its node's without a limit", { containers: [limited('a', undefined)] }, 1 << 30],
    [
      "is its node's when one container has no limit",
      { containers: [limited('a', '1Mi'), limited('b', undefined)] },
      1 << 30,
    ],
    ['is the sum of the limits', { containers: [limited('a', '1Mi'), limited('b', '2Mi')] }, 3 << 20],
    [
      'is what an init container may take',
      { containers: [limited('a', '1Mi')], initContainers: [limited('i', '5Mi')] },
      5 << 20,
    ],
    ['is its own', { containers: [limited('a', undefined)], resources: { limits: { memory: '7Mi' } } }, 7 << 20],
    ["is never more than its node's", { containers: [limited('a', '2Gi')] }, 1 << 30],
  ]
  for (const [name, spec, bytes] of table) {
    it(name, () => {
      assert.equal(podMemoryBytes(makePod(spec), { memory: '1Gi' }), bytes)
    })
  }
})
