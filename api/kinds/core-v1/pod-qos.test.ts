import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from './pod.ts'
import { qosClass } from './pod-qos.ts'

type Amounts = Record<string, string>
const container = (requests: Amounts, limits: Amounts) => ({ name: 'c', resources: { requests, limits } })
const full = { cpu: '1', memory: '1Gi' }

const cases: readonly (readonly [string, PodSpec, string])[] = [
  ['nothing asked for', { containers: [container({}, {})] }, 'BestEffort'],
  ['only a zero asked for', { containers: [container({ cpu: '0' }, {})] }, 'BestEffort'],
  [
    'only an extended resource',
    { containers: [container({ 'example.com/gpu': '1' }, { 'example.com/gpu': '1' })] },
    'BestEffort',
  ],
  ['limits alone, of both', { containers: [container({}, full)] }, 'Guaranteed'],
  [
    'requests equal to limits, written otherwise',
    { containers: [container({ cpu: '1000m', memory: '1024Mi' }, full)] },
    'Guaranteed',
  ],
  ['lower requests', { containers: [container({ cpu: '500m', memory: '1Gi' }, full)] }, 'Burstable'],
  ['a limit of one only', { containers: [container({}, { cpu: '1' })] }, 'Burstable'],
  ['one container without', { containers: [container({}, full), container({}, {})] }, 'Burstable'],
  [
    'an init container without',
    { containers: [container({}, full)], initContainers: [container({}, {})] },
    'Burstable',
  ],
  [
    'the whole pod’s own',
    { containers: [container({}, {})], resources: { requests: full, limits: full } },
    'Guaranteed',
  ],
]

describe('the quality of service of a pod', () => {
  for (const [what, spec, expected] of cases) {
    it(`with ${what} is ${expected}`, () => assert.equal(qosClass(spec), expected))
  }
})
