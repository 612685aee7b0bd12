import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { attributesOf } from './attributes.ts'

const core = { group: '', version: 'v1' }

describe('attributes of a request', () => {
  it('put a namespace into itself', () => {
    const { namespace, name } = attributesOf('get', { ...core, resource: 'namespaces', name: 'a' })
    assert.deepEqual([namespace, name], ['a', 'a'])
    const list = attributesOf('list', { ...core, resource: 'namespaces' })
    assert.deepEqual([list.namespace, list.name], ['', ''])
  })

  it('name what a list or a watch is narrowed to', () => {
    const narrowed = { ...core, resource: 'secrets', namespace: 'n', fieldSelector: 'metadata.name=a' }
    assert.equal(attributesOf('watch', narrowed).name, 'a')
    assert.equal(attributesOf('deletecollection', narrowed).name, '')
  })
})
