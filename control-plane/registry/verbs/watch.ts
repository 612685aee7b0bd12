import { StatusError } from '../../../api/errors.ts'
import { added, bookmark } from '../cache/events.ts'
import type { Selection } from '../cache/selection.ts'
import { Watcher } from '../cache/watcher.ts'
import type { RequestContext, WatchEvent, WatchOptions } from '../contract.ts'
import type { ServedVersion } from '../served-version.ts'
import { awaitCache, getFreshness, watchErrors } from './read-version.ts'
import { select } from './select.ts'
import type { Served } from './served.ts'

/** Registers a watch and answers its events in batches. @throws StatusError: 400 wrong options, 410 too old */
export async function watch(
  served: Served,
  options: WatchOptions,
  context: RequestContext,
): Promise<AsyncIterable<readonly WatchEvent[]>> {
  const { kind, cache, feed, clock } = served
  const selection = select(served, options)
  watchErrors(options)
  const { resourceVersion = '', sendInitialEvents, allowBookmarks = false, timeoutSeconds } = options
  const freshness = getFreshness(options)
  if (!(await awaitCache(served, freshness, context))) {
    throw StatusError.timeout(`the cache of ${kind.resource} is behind the store`, 1)
  }
  // From here to subscribe() nothing may wait: what is told first and what is told later must join without a gap.
  const first: WatchEvent[] = []
  if (freshness.is === 'notOlderThan' && sendInitialEvents !== true) {
    const missed = cache.changesAfter(freshness.revision)
    if (missed === undefined) {
      throw StatusError.expired(`too old resource version: ${resourceVersion} (${cache.oldestChange})`)
    }
    for (const change of missed) {
      const event = change.seenBy(selection.selects)
      if (event !== undefined) first.push(event)
    }
  } else if (sendInitialEvents !== false) {
    first.push(...initialEvents(served, selection))
    if (sendInitialEvents === true) first.push(bookmark(kind.kind, kind.apiVersion, feed.revision, true))
  }
  const stop = (): void => {
    cancelTimeout?.()
    context.signal?.removeEventListener('abort', abort)
    cache.unsubscribe(watcher)
  }
  const watcher = new Watcher(selection, allowBookmarks, stop)
  const abort = (): void => watcher.end()
  const cancelTimeout =
    timeoutSeconds === undefined
      ? undefined
      : clock.after(timeoutSeconds * 1000, () => {
          if (allowBookmarks) watcher.push(bookmark(kind.kind, kind.apiVersion, feed.revision))
          watcher.end()
        })
  cache.subscribe(watcher)
  context.signal?.addEventListener('abort', abort, { once: true })
  if (context.signal?.aborted) watcher.end()
  return inVersion(served, watcher.batches(first))
}

/** The events, in the version that was asked for. */
function inVersion(
  { kind, storage, version }: Served,
  batches: AsyncIterable<readonly WatchEvent[]>,
): AsyncIterable<readonly WatchEvent[]> {
  return kind === storage ? batches : presented(version, batches)
}

async function* presented(
  version: ServedVersion,
  batches: AsyncIterable<readonly WatchEvent[]>,
): AsyncGenerator<readonly WatchEvent[]> {
  for await (const batch of batches) yield batch.map(version.presentEvent)
}

function initialEvents({ cache }: Served, selection: Selection): WatchEvent[] {
  const present = cache.candidates(selection)
  return (selection.everything ? present : present.filter(entry => selection.selects(entry.object))).map(added)
}
