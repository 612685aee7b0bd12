// Sandboxes: made, stopped, removed.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { isNotFound } from '../../../client/runtime.ts'
import type { PodSandboxConfig } from '../../../proto/gen/cri.ts'
import { podDns } from '../configuration/dns.ts'
import { hostnameOf } from '../configuration/hosts.ts'
import { podLogDirectory, sandboxConfig } from '../configuration/sandbox-config.ts'
import { appContainers, initContainers, type Pod } from '../planning/situation.ts'
import type { Context } from './context.ts'
import { findImages } from './image.ts'
import type { PodMemory } from './pod-memory.ts'
import { isAway, messageOf, reasoned } from './step-error.ts'

/**
 * What the runtime is told of the sandbox, with each of its containers again. What the pod asks of its resolver and does
 * not get is told as often.
 * @throws Error when the pod asks for what no sandbox can have
 */
export function configOf({ settings, events }: Context, pod: Pod, attempt: number): PodSandboxConfig {
  const { dns, logRoot, cgroupRoot, host, podPidsLimit } = settings
  const { config, warnings } = podDns(pod, dns, settings.resolvConf())
  for (const { reason, message } of warnings) events.record(pod, 'Warning', reason, message)
  return sandboxConfig(pod, {
    attempt,
    // On the host's network a pod has the host's name.
    hostname: pod.spec.hostNetwork ? '' : hostnameOf(pod, dns.domain),
    dns: config,
    logRoot,
    cgroupRoot,
    host,
    podPidsLimit,
  })
}

/** Meanwhile what its containers need besides is seen to. */
export async function createSandbox(
  context: Context,
  pod: Pod,
  attempt: number,
  memory: PodMemory,
  signal: AbortSignal,
): Promise<void> {
  const { runtime, view, gate, events, settings } = context
  if (attempt > 0) {
    events.record(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
  }
  try {
    await reasoned('FailedCreatePodSandBox', async () => {
      const config = configOf(context, pod, attempt)
      const logs = podLogDirectory(settings.logRoot, pod)
      const folders = [...initContainers(pod), ...appContainers(pod)].map(({ name }) =>
        mkdir(path.join(logs, name), { recursive: true }),
      )
      const [{ podSandboxId = '' }] = await Promise.all([
        gate.pass(() => runtime.runPodSandbox({ config })),
        findImages(context, pod, memory, signal),
        ...folders,
      ])
      await view.awaitSandbox(podSandboxId)
    })
  } catch (error) {
    if (!isAway(error)) {
      const message = `Failed to create pod sandbox: ${messageOf(error)}`
      events.record(pod, 'Warning', 'FailedCreatePodSandBox', message)
      // An answer that came too late may have left one behind.
      await view.relist().catch(() => {})
    }
    throw error
  }
}

export async function stopSandbox({ runtime, view }: Context, id: string): Promise<void> {
  try {
    await runtime.stopPodSandbox({ podSandboxId: id })
    view.stopped(id)
  } catch (error) {
    if (!isNotFound(error)) throw error
    view.dropped(id)
  }
}

/** Its containers go with it. */
export async function removeSandbox({ runtime, view }: Context, uid: string, id: string): Promise<void> {
  try {
    await runtime.removePodSandbox({ podSandboxId: id })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  for (const container of view.observed(uid).containers) if (container.sandboxId === id) view.dropped(container.id)
  view.dropped(id)
}
