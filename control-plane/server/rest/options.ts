// The query's options, read strictly: a value that makes no sense is the client's mistake, and never silently
// something else. Empty values count as absent, as Go clients send them.
import { StatusError } from '../../../api/errors.ts'
import { type FieldError, notSupported, tooLong } from '../../../api/schema/field-error.ts'
import type { DeleteOptions, ListOptions, ReadVersion, RequestContext, WatchOptions } from '../../registry/contract.ts'

type Query = URLSearchParams

export type FieldValidation = NonNullable<RequestContext['fieldValidation']>

const text = (query: Query, name: string): string | undefined => query.get(name) || undefined

/** What both lists and watches select. */
function selection(query: Query, namespace: string) {
  const labelSelector = text(query, 'labelSelector')
  const fieldSelector = text(query, 'fieldSelector')
  return {
    namespace,
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
    ...readVersion(query),
  }
}

/** @throws StatusError BadRequest */
export function readVersion(query: Query): ReadVersion {
  const resourceVersion = text(query, 'resourceVersion')
  const resourceVersionMatch = text(query, 'resourceVersionMatch')
  return {
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(resourceVersionMatch !== undefined && { resourceVersionMatch }),
  }
}

/** @throws StatusError BadRequest */
export function listOptions(query: Query, namespace: string): ListOptions {
  const limit = integer(query, 'limit')
  const token = text(query, 'continue')
  return {
    ...selection(query, namespace),
    ...(limit !== undefined && limit > 0 && { limit }),
    ...(token !== undefined && { continue: token }),
  }
}

/** @throws StatusError BadRequest */
export function watchOptions(query: Query, namespace: string): WatchOptions {
  const timeoutSeconds = integer(query, 'timeoutSeconds')
  return {
    ...selection(query, namespace),
    ...(boolean(query, 'allowWatchBookmarks') && { allowBookmarks: true }),
    ...(boolean(query, 'sendInitialEvents') && { sendInitialEvents: true }),
    ...(timeoutSeconds !== undefined && timeoutSeconds > 0 && { timeoutSeconds }),
  }
}

/** @throws StatusError BadRequest */
export const wantsWatch = (query: Query): boolean => boolean(query, 'watch')

/**
 * `fieldValidation` is Warn unless said otherwise: a client that knows more fields than this server still works, and
 * learns what was dropped.
 * @throws StatusError BadRequest, Invalid
 */
export function writeContext(query: Query): Pick<RequestContext, 'dryRun' | 'fieldManager' | 'fieldValidation'> {
  const fieldManager = text(query, 'fieldManager')
  const fieldValidation = oneOf('fieldValidation', text(query, 'fieldValidation'), fieldValidations) ?? 'Warn'
  const dryRun = isDryRun(query.getAll('dryRun').filter(value => value !== ''))
  if (fieldManager !== undefined && Buffer.byteLength(fieldManager) > 128) {
    throw invalid(tooLong('fieldManager', 128))
  }
  return { fieldValidation, ...(dryRun && { dryRun }), ...(fieldManager !== undefined && { fieldManager }) }
}

const fieldValidations = ['Ignore', 'Strict', 'Warn'] as const
const propagationPolicies = ['Background', 'Foreground', 'Orphan'] as const

/** @throws StatusError Invalid */
function isDryRun(values: readonly string[]): boolean {
  for (const value of values) oneOf('dryRun', value, ['All'])
  return values.length > 0
}

export interface Deletion {
  readonly options: DeleteOptions
  readonly dryRun: boolean
}

/**
 * DeleteOptions of a body, when there is one, else of the query.
 * @throws StatusError BadRequest, Invalid
 */
export function deletion(query: Query, body: Readonly<Record<string, unknown>> | undefined): Deletion {
  return body === undefined ? deletionOfQuery(query) : deletionOfBody(body, query)
}

function deletionOfQuery(query: Query): Deletion {
  const gracePeriodSeconds = integer(query, 'gracePeriodSeconds')
  return {
    options: deleteOptions(gracePeriodSeconds, text(query, 'propagationPolicy'), undefined, undefined),
    dryRun: isDryRun(query.getAll('dryRun').filter(value => value !== '')),
  }
}

function deletionOfBody(body: Readonly<Record<string, unknown>>, query: Query): Deletion {
  const { kind, gracePeriodSeconds, preconditions, propagationPolicy, dryRun } = body
  if (kind !== undefined && kind !== '' && kind !== 'DeleteOptions') {
    throw StatusError.badRequest(`the body of a deletion must be of kind DeleteOptions, not ${JSON.stringify(kind)}`)
  }
  if (gracePeriodSeconds !== undefined && gracePeriodSeconds !== null && !Number.isInteger(gracePeriodSeconds)) {
    throw StatusError.badRequest(`gracePeriodSeconds: expected an integer, got ${JSON.stringify(gracePeriodSeconds)}`)
  }
  const expected = isRecord(preconditions) ? preconditions : {}
  const inBody = Array.isArray(dryRun) ? dryRun.map(String) : []
  return {
    options: deleteOptions(
      typeof gracePeriodSeconds === 'number' ? gracePeriodSeconds : undefined,
      optionalText('propagationPolicy', propagationPolicy),
      optionalText('preconditions.uid', expected['uid']),
      optionalText('preconditions.resourceVersion', expected['resourceVersion']),
    ),
    dryRun: isDryRun([...inBody, ...query.getAll('dryRun').filter(value => value !== '')]),
  }
}

function deleteOptions(
  gracePeriodSeconds: number | undefined,
  policy: string | undefined,
  uid: string | undefined,
  resourceVersion: string | undefined,
): DeleteOptions {
  const propagationPolicy = oneOf('propagationPolicy', policy, propagationPolicies)
  return {
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(propagationPolicy !== undefined && { propagationPolicy }),
    ...((uid !== undefined || resourceVersion !== undefined) && {
      preconditions: { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) },
    }),
  }
}

/** How much of each object a Table carries. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

/** @throws StatusError Invalid */
export function includeObject(query: Query): IncludeObject {
  return oneOf('includeObject', text(query, 'includeObject'), ['None', 'Metadata', 'Object'] as const) ?? 'Metadata'
}

/** An integer in decimal, of any sign. @throws StatusError BadRequest */
export function integer(query: Query, name: string): number | undefined {
  const value = text(query, name)
  if (value === undefined) return undefined
  const number = Number(value)
  if (!/^[+-]?\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw StatusError.badRequest(`query parameter ${name}: expected an integer, got ${JSON.stringify(value)}`)
  }
  return number
}

/** False when absent. @throws StatusError BadRequest */
export function boolean(query: Query, name: string): boolean {
  const value = text(query, name)
  if (value === undefined) return false
  if (['true', 'True', '1'].includes(value)) return true
  if (['false', 'False', '0'].includes(value)) return false
  throw StatusError.badRequest(`query parameter ${name}: expected true or false, got ${JSON.stringify(value)}`)
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined) return undefined
  const found = allowed.find(candidate => candidate === value)
  if (found === undefined) throw invalid(notSupported(name, value, allowed))
  return found
}

const invalid = (error: FieldError): StatusError =>
  StatusError.invalid({ group: 'meta.k8s.io', kind: 'Options' }, '', [error])

function optionalText(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string')
    throw StatusError.badRequest(`${name}: expected a string, got ${JSON.stringify(value)}`)
  return value
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
