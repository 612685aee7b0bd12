import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Api } from './gen/tessera.ts'

describe('codec', () => {
  it('tells an optional field that is absent from one that is zero', () => {
    const read = (message: Parameters<typeof Api.Delete.requestSerialize>[0]): number | undefined =>
      Api.Delete.requestDeserialize(Api.Delete.requestSerialize(message)).gracePeriodSeconds
    assert.equal(read({ name: 'a' }), undefined)
    assert.equal(read({ name: 'a', gracePeriodSeconds: 0 }), 0)
    assert.equal(read({ name: 'a', gracePeriodSeconds: 2 ** 40 }), 2 ** 40)
  })

  it('sets one member of a oneof only', () => {
    const output = Api.Exec.responseDeserialize(Api.Exec.responseSerialize({ exitCode: 0 }))
    assert.deepEqual([output.exitCode, output.stdout, output.stderr], [0, undefined, undefined])
  })
})
