import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compareVersions } from './api-version.ts'

describe('compareVersions', () => {
  it('prefers what is stable, then what is newer, then what is first by name', () => {
    // The example of Kubernetes' documentation.
    const sorted = 'v10 v2 v1 v11beta2 v10beta3 v3beta1 v12alpha1 v11alpha2 foo1 foo10'.split(' ')
    assert.deepEqual([...sorted].reverse().sort(compareVersions), sorted)
  })
})
