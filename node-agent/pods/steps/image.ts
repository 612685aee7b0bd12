// Having a container's image at hand, by its pull policy.
import type { Container } from '../../../api/kinds/core-v1.ts'
import { RuntimeError } from '../../../client/runtime.ts'
import type { Image } from '../../../proto/gen/cri.ts'
import type { Pod } from '../planning/situation.ts'
import type { Context } from './context.ts'
import { fieldPath } from './field-path.ts'
import type { PodMemory } from './pod-memory.ts'
import { isAway, messageOf, StepError } from './step-error.ts'

export async function ensureImage(
  { runtime, events, clock }: Context,
  pod: Pod,
  container: Container,
  attempt: number,
  memory: PodMemory,
  signal: AbortSignal,
): Promise<void> {
  const { image = '', imagePullPolicy = 'IfNotPresent' } = container
  const where = fieldPath(pod, container.name)
  const take = (found: Image): void => {
    memory.resolvedImages.set(container.name, {
      ref: found.id || image,
      user: { uid: found.uid?.value, username: found.username ?? '' },
    })
    memory.images.set(container.name, attempt)
  }
  const status = async (): Promise<Image | undefined> =>
    (await runtime.imageStatus({ image: { image } }, { signal })).image ?? undefined

  const present = await status()
  if (present && imagePullPolicy !== 'Always') {
    events.record(pod, 'Normal', 'Pulled', `Container image "${image}" already present on machine`, where)
    take(present)
    return
  }
  if (imagePullPolicy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`
    events.record(pod, 'Warning', 'ErrImageNeverPull', message, where)
    throw new StepError('ErrImageNeverPull', message)
  }
  const startedAtMs = clock.now()
  events.record(pod, 'Normal', 'Pulling', `Pulling image "${image}"`, where)
  try {
    await runtime.pullImage({ image: { image } }, { signal })
  } catch (error) {
    if (isAway(error)) throw error
    // A runtime that cannot pull at all has no newer image to offer than the one that was imported.
    if (present && error instanceof RuntimeError && error.code === 'UNIMPLEMENTED') {
      events.record(pod, 'Normal', 'Pulled', `Container image "${image}" already present on machine`, where)
      take(present)
      return
    }
    events.record(pod, 'Warning', 'Failed', `Failed to pull image "${image}": ${messageOf(error)}`, where)
    events.record(pod, 'Warning', 'Failed', 'Error: ErrImagePull', where)
    throw new StepError('ErrImagePull', messageOf(error), { cause: error })
  }
  const pulled = await status()
  if (pulled === undefined) {
    throw new StepError('ErrImagePull', `image "${image}" was pulled and then is not there; pull it again or import it`)
  }
  const took = `${((clock.now() - startedAtMs) / 1000).toFixed(3)}s`
  events.record(
    pod,
    'Normal',
    'Pulled',
    `Successfully pulled image "${image}" in ${took}. Image size: ${pulled.size ?? 0} bytes.`,
    where,
  )
  take(pulled)
}
