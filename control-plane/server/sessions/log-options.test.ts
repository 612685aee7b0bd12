import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '../../../api/errors.ts'
import type { LogsRequest } from '../../../proto/gen/tessera.ts'
import { checkLogOptions } from './log-options.ts'

function refusal(request: LogsRequest): string | undefined {
  try {
    checkLogOptions({ pod: 'p', ...request })
    return undefined
  } catch (error) {
    assert.ok(error instanceof StatusError)
    assert.equal(error.code, 422)
    return error.message.replace('PodLogOptions "p" is invalid: ', '')
  }
}

test('what makes sense of a log is let through', () => {
  assert.equal(refusal({}), undefined)
  assert.equal(refusal({ tailLines: 0, limitBytes: 1, sinceSeconds: 1 }), undefined)
  assert.equal(refusal({ sinceTime: 0, stream: '' }), undefined)
})

test('what does not is refused in the API’s words, all of it at once', () => {
  assert.equal(refusal({ tailLines: -1 }), 'tailLines: Invalid value: -1: must be greater than or equal to 0')
  assert.equal(refusal({ limitBytes: 0 }), 'limitBytes: Invalid value: 0: must be greater than 0')
  assert.equal(refusal({ sinceSeconds: 0 }), 'sinceSeconds: Invalid value: 0: must be greater than 0')
  assert.equal(refusal({ stream: 'Stdout', tailLines: 1 }), 'stream: Forbidden: may not be specified')
  assert.equal(
    refusal({ sinceSeconds: -5, sinceTime: 3, tailLines: -1 }),
    '[tailLines: Invalid value: -1: must be greater than or equal to 0, ' +
      ': Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified]',
  )
})

test('a cause without a field names none', () => {
  assert.throws(
    () => checkLogOptions({ pod: 'p', sinceSeconds: 1, sinceTime: 3 }),
    (error: StatusError) => {
      const message = 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified'
      assert.deepEqual(error.status.details?.causes, [{ reason: 'FieldValueForbidden', message }])
      return true
    },
  )
})
