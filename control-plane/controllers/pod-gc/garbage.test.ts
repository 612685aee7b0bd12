import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Pod } from '../../../api/kinds/core-v1/pod.ts'
import type { Stored } from '../../../api/kinds/kind.ts'
import { timeOf } from '../../../api/values/time.ts'
import { garbage } from './garbage.ts'

const pod = (name: string, phase: 'Succeeded' | 'Failed' | 'Running', createdMs: number): Stored<Pod> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name, uid: name, resourceVersion: '1', creationTimestamp: timeOf(createdMs) },
  spec: { containers: [], nodeName: 'n' },
  status: { phase },
})

it('of pods that have ended, the oldest go when there are more than are kept', () => {
  const present = [
    pod('c', 'Failed', 30_000),
    pod('a', 'Succeeded', 10_000),
    pod('d', 'Succeeded', 40_000),
    pod('b', 'Failed', 20_000),
    pod('old', 'Running', 0),
  ]
  const names = (endedKept: number): string[] =>
    garbage({ pods: present, hasNode: () => true, missingSinceMs: new Map(), endedKept }, 0).map(
      ({ pod: { metadata }, why }) => `${metadata.name} ${why}`,
    )
  assert.deepEqual(names(2), ['a ended', 'b ended'])
  assert.deepEqual(names(4), [])
})
