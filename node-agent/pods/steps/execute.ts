// From a step to what carries it out.
import { rm } from 'node:fs/promises'
import { StatusError } from '../../../api/errors.ts'
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import { pods } from '../../../api/kinds/core-v1/pod.ts'
import { isNotFound } from '../../../client/runtime.ts'
import { removeTree } from '../../../lib/remove-tree.ts'
import { fieldValue, resourceValue } from '../configuration/fields.ts'
import { podMemoryBytes } from '../configuration/memory-limit.ts'
import { volumePod } from '../configuration/mounts.ts'
import { podLogDirectory } from '../configuration/sandbox-config.ts'
import { currentSandbox } from '../observation/observation.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'
import type { Step } from '../planning/step.ts'
import type { Context } from './context.ts'
import { ensureImage } from './image.ts'
import { forewarn, killContainer } from './kill-container.ts'
import { logFiles } from './log-rotation.ts'
import type { PodMemory } from './pod-memory.ts'
import { createSandbox, removeSandbox, stopSandbox } from './sandbox.ts'
import { startContainer } from './start-container.ts'
import { StepError } from './step-error.ts'

/**
 * Carries out one step. What it learns goes into the view and the memory, from which the next plan is made.
 * @param signal aborts when the pod begins to end: what only serves its start is given up
 * @throws StepError with a reason for people, or what the runtime or the API threw
 */
export async function execute(
  context: Context,
  pod: Pod,
  step: Step,
  memory: PodMemory,
  signal: AbortSignal,
): Promise<void> {
  const { uid } = pod.metadata
  switch (step.kind) {
    case 'prepareVolumes':
      return prepareVolumes(context, pod, memory)
    case 'releaseVolumes':
      await context.volumes.release(uid)
      context.objects.release(uid)
      memory.volumes = 'released'
      return
    case 'createSandbox':
      return createSandbox(context, pod, step.attempt, memory, signal)
    case 'stopSandbox':
      return stopSandbox(context, step.id)
    case 'removeSandbox':
      return removeSandbox(context, uid, step.id)
    case 'ensureImage':
      return ensureImage(context, pod, specOf(pod, step.container), step.attempt, memory, signal)
    case 'startContainer':
      return startContainer(context, pod, specOf(pod, step.container), step, memory, signal)
    case 'forewarn':
      await forewarn(context, pod, findSpec(pod, step.container), step)
      memory.forewarned.add(step.id)
      return
    case 'killContainer':
      return killContainer(context, pod, findSpec(pod, step.container), step)
    case 'removeContainer':
      return removeContainer(context, uid, step.id)
    case 'deletePod':
      await deletePod(context, pod)
      memory.deletionTold = true
      return
    case 'forget':
      await context.volumes.release(uid)
      await Promise.all([context.volumes.podDir(uid), podLogDirectory(context.settings.logRoot, pod)].map(removeTree))
  }
}

const findSpec = (pod: Pod, name: string): Container | undefined =>
  [...initContainers(pod), ...appContainers(pod)].find(container => container.name === name)

function specOf(pod: Pod, name: string): Container {
  const found = findSpec(pod, name)
  if (found === undefined) throw new Error(`pod ${pod.metadata.name} has no container ${name}`)
  return found
}

async function prepareVolumes(context: Context, pod: Pod, memory: PodMemory): Promise<void> {
  const { volumes, objects, settings, view, events } = context
  const { uid } = pod.metadata
  const version = memory.contentVersion
  const surroundings = {
    nodeName: settings.nodeName,
    hostIps: settings.hostIps(),
    podIps: currentSandbox(view.observed(uid))?.ips ?? [],
    allocatable: settings.allocatable(),
    seenAtMs: memory.seenAtMs,
  }
  const failures = await volumes.prepare(volumePod(pod), {
    ...objects.sourcesFor(uid),
    field: path => fieldValue(pod, path, surroundings),
    resource: (container, resource, divisor) => resourceValue(pod, container, resource, divisor, surroundings),
    memoryBytes: podMemoryBytes(pod, surroundings.allocatable),
  })
  const [first] = failures
  if (first === undefined) {
    memory.volumes = memory.contentVersion === version ? 'ready' : 'stale'
    return
  }
  const messages = failures.map(
    ({ volume, error }) => `MountVolume.SetUp failed for volume "${volume}" : ${error.message}`,
  )
  for (const message of messages) events.record(pod, 'Warning', 'FailedMount', message)
  throw new StepError('FailedMount', messages.join('; '), { cause: first.error })
}

async function removeContainer({ runtime, view, settings }: Context, uid: string, id: string): Promise<void> {
  const logPath = view.observed(uid).containers.find(container => container.id === id)?.logPath ?? ''
  try {
    await runtime.removeContainer({ containerId: id })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  if (logPath.startsWith(`${settings.logRoot}/`)) for (const file of logFiles(logPath)) await rm(file, { force: true })
  view.dropped(id)
}

/** The API's object goes once its last status is written and nothing of the pod runs here. */
async function deletePod({ client, writer }: Context, { metadata }: Pod): Promise<void> {
  const { name, namespace, uid } = metadata
  await writer.settled(uid)
  try {
    await client.delete(pods, { name, namespace }, { gracePeriodSeconds: 0, uid })
  } catch (error) {
    // Gone already, or another pod of the same name stands there.
    if (!(error instanceof StatusError && (error.code === 404 || error.code === 409))) throw error
  }
}
