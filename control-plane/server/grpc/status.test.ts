import assert from 'node:assert/strict'
import { test } from 'node:test'
import { status } from '@grpc/grpc-js'
import { StatusError } from '../../../api/errors.ts'
import type { Status } from '../../../api/kinds/meta-v1/status.ts'
import { required } from '../../../api/schema/field-error.ts'
import { bounded, grpcCode, serviceError } from './status.ts'

const pods = { group: '', resource: 'pods' }

test('derives the gRPC code from the reason', () => {
  assert.equal(grpcCode(StatusError.notFound(pods, 'a')), status.NOT_FOUND)
  assert.equal(grpcCode(StatusError.alreadyExists(pods, 'a')), status.ALREADY_EXISTS)
  assert.equal(grpcCode(StatusError.modified(pods, 'a')), status.ABORTED)
  assert.equal(grpcCode(StatusError.expired()), status.OUT_OF_RANGE)
  assert.equal(grpcCode(StatusError.serviceUnavailable('x')), status.UNAVAILABLE)
})

test('carries the Status as it is', () => {
  const error = StatusError.modified(pods, 'a')
  const [carried] = serviceError(error).metadata?.get('tessera-status-bin') ?? []
  assert.deepEqual(JSON.parse(String(carried)), error.status)
})

test('sends as many causes of a long Status as headers can hold', () => {
  const errors = Array.from({ length: 5_000 }, (_, index) => required(`spec.containers[${index}].image`))
  const { status: full } = StatusError.invalid({ group: '', kind: 'Pod' }, 'a', errors)
  const short: Status = bounded(full)
  assert.ok(JSON.stringify(short).length < 32 * 1024)
  assert.deepEqual([short.reason, short.code, short.details?.name], ['Invalid', 422, 'a'])
  assert.deepEqual(short.details?.causes?.[0], full.details?.causes?.[0])
  assert.deepEqual(bounded(short), short)
})
