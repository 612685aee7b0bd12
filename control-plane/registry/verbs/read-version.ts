// How new a read must be: Kubernetes' rules for resourceVersion and resourceVersionMatch.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
import { StatusError } from '../../../api/errors.ts'
import { type FieldError, forbidden, invalid, notSupported } from '../../../api/schema/field-error.ts'
import type { Revision } from '../../store/store.ts'
import type { ReadVersion, RequestContext } from '../contract.ts'
import type { Served } from './served.ts'
import { withStoreErrors } from './store-errors.ts'

export type Freshness =
  | { readonly is: 'newest' }
  | { readonly is: 'any' }
  | { readonly is: 'notOlderThan' | 'exactly'; readonly revision: Revision }

/** @throws StatusError 400 */
function parseRevision(resourceVersion: string): Revision {
  const revision = Number(resourceVersion)
  if (!/^\d+$/.test(resourceVersion) || !Number.isSafeInteger(revision)) {
    throw StatusError.badRequest(`Invalid value: ${JSON.stringify(resourceVersion)}: resourceVersion must be a number`)
  }
  return revision
}

export interface ListVersion extends ReadVersion {
  readonly limit?: number
  readonly continue?: string
}

/** What a list asks for. @throws StatusError when the options contradict each other */
export function listFreshness(options: ListVersion): Freshness {
  const { resourceVersion = '', resourceVersionMatch = '', limit = 0, continue: token = '' } = options
  const errors = matchErrors(resourceVersion, resourceVersionMatch, token)
  if (errors.length > 0) throw invalidOptions(errors)
  if (resourceVersion === '') return { is: 'newest' }
  const revision = parseRevision(resourceVersion)
  if (resourceVersionMatch === 'Exact') return { is: 'exactly', revision }
  if (revision === 0) return { is: 'any' }
  // Before resourceVersionMatch there was only this way to page through one revision.
  return { is: limit > 0 && resourceVersionMatch === '' ? 'exactly' : 'notOlderThan', revision }
}

export function getFreshness({ resourceVersion = '' }: ReadVersion): Freshness {
  if (resourceVersion === '') return { is: 'newest' }
  const revision = parseRevision(resourceVersion)
  return revision === 0 ? { is: 'any' } : { is: 'notOlderThan', revision }
}

function matchErrors(resourceVersion: string, match: string, token: string): FieldError[] {
  if (match === '') return []
  const field = 'resourceVersionMatch'
  if (match !== 'Exact' && match !== 'NotOlderThan') return [notSupported(field, match, ['Exact', 'NotOlderThan', ''])]
  if (token !== '') return [forbidden(field, 'resourceVersionMatch is forbidden when continue is provided')]
  if (resourceVersion === '') {
    return [forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided')]
  }
  if (match === 'Exact' && resourceVersion === '0') {
    return [forbidden(field, 'resourceVersionMatch "Exact" is forbidden for resourceVersion "0"')]
  }
  return []
}

/** What a watch asks for. @throws StatusError when the options contradict each other */
export function watchErrors(options: {
  readonly resourceVersionMatch?: string
  readonly sendInitialEvents?: boolean
  readonly allowBookmarks?: boolean
}): void {
  const { resourceVersionMatch: match = '', sendInitialEvents, allowBookmarks } = options
  const errors: FieldError[] = []
  if (sendInitialEvents === undefined && match !== '') {
    errors.push(
      forbidden(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    )
  }
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(
      forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
    )
  }
  if (sendInitialEvents === true && allowBookmarks !== true) {
    errors.push(
      invalid(
        'allowWatchBookmarks',
        false,
        'sendInitialEvents needs bookmarks: they tell where the initial events end',
      ),
    )
  }
  if (errors.length > 0) throw invalidOptions(errors)
}

const invalidOptions = (errors: readonly FieldError[]): StatusError =>
  StatusError.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)

/**
 * Waits until the cache can answer; false: it can't, and the store has to be asked.
 * @throws StatusError 504 when the revision asked for doesn't come, 503 when the store is away
 */
export async function awaitCache({ feed }: Served, freshness: Freshness, context: RequestContext): Promise<boolean> {
  switch (freshness.is) {
    case 'any':
      return true
    case 'newest':
      return withStoreErrors(() => feed.fresh(context.signal))
    case 'exactly':
    case 'notOlderThan': {
      const { revision } = freshness
      if (await feed.reached(revision, context.signal)) return true
      throw StatusError.timeout(`Too large resource version: ${revision}, current: ${feed.revision}`, 1)
    }
  }
}
