import { StatusError } from '../../../api/errors.ts'
import type { Revision } from '../../store/store.ts'
import { CompactedError } from '../../store/store.ts'
import { withoutKind } from '../cache/codec.ts'
import type { Selection } from '../cache/selection.ts'
import type { CacheEntry } from '../cache/sorted-entries.ts'
import type { Encoded, ListOptions, ObjectList, RequestContext } from '../contract.ts'
import { keyPrefix } from '../keys.ts'
import { type Continuation, readToken, writeToken } from './continue-token.ts'
import { awaitCache, listFreshness } from './read-version.ts'
import { select } from './select.ts'
import type { Served } from './served.ts'
import { storeError } from './store-errors.ts'

/** A page of a list, or all of it. @throws StatusError: 400 wrong options, 410 a continue token or revision too old */
export async function list(served: Served, options: ListOptions, context: RequestContext): Promise<ObjectList> {
  const { cache, feed } = served
  const selection = select(served, options)
  const freshness = listFreshness(options)
  const { continue: token = '', limit = 0 } = options
  if (limit < 0) throw StatusError.badRequest(`limit must not be negative: ${limit}`)
  if (token !== '') {
    if (options.resourceVersion !== undefined && options.resourceVersion !== '' && options.resourceVersion !== '0') {
      throw StatusError.badRequest('specifying resource version is not allowed when using continue')
    }
    const { revision, from } = readToken(token)
    await awaitCache(served, { is: 'notOlderThan', revision }, context)
    return pageAt(served, selection, revision, from, limit, context)
  }
  const cached = await awaitCache(served, freshness, context)
  if (freshness.is === 'exactly') return pageAt(served, selection, freshness.revision, '', limit, context)
  if (!cached) return storedPage(served, selection, undefined, '', limit, context)
  return answer(served, page(cache.candidates(selection), selection, limit), selection, feed.revision, limit)
}

/** From the cache when the resource has not changed since, else from the store's history. */
function pageAt(
  served: Served,
  selection: Selection,
  revision: Revision,
  from: string,
  limit: number,
  context: RequestContext,
): ObjectList | Promise<ObjectList> {
  const { cache } = served
  if (cache.changed > revision) return storedPage(served, selection, revision, from, limit, context)
  return answer(served, page(cache.candidates(selection, from), selection, limit), selection, revision, limit)
}

interface Page {
  readonly items: readonly (Encoded & { readonly key: string })[]
  /** The key just above the last item; undefined: nothing follows. */
  readonly next: string | undefined
}

function page(candidates: readonly CacheEntry[], selection: Selection, limit: number): Page {
  if (limit === 0) {
    const items = selection.everything ? candidates : candidates.filter(entry => selection.selects(entry.object))
    return { items, next: undefined }
  }
  const items: CacheEntry[] = []
  for (const entry of candidates) {
    if (!selection.everything && !selection.selects(entry.object)) continue
    // One more matches, so there is a next page.
    if (items.length === limit) return { items, next: `${items.at(-1)?.key ?? ''}\0` }
    items.push(entry)
  }
  return { items, next: undefined }
}

const storePageSize = 500

async function storedPage(
  served: Served,
  selection: Selection,
  at: Revision | undefined,
  from: string,
  limit: number,
  context: RequestContext,
): Promise<ObjectList> {
  const { storage, store, cache } = served
  const root = keyPrefix(storage)
  const prefix = selection.namespace === '' ? root : `${root}${selection.namespace}/`
  const entries: CacheEntry[] = []
  let revision = at
  let next: string | undefined = root + from
  try {
    while (next !== undefined && (limit === 0 || entries.length <= limit)) {
      const found = await store.list(prefix, {
        from: next,
        limit: storePageSize,
        ...(revision !== undefined && { at: revision }),
        ...(context.signal && { signal: context.signal }),
      })
      revision = found.revision
      for (const { key, value, revision } of found.entries) {
        const entry = { key: key.slice(root.length), revision, ...cache.decode(value, revision) }
        if (selection.selects(entry.object)) entries.push(entry)
      }
      const last = found.entries.at(-1)
      next = found.more && last !== undefined ? `${last.key}\0` : undefined
    }
  } catch (error) {
    if (error instanceof CompactedError) throw continueExpired()
    throw storeError(error)
  }
  return answer(served, page(entries, { ...selection, everything: true }, limit), selection, revision ?? 0, limit)
}

const continueExpired = (): StatusError =>
  StatusError.expired(
    'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
  )

function answer(served: Served, found: Page, selection: Selection, revision: Revision, limit: number): ObjectList {
  const { kind, cache, version } = served
  const rest: Continuation | undefined = found.next === undefined ? undefined : { revision, from: found.next }
  // With selectors nobody knows without looking; without them the present count is the estimate Kubernetes promises.
  const remaining = rest && selection.everything ? cache.count(selection.namespace, rest.from) : 0
  const metadata = {
    resourceVersion: String(revision),
    ...(rest && { continue: writeToken(rest) }),
    ...(limit > 0 && remaining > 0 && { remainingItemCount: remaining }),
  }
  const items = kind === served.storage ? found.items : found.items.map(version.present)
  return {
    kind: kind.listKind,
    apiVersion: kind.apiVersion,
    metadata,
    items,
    json: () => listJson({ kind: kind.listKind, apiVersion: kind.apiVersion, metadata }, items),
  }
}

const comma = Buffer.from(',')
const brace = Buffer.from('{')

/** Items don't say of what kind they are: the list does. */
function listJson(head: object, items: readonly Encoded[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`)]
  for (const [index, item] of items.entries()) {
    if (index > 0) parts.push(comma)
    parts.push(brace, withoutKind(item))
  }
  parts.push(Buffer.from(']}'))
  return Buffer.concat(parts)
}
