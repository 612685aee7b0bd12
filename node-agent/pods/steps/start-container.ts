// A container's way from nothing to running, and its postStart hook.
import type { Container } from '../../../api/kinds/core-v1.ts'
import { isNotFound } from '../../../client/runtime.ts'
import { containerConfig } from '../container-config.ts'
import type { Context } from '../context.ts'
import { graceSecondsOf } from '../ending.ts'
import { environment } from '../environment.ts'
import type { Surroundings } from '../fields.ts'
import type { PodMemory } from '../memory.ts'
import { containerResources } from '../resources.ts'
import type { Pod } from '../situation.ts'
import type { Step } from '../step.ts'
import { isAway, messageOf, reasoned, StepError } from '../step-error.ts'
import { fieldPath } from './field-path.ts'
import { runHook } from './hook.ts'
import { containerMounts } from './mounts.ts'
import { configOf } from './sandbox.ts'

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
    id = await context.gate.pass(() => createAndStart(context, pod, container, step, memory))
  } catch (error) {
    // The image may have been removed since it was looked at.
    memory.images.delete(container.name)
    if (!isAway(error)) events.record(pod, 'Warning', 'Failed', `Error: ${messageOf(error)}`, where)
    throw error
  }
  await view.await(id, step.sandboxId, ({ state }) => state !== 'created')
  const hook = container.lifecycle?.postStart
  if (hook === undefined) return
  const { ok, output } = await runHook(context, pod, container, id, hook, Infinity, signal)
  if (ok || signal.aborted) return
  events.record(pod, 'Warning', 'FailedPostStartHook', `PostStartHook failed: ${output}`, where)
  events.record(pod, 'Normal', 'Killing', 'FailedPostStartHook', where)
  await context.runtime.stopContainer({ containerId: id, timeout: graceSecondsOf(pod) })
  await view.refreshContainer(id, step.sandboxId)
  throw new StepError('PostStartHookError', output)
}

async function createAndStart(
  context: Context,
  pod: Pod,
  container: Container,
  { sandboxId, attempt, backoffMs, replaces }: StartStep,
  memory: PodMemory,
): Promise<string> {
  const { runtime, view, events, settings, volumes } = context
  const where = fieldPath(pod, container.name)
  if (replaces !== undefined) await removeCreated(context, replaces)
  const { request } = await reasoned('CreateContainerConfigError', async () => {
    const sandbox = view.observed(pod.metadata.uid).sandboxes.find(({ id }) => id === sandboxId)
    const hostIps = settings.hostIps()
    const podIps = pod.spec.hostNetwork ? hostIps : (sandbox?.ips ?? [])
    const surroundings: Surroundings = {
      nodeName: settings.nodeName,
      hostIps,
      podIps,
      allocatable: settings.allocatable(),
    }
    const image = memory.resolvedImages.get(container.name)
    const sources = { ...context.objects.sourcesFor(pod.metadata.uid), services: context.services }
    const variables = await environment(pod, container, surroundings, sources)
    const config = containerConfig(pod, container, {
      attempt,
      backoffMs,
      imageRef: image?.ref ?? container.image ?? '',
      imageUser: image?.user ?? { uid: undefined, username: '' },
      environment: variables,
      mounts: await containerMounts(volumes, pod, container, attempt, podIps, settings.dns.domain, variables),
      resources: containerResources(pod, container, settings.memoryBytes, settings.podPidsLimit),
    })
    const sandboxConfig = configOf(context, pod, sandbox?.attempt ?? 0)
    return { request: { podSandboxId: sandboxId, config, sandboxConfig } }
  })
  const { containerId = '' } = await reasoned('CreateContainerError', () => runtime.createContainer(request))
  events.record(pod, 'Normal', 'Created', `Created container: ${container.name}`, where)
  try {
    await reasoned('RunContainerError', () => runtime.startContainer({ containerId }))
  } catch (error) {
    if (!isAway(error)) await view.refreshContainer(containerId, sandboxId)
    throw error
  }
  events.record(pod, 'Normal', 'Started', `Started container ${container.name}`, where)
  return containerId
}

/** A killed agent created it and did not come to start it: its configuration may be out of date. */
async function removeCreated({ runtime, view }: Context, id: string): Promise<void> {
  try {
    await runtime.removeContainer({ containerId: id })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  view.dropped(id)
}
