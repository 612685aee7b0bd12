// A container's end: its preStop hook, the signal it stops by, and SIGKILL when its time is over.
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { LifecycleHandler } from '../../../api/kinds/core-v1/probes.ts'
import { isNotFound } from '../../../client/runtime.ts'
import type { Pod } from '../planning/situation.ts'
import type { Step } from '../planning/step.ts'
import type { Context } from './context.ts'
import { fieldPath } from './field-path.ts'
import { runHook } from './hook.ts'

type KillStep = Extract<Step, { kind: 'killContainer' }>
type Warning = Pick<KillStep, 'id' | 'message' | 'deadlineMs'>

/** What a container gets between the signal it stops by and SIGKILL, however short its time is: Kubernetes' least. */
const leastGraceSeconds = 2

/** Tells that a container is being killed, and runs its preStop hook to its end, or to that of its time. */
export async function forewarn(
  context: Context,
  pod: Pod,
  container: Container | undefined,
  warning: Warning,
): Promise<void> {
  const over = new AbortController()
  const told = await tell(context, pod, container, warning, over.signal)
  over.abort()
  await told?.hook
}

/** @param container undefined when only the runtime knows it */
export async function killContainer(
  context: Context,
  pod: Pod,
  container: Container | undefined,
  step: Warning & Partial<Pick<KillStep, 'forewarned'>>,
): Promise<void> {
  const { runtime, view, clock } = context
  const { id, deadlineMs, forewarned = false } = step
  const gone = new AbortController()
  const told = forewarned ? undefined : await tell(context, pod, container, step, gone.signal)
  try {
    const remainingSeconds = Math.ceil((deadlineMs - clock.now()) / 1000)
    const sandboxId = view.observed(pod.metadata.uid).containers.find(known => known.id === id)?.sandboxId ?? ''
    await runtime.stopContainer({ containerId: id, timeout: Math.max(leastGraceSeconds, remainingSeconds) })
    await view.await(id, sandboxId, ({ state }) => state === 'exited')
  } catch (error) {
    if (!isNotFound(error)) throw error
    view.dropped(id)
  } finally {
    gone.abort()
    await told?.hook
  }
}

/**
 * Tells that a container is being killed, and runs its preStop hook until its time is over.
 * @param gone gives the hook up
 * @returns the hook: it may go on beside what follows; never rejects
 */
async function tell(
  context: Context,
  pod: Pod,
  container: Container | undefined,
  { id, message, deadlineMs }: Warning,
  gone: AbortSignal,
): Promise<{ readonly hook: Promise<void> } | undefined> {
  if (container === undefined) return undefined // Only the runtime knows it.
  const { events, clock } = context
  events.record(pod, 'Normal', 'Killing', message, fieldPath(pod, container.name))
  const preStop = container.lifecycle?.preStop
  const remainingMs = deadlineMs - clock.now()
  if (preStop === undefined || remainingMs <= 0) return undefined
  const hook = runPreStop(context, pod, container, id, preStop, gone)
  await withinTime(context, hook, remainingMs)
  return { hook }
}

/** Never throws. */
async function runPreStop(
  context: Context,
  pod: Pod,
  container: Container,
  id: string,
  hook: LifecycleHandler,
  gone: AbortSignal,
): Promise<void> {
  const failure = await runHook(context, pod, container, id, hook, gone)
  if (failure === undefined) return
  context.log.debug({ pod: pod.metadata.name, container: container.name, failure }, 'a preStop hook failed')
  // Not what it said: secrets may be in it.
  context.events.record(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', fieldPath(pod, container.name))
}

/** Work that takes longer goes on. */
async function withinTime({ clock }: Context, work: Promise<void>, ms: number): Promise<void> {
  let cancel = (): void => {}
  const over = new Promise<void>(resolve => {
    cancel = clock.after(ms, resolve)
  })
  await Promise.race([work, over])
  cancel()
}
