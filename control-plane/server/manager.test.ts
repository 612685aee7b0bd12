import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { managerOf } from './manager.ts'

describe('the name of a writer', () => {
  const cases: [fieldManager: string | undefined, userAgent: string | undefined, name: string][] = [
    ['kubectl-edit', 'kubectl/v1.36.0 (linux/amd64)', 'kubectl-edit'],
    ['', 'kubectl/v1.36.0 (linux/amd64) kubernetes/abc', 'kubectl'],
    [undefined, 'curl', 'curl'],
    [undefined, 'a\u0007b/1', 'ab'],
    [undefined, `${'é'.repeat(100)}/1`, 'é'.repeat(64)],
    [undefined, undefined, 'unknown'],
    [undefined, '/1', 'unknown'],
  ]
  for (const [fieldManager, userAgent, name] of cases) {
    it(`of ${JSON.stringify(fieldManager)} and ${JSON.stringify(userAgent)} is ${name}`, () => {
      assert.equal(managerOf(fieldManager, userAgent), name)
    })
  }
})
