import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Taint, Toleration } from './affinity.ts'
import { tolerates } from './tolerations.ts'

describe('tolerates', () => {
  const taint: Taint = { key: 'k', value: 'v', effect: 'NoSchedule' }
  const cases: [string, Toleration, boolean][] = [
    ['the same key and value', { key: 'k', value: 'v' }, true],
    ['the same, with Equal and the effect', { key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }, true],
    ['another value', { key: 'k', value: 'w' }, false],
    ['no value', { key: 'k' }, false],
    ['another key', { key: 'l', value: 'v' }, false],
    ['another effect', { key: 'k', value: 'v', effect: 'NoExecute' }, false],
    ['Exists with the key', { key: 'k', operator: 'Exists' }, true],
    ['Exists with another key', { key: 'l', operator: 'Exists' }, false],
    ['Exists without a key', { operator: 'Exists' }, true],
    ['Exists without a key, another effect', { operator: 'Exists', effect: 'NoExecute' }, false],
    ['the value without a key', { value: 'v' }, false],
    ['Gt of what is no number', { key: 'k', operator: 'Gt', value: '1' }, false],
  ]
  for (const [what, toleration, expected] of cases) {
    it(`${what}: ${expected}`, () => assert.equal(tolerates(toleration, taint), expected))
  }

  it('takes a taint without a value for one with an empty one', () => {
    assert.equal(tolerates({ key: 'k' }, { key: 'k', effect: 'NoExecute' }), true)
    assert.equal(tolerates({ key: 'k', value: '' }, { key: 'k', effect: 'NoExecute' }), true)
  })

  it('compares whole numbers, of any size and sign', () => {
    const level = (value: string): Taint => ({ key: 'k', value, effect: 'NoSchedule' })
    const compared: [Toleration['operator'], string, string, boolean][] = [
      ['Gt', '900', '950', true],
      ['Gt', '950', '950', false],
      ['Lt', '900', '950', false],
      ['Lt', '950', '950', false],
      ['Lt', '1000', '950', true],
      ['Gt', '-2', '-1', true],
      ['Gt', '9007199254740992', '9007199254740993', true],
      ['Lt', '1.5', '1', false],
    ]
    for (const [operator, value, has, expected] of compared) {
      const toleration = { key: 'k', value, ...(operator && { operator }) }
      assert.equal(tolerates(toleration, level(has)), expected, `${has} ${operator} ${value}`)
    }
  })
})
