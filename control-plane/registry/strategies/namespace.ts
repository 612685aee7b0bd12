// A namespace goes in two steps: a deletion marks it Terminating, and when everything in it is gone its last
// finalizer is taken off through the `finalize` subresource.

import { StatusError } from '../../../api/errors.ts'
import { type Namespace, namespaces } from '../../../api/kinds/core-v1.ts'
import type { Strategy } from './strategy.ts'

const contentFinalizer = 'kubernetes'

/** Every cluster has these; those marked stay for ever. */
export const initialNamespaces: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease']
const undeletable = new Set(['default', 'kube-system', 'kube-public'])

export const namespaceStrategy: Strategy<Namespace> = {
  tracksGeneration: false,
  answersDeleted: true,

  prepareCreate(draft) {
    const finalizers = draft.spec.finalizers ?? []
    draft.spec = { finalizers: finalizers.includes(contentFinalizer) ? finalizers : [...finalizers, contentFinalizer] }
  },

  prepareUpdate(draft, current) {
    // Only `finalize` takes finalizers off.
    draft.spec = current.spec
  },

  refuseDeletion({ metadata: { name = '' } }) {
    if (undeletable.has(name)) throw StatusError.forbidden(namespaces, name, 'this namespace may not be deleted')
  },

  holdsDeletion: ({ spec }) => (spec.finalizers ?? []).length > 0,

  prepareDeletion(draft) {
    draft.status = { ...draft.status, phase: 'Terminating' }
  },

  updateSubresource(name, sent, current) {
    if (name !== 'finalize') return undefined
    return { ...sent, spec: { finalizers: sent.spec.finalizers ?? [] }, status: current.status }
  },
}
