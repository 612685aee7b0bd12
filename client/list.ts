import type { KubernetesObject, Stored } from '../api/kinds/kind.ts'
import type { Client, ListOptions, Resource } from './client.ts'

const defaultLimit = 500

/**
 * Every object, page by page, as they all stood at one moment.
 * @param options.limit objects a page; default 500
 * @throws StatusError Expired (410) when the caller took so long that the moment is forgotten; list again
 */
export async function* listAll<T extends KubernetesObject>(
  client: Client,
  kind: Resource<T>,
  options: Omit<ListOptions, 'continue'> = {},
): AsyncGenerator<Stored<T>, void, void> {
  const limit = options.limit ?? defaultLimit
  let next: string | undefined
  do {
    const page = await client.list(kind, { ...options, limit, ...(next !== undefined && { continue: next }) })
    yield* page.items
    next = page.continue
  } while (next !== undefined)
}
