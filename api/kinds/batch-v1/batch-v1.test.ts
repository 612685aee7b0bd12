import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { made, wrongWith, wrongWithUpdate } from '../fixture.ts'
import { validateIndexes } from './indexes.ts'
import { jobs } from './job.ts'

const metadata = { name: 'a', namespace: 'n', uid: 'u' }
const template = { spec: { containers: [{ name: 'c', image: 'i:1' }], restartPolicy: 'Never' } }

/** A new job, as it is when it is validated. */
function job(spec: object = {}) {
  const created = made(jobs, { metadata, spec: { template, ...spec } })
  jobs.prepareForCreate(created)
  return created
}

const indexed = { completionMode: 'Indexed', completions: 3 }
const exitCodes = (onExitCodes: object) => ({
  podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1], ...onExitCodes } }] },
})

describe('a job', () => {
  it('gets a selector of its own, and its pods the labels', () => {
    const { selector, template: made } = job().spec
    assert.deepEqual(selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } })
    assert.equal(made.metadata.labels?.['job-name'], 'a')
  })

  it('keeps the selector that its author manages', () => {
    const selector = { matchLabels: { x: 'y' } }
    const labelled = { ...template, metadata: { labels: { x: 'y' } } }
    const manual = job({ manualSelector: true, selector, template: labelled })
    assert.deepEqual(manual.spec.selector, selector)
    assert.deepEqual(wrongWith(jobs, manual), [])
  })

  const rule = 'spec.podFailurePolicy.rules[0]'
  for (const [what, spec, wrong] of [
    ['nothing of it is wrong', {}, []],
    [
      'pods that are started again for ever',
      { template: { spec: { ...template.spec, restartPolicy: 'Always' } } },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'an order of exit codes',
      exitCodes({ values: [42, 1] }),
      [`${rule}.onExitCodes.values: Invalid value: [42,1]: must be ordered`],
    ],
    [
      'a container that is not there',
      exitCodes({ containerName: 'z' }),
      [
        `${rule}.onExitCodes.containerName: Invalid value: "z": must be one of the container or initContainer names in the pod template`,
      ],
    ],
    [
      'a mode that does not exist',
      { completionMode: 'Odd' },
      ['spec.completionMode: Unsupported value: "Odd": supported values: "NonIndexed", "Indexed"'],
    ],
    [
      'an index that is too large',
      { ...indexed, successPolicy: { rules: [{ succeededIndexes: '1-3' }] } },
      [
        'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "1-3": error parsing succeededIndexes: too large index: "3"',
      ],
    ],
    [
      'a controller without a domain',
      { managedBy: 'me' },
      ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
  ] as const) {
    it(what, () => assert.deepEqual(wrongWith(jobs, job(spec)), wrong))
  }

  it('grows while it is indexed and all of it may run', () => {
    const old = job(indexed)
    const grown = { ...old, spec: { ...old.spec, completions: 5, parallelism: 5 } }
    const uneven = { ...old, spec: { ...old.spec, completions: 5 } }
    assert.deepEqual(wrongWithUpdate(jobs, grown, old), [])
    assert.deepEqual(wrongWithUpdate(jobs, uneven, old), ['spec.completions: Invalid value: 5: field is immutable'])
  })
})

describe('indexes', () => {
  it('are counted', () => {
    assert.deepEqual(validateIndexes('0,2-4', 5), { total: 4 })
    assert.equal(validateIndexes('3,1', 5).error, 'non-increasing order, previous: 3, current: 1')
    assert.equal(validateIndexes('a', 5).error, 'cannot convert string to integer for index: "a"')
  })
})
