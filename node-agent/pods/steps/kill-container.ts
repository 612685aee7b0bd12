// A container's end: its preStop hook, the signal it stops by, and SIGKILL when its time is over.
import type { Container } from '../../../api/kinds/core-v1.ts'
import { isNotFound } from '../../../client/runtime.ts'
import type { Pod } from '../planning/situation.ts'
import type { Step } from '../planning/step.ts'
import type { Context } from './context.ts'
import { fieldPath } from './field-path.ts'
import { runHook } from './hook.ts'

/** Nothing interrupts a preStop hook but the end of its time. */
const never = new AbortController().signal

type KillStep = Extract<Step, { kind: 'killContainer' }>
type Warning = Pick<KillStep, 'id' | 'message' | 'deadlineMs'>

/** What a container gets between the signal it stops by and SIGKILL, however short its time is: Kubernetes' least. */
const leastGraceSeconds = 2

/** Tells that a container is being killed, and runs its preStop hook to its end, or to that of its time. */
export async function forewarn(
  context: Context,
  pod: Pod,
  container: Container | undefined,
  { id, message, deadlineMs }: Warning,
): Promise<void> {
  if (container === undefined) return // Only the runtime knows it.
  const { events, clock } = context
  const where = fieldPath(pod, container.name)
  events.record(pod, 'Normal', 'Killing', message, where)
  const hook = container.lifecycle?.preStop
  const remainingMs = deadlineMs - clock.now()
  if (hook === undefined || remainingMs <= 0) return
  const { ok } = await runHook(context, pod, container, id, hook, remainingMs, never)
  // Not what it said: secrets may be in it.
  if (!ok) events.record(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', where)
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
  if (!forewarned) await forewarn(context, pod, container, step)
  const remainingSeconds = Math.ceil((deadlineMs - clock.now()) / 1000)
  const sandboxId = view.observed(pod.metadata.uid).containers.find(known => known.id === id)?.sandboxId ?? ''
  try {
    await runtime.stopContainer({ containerId: id, timeout: Math.max(leastGraceSeconds, remainingSeconds) })
    await view.await(id, sandboxId, ({ state }) => state === 'exited')
  } catch (error) {
    if (!isNotFound(error)) throw error
    view.dropped(id)
  }
}
