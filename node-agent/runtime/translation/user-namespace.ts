// User namespaces, which this runtime does not make. A pod that asks for one relies on it (validation lets through what is
// harmless inside of one only), so it is refused rather than run without.
import { NamespaceMode, type NamespaceOption } from '../../../proto/gen/cri.ts'
import { RuntimeError } from '../errors.ts'

/** Absent options mean the node's; within them, CRI's zero value is POD. @throws RuntimeError `unsupported` */
export function refuseUserNamespace(options: NamespaceOption | undefined): void {
  const { usernsOptions } = options ?? {}
  if (!usernsOptions || (usernsOptions.mode ?? NamespaceMode.POD) === NamespaceMode.NODE) return
  const field = 'linux.security_context.namespace_options.userns_options'
  throw new RuntimeError('unsupported', `${field}: user namespaces (a pod's hostUsers: false) are not supported`)
}
