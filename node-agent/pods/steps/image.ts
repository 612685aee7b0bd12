// Having a container's image at hand, by its pull policy; told as the kubelet tells it (pkg/kubelet/images).
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import { ImageReferenceError, parseImageReference } from '../../../api/values/image-reference.ts'
import { RuntimeError } from '../../../client/runtime.ts'
import { goDuration } from '../../../lib/go-duration.ts'
import type { Image } from '../../../proto/gen/cri.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'
import type { Context } from './context.ts'
import { fieldPath } from './field-path.ts'
import type { PodMemory } from './pod-memory.ts'
import { tellMissingPullSecrets } from './pull-secrets.ts'
import { isAway, messageOf, StepError } from './step-error.ts'

/** Looks which images of a pod are here already, while something else keeps its containers from starting anyway. */
export async function findImages(context: Context, pod: Pod, memory: PodMemory, signal: AbortSignal): Promise<void> {
  const names = new Map([...initContainers(pod), ...appContainers(pod)].map(({ name, image = '' }) => [name, image]))
  await Promise.all(
    [...names].map(async ([name, image]) => {
      // What is wrong with a name is told when its turn comes; so is whatever else goes wrong here.
      if (nameProblem(image) !== undefined) return
      const found = await imageStatus(context, image, signal).catch(() => undefined)
      if (found) memory.found.set(name, found)
    }),
  )
}

export async function ensureImage(
  context: Context,
  pod: Pod,
  container: Container,
  attempt: number,
  memory: PodMemory,
  signal: AbortSignal,
): Promise<void> {
  const { events } = context
  try {
    const [found] = await Promise.all([
      presentImage(context, pod, container, memory, signal),
      tellMissingPullSecrets(context, pod),
    ])
    memory.resolvedImages.set(container.name, {
      ref: found.id || (container.image ?? ''),
      user: { uid: found.uid?.value, username: found.username ?? '' },
    })
    memory.images.set(container.name, attempt)
  } catch (error) {
    if (error instanceof StepError && !isAway(error)) {
      events.record(pod, 'Warning', 'Failed', `Error: ${error.reason}`, fieldPath(pod, container.name))
    }
    throw error
  }
}

async function presentImage(
  context: Context,
  pod: Pod,
  container: Container,
  memory: PodMemory,
  signal: AbortSignal,
): Promise<Image> {
  const { events } = context
  const { image = '', imagePullPolicy = 'IfNotPresent' } = container
  const where = fieldPath(pod, container.name)
  const refuse = (event: string, reason: string, message: string): StepError => {
    events.record(pod, 'Warning', event, message, where)
    return new StepError(reason, message)
  }
  const problem = nameProblem(image)
  if (problem !== undefined) {
    const name = JSON.stringify(image)
    const message = `Failed to apply default image tag ${name}: couldn't parse image name ${name}: ${problem}`
    throw refuse('InspectFailed', 'InvalidImageName', message)
  }
  const present =
    taken(memory, container.name) ??
    (await imageStatus(context, image, signal).catch((error: unknown) => {
      if (isAway(error)) throw error
      throw refuse('InspectFailed', 'ImageInspectError', `Failed to inspect image "${image}": ${messageOf(error)}`)
    }))
  const tellPresent = (found: Image): Image => {
    const message = `Container image "${image}" already present on machine and can be accessed by the pod`
    events.record(pod, 'Normal', 'Pulled', message, where)
    return found
  }
  if (present && imagePullPolicy !== 'Always') return tellPresent(present)
  if (imagePullPolicy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`
    throw refuse('ErrImageNeverPull', 'ErrImageNeverPull', message)
  }
  events.record(pod, 'Normal', 'Pulling', `Pulling image "${image}"`, where)
  try {
    return await pull(context, pod, container, signal)
  } catch (error) {
    if (isAway(error)) throw error
    // A runtime that cannot pull at all has no newer image to offer than the one that was imported.
    if (present && error instanceof RuntimeError && error.code === 'UNIMPLEMENTED') return tellPresent(present)
    events.record(pod, 'Warning', 'Failed', `Failed to pull image "${image}": ${messageOf(error)}`, where)
    throw new StepError('ErrImagePull', messageOf(error), { cause: error })
  }
}

/** Why the name can't be read; undefined: it can. */
function nameProblem(image: string): string | undefined {
  try {
    parseImageReference(image)
    return undefined
  } catch (error) {
    if (error instanceof ImageReferenceError) return error.message
    throw error
  }
}

function taken({ found }: PodMemory, container: string): Image | undefined {
  const image = found.get(container)
  found.delete(container)
  return image
}

async function pull(context: Context, pod: Pod, container: Container, signal: AbortSignal): Promise<Image> {
  const { runtime, events, clock } = context
  const { image = '' } = container
  const startedAtMs = clock.now()
  await runtime.pullImage({ image: { image } }, { signal })
  const took = goDuration(clock.now() - startedAtMs)
  const pulled = await imageStatus(context, image, signal)
  if (pulled === undefined) {
    throw new Error(`image "${image}" was pulled and then is not there; pull it again or import it`)
  }
  const size = `Image size: ${pulled.size ?? 0} bytes.`
  const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting). ${size}`
  events.record(pod, 'Normal', 'Pulled', message, fieldPath(pod, container.name))
  return pulled
}

const imageStatus = async ({ runtime }: Context, image: string, signal: AbortSignal): Promise<Image | undefined> =>
  (await runtime.imageStatus({ image: { image } }, { signal })).image ?? undefined
