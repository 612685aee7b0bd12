import { isStatus } from '../../../api/errors.ts'
import type { DeleteOptions, ListOptions, ObjectList, RequestContext } from '../contract.ts'
import { remove } from './delete.ts'
import { list } from './list.ts'
import type { Served } from './served.ts'

/** So many deletions are under way at once; the store makes one commit of those that arrive together. */
const parallel = 64

/** Deletes what the list selects, each object by its own rules; one that is gone meanwhile is no error. */
export async function deleteCollection(
  served: Served,
  options: ListOptions,
  deletion: DeleteOptions,
  context: RequestContext,
): Promise<ObjectList> {
  const selected = await list(served, options, context)
  const waiting = [...selected.items]
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      const { namespace = '', name } = item.object.metadata
      try {
        await remove(served, { namespace, name }, deletion, context)
      } catch (error) {
        if (!isStatus(error, 'NotFound')) throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, waiting.length) }, work))
  return selected
}
