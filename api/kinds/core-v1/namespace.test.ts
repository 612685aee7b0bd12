import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Namespace, namespaces } from './namespace.ts'

const make = (more: Partial<Namespace> = {}): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'a' },
  spec: {},
  status: {},
  ...more,
})

describe('a namespace', () => {
  it('begins Active and held by its content, whatever its maker says', () => {
    const namespace = make({ status: { phase: 'Terminating' }, spec: { finalizers: ['example.com/own'] } })
    namespaces.prepareForCreate(namespace)
    assert.deepEqual(namespace.status, { phase: 'Active' })
    assert.deepEqual(namespace.spec.finalizers, ['example.com/own', 'kubernetes'])
  })

  it('has finalizers with a name of their own', () => {
    const errors = namespaces.validate(make({ spec: { finalizers: ['kubernetes', 'own'] } }))
    assert.deepEqual(
      errors.map(({ field }) => field),
      ['spec.finalizers'],
    )
  })
})
