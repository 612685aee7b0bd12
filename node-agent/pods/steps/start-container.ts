// A container's way from nothing to running, and its postStart hook.
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import { isNotFound } from '../../../client/runtime.ts'
import type { CreateContainerRequest } from '../../../proto/gen/cri.ts'
import { containerConfig } from '../configuration/container-config.ts'
import { environment } from '../configuration/environment.ts'
import type { Surroundings } from '../configuration/fields.ts'
import { containerMounts } from '../configuration/mounts.ts'
import { containerResources } from '../configuration/resources.ts'
import { graceSecondsOf } from '../planning/ending.ts'
import type { Pod } from '../planning/situation.ts'
import type { Step } from '../planning/step.ts'
import type { Context } from './context.ts'
import { fieldPath } from './field-path.ts'
import { runHook } from './hook.ts'
import { killContainer } from './kill-container.ts'
import type { PodMemory } from './pod-memory.ts'
import { configOf } from './sandbox.ts'
import { isAway, messageOf, reasoned, StepError } from './step-error.ts'

type StartStep = Extract<Step, { kind: 'startContainer' }>

export async function startContainer(
  context: Context,
  pod: Pod,
  container: Container,
  step: StartStep,
  memory: PodMemory,
  signal: AbortSignal,
): Promise<void> {
  const { events, view } = context
  const where = fieldPath(pod, container.name)
  let id: string
  try {
    if (step.replaces !== undefined && !(await removeCreated(context, step.replaces, step.sandboxId))) return
    const request = await createRequest(context, pod, container, step, memory)
    id = await context.gate.pass(() => createAndStart(context, pod, container, request, step.sandboxId))
  } catch (error) {
    // The image may have been removed since it was looked at.
    memory.images.delete(container.name)
    if (!isAway(error)) events.record(pod, 'Warning', 'Failed', `Error: ${messageOf(error)}`, where)
    throw error
  }
  await view.await(id, step.sandboxId, ({ state }) => state !== 'created')
  const hook = container.lifecycle?.postStart
  if (hook === undefined) return
  const failure = await runHook(context, pod, container, id, hook, signal)
  if (failure === undefined || signal.aborted) return
  events.record(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', where)
  const deadlineMs = context.clock.now() + graceSecondsOf(pod) * 1000
  await killContainer(context, pod, container, { id, message: 'FailedPostStartHook', deadlineMs })
  throw new StepError('PostStartHookError', failure)
}

function createRequest(
  context: Context,
  pod: Pod,
  container: Container,
  { sandboxId, attempt, backoffMs }: StartStep,
  memory: PodMemory,
): Promise<CreateContainerRequest> {
  const { view, settings, volumes } = context
  return reasoned('CreateContainerConfigError', async () => {
    const sandbox = view.observed(pod.metadata.uid).sandboxes.find(({ id }) => id === sandboxId)
    const hostIps = settings.hostIps()
    const podIps = pod.spec.hostNetwork ? hostIps : (sandbox?.ips ?? [])
    const surroundings: Surroundings = {
      nodeName: settings.nodeName,
      hostIps,
      podIps,
      allocatable: settings.allocatable(),
      seenAtMs: memory.seenAtMs,
    }
    const image = memory.resolvedImages.get(container.name)
    const sources = { ...context.objects.sourcesFor(pod.metadata.uid), services: context.services }
    const variables = await environment(pod, container, surroundings, sources)
    const config = containerConfig(pod, container, {
      attempt,
      backoffMs,
      imageRef: image?.ref ?? container.image ?? '',
      imageUser: image?.user ?? { uid: undefined, username: '' },
      seccompRoot: settings.seccompRoot,
      hiddenPaths: settings.hiddenPaths,
      environment: variables,
      mounts: containerMounts(volumes, pod, container, attempt, podIps, settings.dns.domain, variables),
      resources: containerResources(pod, container, settings.host),
    })
    const sandboxConfig = configOf(context, pod, sandbox?.attempt ?? 0)
    return { podSandboxId: sandboxId, config, sandboxConfig }
  })
}

async function createAndStart(
  { runtime, view, events }: Context,
  pod: Pod,
  container: Container,
  request: CreateContainerRequest,
  sandboxId: string,
): Promise<string> {
  const where = fieldPath(pod, container.name)
  const { containerId = '' } = await reasoned('CreateContainerError', () => runtime.createContainer(request))
  events.record(pod, 'Normal', 'Created', 'Container created', where)
  try {
    await reasoned('RunContainerError', () => runtime.startContainer({ containerId }))
  } catch (error) {
    if (!isAway(error)) await view.refreshContainer(containerId, sandboxId)
    throw error
  }
  events.record(pod, 'Normal', 'Started', 'Container started', where)
  return containerId
}

/**
 * A killed agent created it and did not come to start it: its configuration may be out of date.
 * @returns false when it came to start after all, just now
 */
async function removeCreated({ runtime, view }: Context, id: string, sandboxId: string): Promise<boolean> {
  await view.refreshContainer(id, sandboxId)
  const uid = view.ownerOf(id)
  const known = uid === undefined ? undefined : view.observed(uid).containers.find(candidate => candidate.id === id)
  if (known && known.state !== 'created') return false
  try {
    await runtime.removeContainer({ containerId: id })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  view.dropped(id)
  return true
}
