// The query's options, read strictly: a value that makes no sense is the client's mistake, and never silently
// something else. Empty values count as absent, as Go clients send them.
import { StatusError } from '../../../api/errors.ts'
import type { DeleteOptions as DeleteOptionsBody } from '../../../api/kinds/meta-v1/options.ts'
import { type FieldError, forbidden, notSupported, required, tooLong } from '../../../api/schema/field-error.ts'
import type {
  DeleteOptions,
  ListOptions,
  PatchType,
  ReadVersion,
  RequestContext,
  WatchOptions,
} from '../../registry/contract.ts'
import { managerOf } from '../manager.ts'

type Query = URLSearchParams

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
export function writeContext(
  query: Query,
  userAgent: string | undefined,
): Pick<RequestContext, 'dryRun' | 'fieldManager' | 'fieldValidation'> {
  const fieldManager = text(query, 'fieldManager')
  const fieldValidation = oneOf('fieldValidation', text(query, 'fieldValidation'), fieldValidations) ?? 'Warn'
  const dryRun = isDryRun(query.getAll('dryRun').filter(value => value !== ''))
  if (fieldManager !== undefined && Buffer.byteLength(fieldManager) > 128) {
    throw invalid(tooLong('fieldManager', 128))
  }
  return { fieldValidation, fieldManager: managerOf(fieldManager, userAgent), ...(dryRun && { dryRun }) }
}

/** What only patches may say: who applies, and whether by force. @throws StatusError Invalid, BadRequest */
export function patchContext(query: Query, type: PatchType): Pick<RequestContext, 'force' | 'fieldManager'> {
  const invalidPatch = (error: FieldError) =>
    StatusError.invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [error])
  const forced = text(query, 'force') !== undefined
  if (type !== 'application/apply-patch+yaml') {
    if (forced) throw invalidPatch(forbidden('force', 'may not be specified for non-apply patch'))
    return {}
  }
  if (text(query, 'fieldManager') === undefined)
    throw invalidPatch(required('fieldManager', 'is required for apply patch'))
  return { force: boolean(query, 'force') }
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
 * How to delete: as the body says, when there is one, else as the query does.
 * @throws StatusError BadRequest, Invalid
 */
export function deletion(query: Query, body: DeleteOptionsBody | undefined): Deletion {
  const dryRuns = [...(body?.dryRun ?? []), ...query.getAll('dryRun').filter(value => value !== '')]
  const options = body
    ? deleteOptions(body.gracePeriodSeconds, body.propagationPolicy, body.preconditions)
    : deleteOptions(integer(query, 'gracePeriodSeconds'), text(query, 'propagationPolicy'), undefined)
  return { options, dryRun: isDryRun(dryRuns) }
}

function deleteOptions(
  gracePeriodSeconds: number | undefined,
  policy: string | undefined,
  preconditions: DeleteOptionsBody['preconditions'],
): DeleteOptions {
  const propagationPolicy = oneOf('propagationPolicy', policy, propagationPolicies)
  return {
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(propagationPolicy !== undefined && { propagationPolicy }),
    ...(preconditions && { preconditions }),
  }
}

/** How much of each object a Table carries. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

/** @throws StatusError Invalid */
export function includeObject(query: Query): IncludeObject {
  return oneOf('includeObject', text(query, 'includeObject'), ['None', 'Metadata', 'Object'] as const) ?? 'Metadata'
}

/** An integer in decimal, of any sign. @throws StatusError BadRequest */
function integer(query: Query, name: string): number | undefined {
  const value = text(query, name)
  if (value === undefined) return undefined
  const number = Number(value)
  if (!/^[+-]?\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw StatusError.badRequest(`query parameter ${name}: expected an integer, got ${JSON.stringify(value)}`)
  }
  return number
}

/** False when absent. @throws StatusError BadRequest */
function boolean(query: Query, name: string): boolean {
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
