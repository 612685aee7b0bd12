import { StatusError } from '../../../api/errors.ts'
import type { Encoded, ReadVersion, RequestContext, Target } from '../contract.ts'
import { awaitCache, getFreshness } from './read-version.ts'
import { cacheKey, keyPrefix, type Served } from './served.ts'
import { asking } from './store-errors.ts'

/** @throws StatusError 404 when there is no such object */
export async function get(
  served: Served,
  target: Target,
  version: ReadVersion,
  context: RequestContext,
): Promise<Encoded> {
  const { kind, cache, store } = served
  const key = cacheKey(kind, target)
  if (await awaitCache(served, getFreshness(version), context)) {
    const cached = cache.get(key)
    if (cached === undefined) throw StatusError.notFound(kind, target.name)
    return cached
  }
  const { entry } = await asking(() => store.get(keyPrefix(kind) + key, context.signal))
  if (entry === undefined) throw StatusError.notFound(kind, target.name)
  return cache.decode(entry.value, entry.revision)
}
