import { StatusError } from '../../../api/errors.ts'
import type { Encoded, ReadVersion, RequestContext, Target } from '../contract.ts'
import { cacheKey, keyPrefix } from '../keys.ts'
import { formOf, shown } from './form.ts'
import { awaitCache, getFreshness } from './read-version.ts'
import type { Served } from './served.ts'
import { withStoreErrors } from './store-errors.ts'

/** @throws StatusError 404 when there is no such object */
export async function get(
  served: Served,
  target: Target,
  version: ReadVersion,
  context: RequestContext,
): Promise<Encoded> {
  const { kind, storage, cache, store } = served
  const form = formOf(served, target)
  const key = cacheKey(storage, target)
  if (await awaitCache(served, getFreshness(version), context)) {
    const cached = cache.get(key)
    if (cached === undefined) throw StatusError.notFound(kind, target.name)
    return shown(form, served, cached)
  }
  const { entry } = await withStoreErrors(() => store.get(keyPrefix(storage) + key, context.signal))
  if (entry === undefined) throw StatusError.notFound(kind, target.name)
  return shown(form, served, cache.decode(entry.value, entry.revision))
}
