import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { made, wrongWith } from '../fixture.ts'
import { podDisruptionBudgets } from './pod-disruption-budget.ts'

const budget = (spec: object) => made(podDisruptionBudgets, { metadata: { name: 'a', namespace: 'n' }, spec })

describe('a pod disruption budget', () => {
  for (const [what, spec, wrong] of [
    ['a number', { minAvailable: 1 }, []],
    ['a share', { maxUnavailable: '50%' }, []],
    [
      'less than none',
      { minAvailable: -1 },
      ['spec.minAvailable: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'more than all',
      { minAvailable: '101%' },
      ['spec.minAvailable: Invalid value: "101%": must not be greater than 100%'],
    ],
    [
      'a policy that does not exist',
      { unhealthyPodEvictionPolicy: 'Maybe' },
      [
        'spec.unhealthyPodEvictionPolicy: Unsupported value: "Maybe": supported values: "AlwaysAllow", "IfHealthyBudget"',
      ],
    ],
  ] as const) {
    it(what, () => assert.deepEqual(wrongWith(podDisruptionBudgets, budget(spec)), wrong))
  }

  it('tells its counts from the beginning', () => {
    const { status } = budget({})
    assert.deepEqual(status, { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 })
  })
})
