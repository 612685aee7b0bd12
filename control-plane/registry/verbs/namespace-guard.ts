// Nothing is created in a namespace that isn't there or is about to go.
import { StatusError } from '../../../api/errors.ts'
import { namespaces } from '../../../api/kinds/core-v1.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import type { RequestContext } from '../contract.ts'
import { keyPrefix, type Served } from './served.ts'
import { asking } from './store-errors.ts'

/** @throws StatusError 404 or 403 */
export async function admitToNamespace(
  { kind, namespaces: cached, store, feed }: Served,
  { metadata: { namespace = '', name = '' } }: KubernetesObject,
  context: RequestContext,
): Promise<void> {
  if (!kind.namespaced) return
  // This server's own deletion of the namespace is known to all who were told of it.
  await feed.reached(cached.acknowledged, context.signal)
  let found: KubernetesObject | undefined = cached.get(namespace)?.object
  if (found === undefined) {
    // It may just have been made: the store knows.
    const { entry } = await asking(() => store.get(keyPrefix(namespaces) + namespace, context.signal))
    if (entry === undefined) throw StatusError.notFound(namespaces, namespace)
    found = cached.decode(entry.value, entry.revision).object
  }
  if (found.metadata.deletionTimestamp !== undefined) {
    throw StatusError.forbidden(
      kind,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    )
  }
}
