import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStatus, StatusError } from './errors.ts'
import { status } from './kinds/meta-v1/status.ts'
import { decode } from './schema/decode.ts'
import { duplicate, forbidden, invalid, notSupported, required, tooLong } from './schema/field-error.ts'

const pods = { group: '', resource: 'pods' }
const leases = { group: 'coordination.k8s.io', resource: 'leases' }

describe('StatusError', () => {
  it('says what Kubernetes says', () => {
    const cases: [error: StatusError, code: number, message: string][] = [
      [StatusError.notFound(pods, 'a'), 404, 'pods "a" not found'],
      [StatusError.notFound(leases, 'a'), 404, 'leases.coordination.k8s.io "a" not found'],
      [StatusError.alreadyExists(pods, 'a'), 409, 'pods "a" already exists'],
      [
        StatusError.modified(pods, 'a'),
        409,
        'Operation cannot be fulfilled on pods "a": the object has been modified; please apply your changes to the latest version and try again',
      ],
      [StatusError.forbidden(pods, 'a', 'no'), 403, 'pods "a" is forbidden: no'],
      [StatusError.forbidden(pods, '', 'no'), 403, 'pods is forbidden: no'],
      [StatusError.badRequest('what'), 400, 'what'],
      [StatusError.expired(), 410, 'The resourceVersion for the provided watch is too old.'],
      [StatusError.methodNotAllowed(pods, 'watch'), 405, 'watch is not supported on resources of kind "pods"'],
      [StatusError.timeout('slow'), 504, 'Timeout: slow'],
      [StatusError.internalError('broken'), 500, 'Internal error occurred: broken'],
      [StatusError.requestEntityTooLarge('limit is 3'), 413, 'Request entity too large: limit is 3'],
      [StatusError.noSuchResource(), 404, 'the server could not find the requested resource'],
    ]
    for (const [error, code, message] of cases) {
      assert.equal(error.code, code, message)
      assert.equal(error.message, message)
      assert.deepEqual([error.status.kind, error.status.status, error.status.message], ['Status', 'Failure', message])
    }
  })

  it('lists what is not valid, each once, with its cause', () => {
    const one = StatusError.invalid({ group: '', kind: 'Pod' }, 'x', [required('spec.containers[0].image')])
    assert.equal(one.message, 'Pod "x" is invalid: spec.containers[0].image: Required value')
    assert.deepEqual(one.status.details, {
      name: 'x',
      kind: 'Pod',
      causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers[0].image' }],
    })
    const many = StatusError.invalid({ group: 'coordination.k8s.io', kind: 'Lease' }, 'x', [
      invalid('a', 5, 'must be odd'),
      invalid('a', 5, 'must be odd'),
      notSupported('b', 'x', ['z', 'y']),
      forbidden('c', 'not now'),
      duplicate('d', 'e'),
      tooLong('f', 3),
    ])
    assert.equal(
      many.message,
      'Lease.coordination.k8s.io "x" is invalid: [a: Invalid value: 5: must be odd, b: Unsupported value: "x": supported values: "y", "z", c: Forbidden: not now, d: Duplicate value: "e", f: Too long: may not be more than 3 bytes]',
    )
    assert.equal(many.status.details?.causes?.length, 5)
  })

  it('comes back from the Status it was sent as', () => {
    const sent = StatusError.notFound(pods, 'a')
    const wire: unknown = JSON.parse(JSON.stringify(sent.status))
    const received = StatusError.from(decode(status, wire).object)
    assert.deepEqual(received.status, sent.status)
    assert.ok(isStatus(received, 'NotFound'))
    assert.ok(!isStatus(received, 'Conflict'))
    const foreign = { kind: 'Status', apiVersion: 'v1', metadata: {}, code: 404, message: 'gone fishing' } as const
    assert.equal(StatusError.from(foreign).reason, 'NotFound')
    assert.equal(StatusError.from({ ...foreign, code: 503 }).reason, 'ServiceUnavailable')
    assert.equal(StatusError.from({ ...foreign, code: 418 }).reason, 'BadRequest')
  })

  it('wraps what is none', () => {
    const cause = new TypeError('oops')
    const error = StatusError.of(cause)
    assert.deepEqual(
      [error.reason, error.message, error.cause],
      ['InternalError', 'Internal error occurred: oops', cause],
    )
    assert.equal(StatusError.of(error), error)
  })
})
