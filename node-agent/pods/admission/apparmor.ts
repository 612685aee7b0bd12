// Whether a pod is to be confined by AppArmor. Nothing here enforces profiles, so such a pod is refused.
// https://kubernetes.io/docs/tutorials/security/apparmor/
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'

/** Before v1.30 a container's profile was told in an annotation; validation keeps the two alike. */
const annotationPrefix = 'container.apparmor.security.beta.kubernetes.io/'

export function wantsAppArmor(pod: Pod): boolean {
  const { metadata, spec } = pod
  const contexts = [
    spec.securityContext,
    ...[...initContainers(pod), ...appContainers(pod)].map(({ securityContext }) => securityContext),
  ]
  const profiles = contexts.flatMap(context => context?.appArmorProfile ?? [])
  if (profiles.some(({ type }) => type !== 'Unconfined')) return true
  return Object.entries(metadata.annotations ?? {}).some(
    ([key, value]) => key.startsWith(annotationPrefix) && value !== 'unconfined',
  )
}
