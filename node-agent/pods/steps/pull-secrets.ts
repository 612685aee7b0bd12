// The Secrets a pod's images are pulled with.
import type { Pod } from '../planning/situation.ts'
import type { Context } from './context.ts'

/** Says which of them are missing; whether that matters, the pull will show. */
export async function tellMissingPullSecrets({ objects, events }: Context, pod: Pod): Promise<void> {
  const { uid, namespace = '' } = pod.metadata
  const names = (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []))
  if (names.length === 0) return
  const { secret } = objects.sourcesFor(uid)
  const found = await Promise.all(names.map(name => secret(namespace, name).catch(() => undefined)))
  const missing = names.filter((_, index) => found[index] === undefined)
  if (missing.length === 0) return
  const message =
    `Unable to retrieve some image pull secrets (${missing.join(', ')}); ` +
    'attempting to pull the image may not succeed.'
  events.record(pod, 'Warning', 'FailedToRetrieveImagePullSecret', message)
}
