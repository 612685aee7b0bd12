// A namespace goes in two steps: a deletion marks it Terminating, and when everything in it is gone its last
// finalizer is taken off through the `finalize` subresource.
import type { Namespace } from '../../../api/kinds/core-v1/namespace.ts'
import type { RegistryStrategy } from './strategy.ts'

/** Every cluster has these. */
export const initialNamespaces: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

export const namespaceStrategy: RegistryStrategy<Namespace> = {
  holdsDeletion: ({ spec }) => (spec.finalizers ?? []).length > 0,
  prepareForDeletion(namespace) {
    // A namespace goes when it is empty, not after a time.
    delete namespace.metadata.deletionGracePeriodSeconds
    namespace.status = { ...namespace.status, phase: 'Terminating' }
  },
}
