// A failed call as gRPC tells it: a code derived from the HTTP one, and the Status itself in the trailing metadata.
import { Metadata, type ServiceError, status } from '@grpc/grpc-js'
import type { StatusError } from '../../../api/errors.ts'
import type { Status } from '../../../api/kinds/meta-v1/status.ts'
import type { Failure } from '../../../proto/gen/calls.ts'

const statusKey = 'tessera-status-bin'

/** Headers of a stream are limited to 64 KiB in all, base64 included. */
const maxMessage = 4 * 1024
const maxStatusBytes = 24 * 1024

const byHttpCode: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  405: status.UNIMPLEMENTED,
  409: status.ABORTED,
  410: status.OUT_OF_RANGE,
  413: status.RESOURCE_EXHAUSTED,
  415: status.INVALID_ARGUMENT,
  422: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
  500: status.INTERNAL,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
}

export function grpcCode(error: StatusError): status {
  if (error.reason === 'AlreadyExists') return status.ALREADY_EXISTS
  return byHttpCode[error.code] ?? status.UNKNOWN
}

/** As `serviceError`, for an answer on a stream of calls. */
export function carriedFailure(error: StatusError): Failure {
  return {
    code: grpcCode(error),
    message: shortened(error.message),
    metadata: { [statusKey]: Buffer.from(JSON.stringify(bounded(error.status))) },
  }
}

/** What grpc-js sends for an error passed to a callback or emitted on a stream. */
export function serviceError(error: StatusError): Partial<ServiceError> & Error {
  const metadata = new Metadata()
  metadata.set(statusKey, Buffer.from(JSON.stringify(bounded(error.status))))
  return Object.assign(new Error(error.message), {
    code: grpcCode(error),
    details: shortened(error.message),
    metadata,
  })
}

/** The status, without as many of its last causes as make it too long to send. */
export function bounded(full: Status): Status {
  const size = (candidate: Status): number => Buffer.byteLength(JSON.stringify(candidate))
  if (size(full) <= maxStatusBytes) return full
  const { details, ...rest } = full
  const short: Status = { ...rest, ...(full.message !== undefined && { message: shortened(full.message) }) }
  const causes = [...(details?.causes ?? [])]
  const withCauses = (): Status => ({ ...short, ...(details && { details: { ...details, causes } }) })
  while (causes.length > 0 && size(withCauses()) > maxStatusBytes) causes.length = Math.floor(causes.length / 2)
  return withCauses()
}

function shortened(message: string): string {
  return message.length <= maxMessage ? message : `${message.slice(0, maxMessage)}…`
}
