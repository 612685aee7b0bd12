import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pods } from './core-v1/pod.ts'
import { kinds } from './index.ts'

describe('kinds', () => {
  it('have names that no other has', () => {
    const names = kinds.flatMap(({ resource, singular, shortNames }) => [resource, singular, ...shortNames])
    assert.equal(new Set(names).size, names.length)
  })

  it('know the schema of their lists', () => {
    for (const { apiVersion, kind, listKind, listSchema, schema } of kinds) {
      assert.equal(listSchema.name, `${schema.name}List`)
      assert.equal(listSchema.byName.get('kind')?.rules.constant, listKind)
      assert.equal(schema.byName.get('kind')?.rules.constant, kind)
      assert.equal(schema.byName.get('apiVersion')?.rules.constant, apiVersion)
    }
  })

  it('can be selected by the fields clients use', () => {
    const metadata = { name: 'a', namespace: 'n' }
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers: [], nodeName: 'n1' },
      status: {},
    } as const
    const fields = pods.selectableFields({ ...pod, spec: { ...pod.spec, containers: [] } })
    assert.equal(fields['spec.nodeName'], 'n1')
    assert.equal(fields['status.phase'], '')
    assert.equal(fields['spec.hostNetwork'], 'false')
  })
})
