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

/** What a container gets between the signal it stops by and SIGKILL, however short its time is: Kubernetes' least. */
const leastGraceSeconds = 2

/** @param container undefined when only the runtime knows it */
export async function killContainer(
  context: Context,
  pod: Pod,
  container: Container | undefined,
  { id, message, deadlineMs, hastened }: Pick<KillStep, 'id' | 'message' | 'deadlineMs' | 'hastened'>,
): Promise<void> {
  const { runtime, view, events, clock } = context
  const remainingMs = (): number => Math.max(0, deadlineMs - clock.now())
  if (!hastened && container) {
    const where = fieldPath(pod, container.name)
    events.record(pod, 'Normal', 'Killing', message, where)
    const hook = container.lifecycle?.preStop
    if (hook && remainingMs() > 0) {
      const { ok } = await runHook(context, pod, container, id, hook, remainingMs(), never)
      if (!ok) events.record(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', where)
    }
  }
  const timeout = Math.max(leastGraceSeconds, Math.ceil(remainingMs() / 1000))
  const sandboxId = view.observed(pod.metadata.uid).containers.find(known => known.id === id)?.sandboxId ?? ''
  try {
    await runtime.stopContainer({ containerId: id, timeout })
    await view.await(id, sandboxId, ({ state }) => state === 'exited')
  } catch (error) {
    if (!isNotFound(error)) throw error
    view.dropped(id)
  }
}
