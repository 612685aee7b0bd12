// Admission: what may be written by whom, asked by every verb that writes, whichever door the request came through.
import { nodes, pods } from '../../../api/kinds/core-v1.ts'
import type { KubernetesObject } from '../../../api/kinds/kind.ts'
import { nodeOf } from '../../../api/values/node-user.ts'
import { decode } from '../cache/codec.ts'
import type { RequestContext } from '../contract.ts'
import { keyPrefix, type Served } from '../verbs/served.ts'
import { asking } from '../verbs/store-errors.ts'
import { type AdmissionRequest, nodeRestriction } from './node-restriction.ts'

type Change = Omit<AdmissionRequest, 'kind' | 'user'>

/** @param change what would be stored, and what stands there @throws StatusError 403 */
export function admit({ kind }: Pick<Served, 'kind'>, change: Change, { user }: RequestContext): void {
  const refused = nodeRestriction({ ...change, kind, user })
  if (refused !== undefined) throw refused
}

/** The same for a new object, as its author wants it: defaulted, but without what the cluster adds. */
export async function admitNew(served: Served, object: KubernetesObject, context: RequestContext): Promise<void> {
  const { user } = context
  const node = user && nodeOf(user)
  if (node === undefined) return
  const { namespace = '', name = '' } = object.metadata
  const nodeUid = served.kind.resource === pods.resource ? await uidOfNode(served, node, context) : undefined
  admit(served, { operation: 'create', target: { namespace, name }, object, nodeUid }, context)
}

/** Asks the store, since the Node may just have been registered anew. */
async function uidOfNode({ store }: Served, node: string, { signal }: RequestContext): Promise<string | undefined> {
  const { entry } = await asking(() => store.get(keyPrefix(nodes) + node, signal))
  return entry && decode(entry.value, entry.revision, stored => stored).object.metadata.uid
}
