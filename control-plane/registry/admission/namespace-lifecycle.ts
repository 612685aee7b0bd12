// Nothing is created in a namespace that isn't there or is about to go, and some namespaces stay for ever.
import { StatusError } from '../../../api/errors.ts'
import { namespaces } from '../../../api/kinds/core-v1/namespace.ts'
import { isOf } from './objects.ts'
import type { AdmissionPlugin } from './plugin.ts'

const immortal = new Set(['default', 'kube-system', 'kube-public'])

export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',

  handles: attributes =>
    isOf(attributes, namespaces)
      ? attributes.operation === 'delete'
      : attributes.namespace !== '' && attributes.operation === 'create',

  async mutate({ kind, operation, namespace, name, signal }, lookup) {
    if (operation === 'delete') {
      if (immortal.has(name)) throw StatusError.forbidden(kind, name, 'this namespace may not be deleted')
      return
    }
    // This server's own deletion of the namespace is known to all who were told of it.
    await lookup.settled(namespaces, signal)
    const at = { name: namespace }
    // It may just have been made: the store knows.
    const found = lookup.cached(namespaces, at) ?? (await lookup.read(namespaces, at, signal))
    if (found === undefined) throw StatusError.notFound(namespaces, namespace)
    if (found.metadata.deletionTimestamp !== undefined) {
      throw StatusError.forbidden(
        kind,
        name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
      )
    }
  },
}
