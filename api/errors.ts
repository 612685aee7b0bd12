// The closed set of ways a request can fail, and the error that carries one of them as a meta/v1
// Status. Thrown anywhere; turned into an answer once, at the server's edge.
import type { Status, StatusCause, StatusDetails } from './kinds/meta-v1/status.ts'
import type { FieldError } from './schema/field-error.ts'

/** HTTP code of each reason. */
const codes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServerTimeout: 500,
  StoreReadError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const

export type StatusReason = keyof typeof codes

/** A resource as messages name it: `pods`, or `leases.coordination.k8s.io`. */
export interface ResourceName {
  /** Empty for the core group. */
  readonly group: string
  readonly resource: string
}

/** A kind as messages name it: `Pod`, or `Lease.coordination.k8s.io`. */
export interface KindName {
  readonly group: string
  readonly kind: string
}

const resourceText = ({ group, resource }: ResourceName) => (group === '' ? resource : `${resource}.${group}`)
const kindText = ({ group, kind }: KindName) => (group === '' ? kind : `${kind}.${group}`)

const isReason = (reason: string): reason is StatusReason => Object.hasOwn(codes, reason)

/** A request failed; `status` says so in the form every Kubernetes client reads. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly status: Status
  readonly reason: StatusReason

  private constructor(reason: StatusReason, message: string, details?: StatusDetails, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details !== undefined && { details }),
      code: codes[reason],
    }
  }

  /** The HTTP code. */
  get code(): number {
    return this.status.code ?? codes[this.reason]
  }

  /** The error a Status that came over the wire stands for; one without a known reason gets it from its code. */
  static from(status: Status): StatusError {
    const reason = status.reason ?? ''
    const known = isReason(reason) ? reason : reasonOf(status.code ?? 500)
    const error = new StatusError(known, status.message ?? reason, status.details)
    Object.assign(error.status, status)
    if (status.reason === undefined) delete error.status.reason
    return error
  }

  /** Any thrown value as a StatusError: itself, or an InternalError around it. */
  static of(error: unknown): StatusError {
    if (error instanceof StatusError) return error
    return StatusError.internalError(error instanceof Error ? error.message : String(error), error)
  }

  static notFound(resource: ResourceName, name: string): StatusError {
    return new StatusError('NotFound', `${resourceText(resource)} "${name}" not found`, about(resource, name))
  }

  /** The server knows no such path or resource. */
  static noSuchResource(): StatusError {
    return new StatusError('NotFound', 'the server could not find the requested resource', {})
  }

  static alreadyExists(resource: ResourceName, name: string): StatusError {
    return new StatusError('AlreadyExists', `${resourceText(resource)} "${name}" already exists`, about(resource, name))
  }

  /** Somebody else wrote in between; `why` says what to do. */
  static conflict(resource: ResourceName, name: string, why: string): StatusError {
    const message = `Operation cannot be fulfilled on ${resourceText(resource)} "${name}": ${why}`
    return new StatusError('Conflict', message, about(resource, name))
  }

  /** A resourceVersion was given that is no longer the newest. */
  static modified(resource: ResourceName, name: string): StatusError {
    const why = 'the object has been modified; please apply your changes to the latest version and try again'
    return StatusError.conflict(resource, name, why)
  }

  /** The object breaks rules; each error names a field. */
  static invalid(kind: KindName, name: string, errors: readonly FieldError[]): StatusError {
    // The same error may be found by two rules; say it once.
    const distinct = new Map(errors.map(error => [`${error.field}: ${error.message}`, error]))
    const lines = [...distinct.keys()]
    const all = lines.length === 1 ? lines.join() : `[${lines.join(', ')}]`
    const causes = [...distinct.values()].map(
      ({ reason, message, field }): StatusCause => ({ reason, message, ...(field !== '' && { field }) }),
    )
    return new StatusError('Invalid', `${kindText(kind)} "${name}" is invalid: ${all}`, {
      ...(name !== '' && { name }),
      ...(kind.group !== '' && { group: kind.group }),
      kind: kind.kind,
      causes,
    })
  }

  /** What a request asks for can't be done to this object. */
  static rejected(): StatusError {
    return new StatusError('Invalid', 'the server rejected our request due to an error in our request', {})
  }

  /** A failure that Kubernetes gives neither reason nor details, only code 500 and these words. */
  static unspecified(message: string): StatusError {
    return StatusError.from({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 })
  }

  static badRequest(message: string): StatusError {
    return new StatusError('BadRequest', message)
  }

  static unauthorized(message = 'Unauthorized'): StatusError {
    return new StatusError('Unauthorized', message)
  }

  static forbidden(resource: ResourceName, name: string, why: string): StatusError {
    const what = name === '' ? resourceText(resource) : `${resourceText(resource)} "${name}"`
    return new StatusError('Forbidden', `${what} is forbidden: ${why}`, about(resource, name))
  }

  /** A resourceVersion or continue token is older than the history kept: list again. */
  static expired(message = 'The resourceVersion for the provided watch is too old.'): StatusError {
    return new StatusError('Expired', message)
  }

  static gone(message: string): StatusError {
    return new StatusError('Gone', message)
  }

  /** Of a path that is served, but not by this method. */
  static noSuchMethod(): StatusError {
    return new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
  }

  static methodNotAllowed(resource: ResourceName, verb: string): StatusError {
    const message = `${verb} is not supported on resources of kind "${resourceText(resource)}"`
    return new StatusError('MethodNotAllowed', message, about(resource, ''))
  }

  static notAcceptable(accepted: readonly string[]): StatusError {
    const message = `only the following media types are accepted: ${accepted.join(', ')}`
    return new StatusError('NotAcceptable', message)
  }

  static unsupportedMediaType(accepted: readonly string[]): StatusError {
    const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
    return new StatusError('UnsupportedMediaType', message)
  }

  /** The server gave up before it was done: nothing is known of the outcome. */
  static timeout(message: string, retryAfterSeconds = 0): StatusError {
    return new StatusError('Timeout', `Timeout: ${message}`, { retryAfterSeconds })
  }

  /** The server could not do it now; nothing was changed. */
  static serverTimeout(resource: ResourceName, verb: string, retryAfterSeconds = 1): StatusError {
    const message = `The ${verb} operation against ${resourceText(resource)} could not be completed at this time, please try again.`
    return new StatusError('ServerTimeout', message, { ...about(resource, ''), retryAfterSeconds })
  }

  static tooManyRequests(message: string, retryAfterSeconds = 1): StatusError {
    return new StatusError('TooManyRequests', message, { retryAfterSeconds })
  }

  static requestEntityTooLarge(message: string): StatusError {
    return new StatusError('RequestEntityTooLarge', `Request entity too large: ${message}`)
  }

  static internalError(message: string, cause?: unknown): StatusError {
    return new StatusError('InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] }, cause)
  }

  static serviceUnavailable(message: string, cause?: unknown): StatusError {
    return new StatusError('ServiceUnavailable', message, undefined, cause)
  }
}

/** True for a StatusError of that reason. */
export function isStatus(error: unknown, reason: StatusReason): error is StatusError {
  return error instanceof StatusError && error.reason === reason
}

/** The details Kubernetes gives: `kind` there is the resource's name. */
function about({ group, resource }: ResourceName, name: string): StatusDetails {
  return { ...(name !== '' && { name }), ...(group !== '' && { group }), kind: resource }
}

function reasonOf(code: number): StatusReason {
  for (const reason of Object.keys(codes)) if (isReason(reason) && codes[reason] === code) return reason
  return code < 500 ? 'BadRequest' : 'InternalError'
}
