// A container's end: its preStop hook, the signal it stops by, and SIGKILL when its time is over.
import type { Container, LifecycleHandler } from '../../../api/kinds/core-v1.ts'
import { isNotFound } from '../../../client/runtime.ts'
import type { Pod } from '../planning/situation.ts'
import type { Step } from '../planning/step.ts'
import type { Context } from './context.ts'
import { fieldPath } from './field-path.ts'
import { runHook } from './hook.ts'

type KillStep = Extract<Step, { kind: 'killContainer' }>

/** What a container gets between its stop signal and SIGKILL, however little is left of its time. */
const leastGraceSeconds = 2

/** @param container undefined when only the runtime knows it */
export async function killContainer(
  context: Context,
  pod: Pod,
  container: Container | undefined,
  { id, message, deadlineMs, hastened }: Pick<KillStep, 'id' | 'message' | 'deadlineMs' | 'hastened'>,
): Promise<void> {
  const { runtime, view, events, clock } = context
  const gone = new AbortController()
  let hook: Promise<void> | undefined
  try {
    if (!hastened && container) {
      events.record(pod, 'Normal', 'Killing', message, fieldPath(pod, container.name))
      const preStop = container.lifecycle?.preStop
      const remainingMs = deadlineMs - clock.now()
      if (preStop && remainingMs > 0) {
        hook = runPreStop(context, pod, container, id, preStop, gone.signal)
        await withinTime(context, hook, remainingMs)
      }
    }
    const timeout = Math.max(leastGraceSeconds, Math.ceil((deadlineMs - clock.now()) / 1000))
    const sandboxId = view.observed(pod.metadata.uid).containers.find(known => known.id === id)?.sandboxId ?? ''
    await runtime.stopContainer({ containerId: id, timeout })
    await view.await(id, sandboxId, ({ state }) => state === 'exited')
  } catch (error) {
    if (!isNotFound(error)) throw error
    view.dropped(id)
  } finally {
    gone.abort()
    await hook
  }
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
  context.events.record(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', fieldPath(pod, container.name))
}

/** A hook that takes longer goes on beside what follows. */
async function withinTime({ clock }: Context, hook: Promise<void>, ms: number): Promise<void> {
  let cancel = (): void => {}
  const over = new Promise<void>(resolve => {
    cancel = clock.after(ms, resolve)
  })
  await Promise.race([hook, over])
  cancel()
}
