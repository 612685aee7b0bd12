// Lifecycle hooks, and what probes and hooks act on.
import type { Container, LifecycleHandler } from '../../../api/kinds/core-v1.ts'
import { RuntimeError } from '../../../client/runtime.ts'
import { act, type Target } from '../../probes/action.ts'
import type { Outcome } from '../../probes/outcome.ts'
import { currentSandbox } from '../observation/observation.ts'
import type { Pod } from '../planning/situation.ts'
import type { Context } from './context.ts'

/** Hooks have no limit of their own; nothing waits for ever either. */
const longestMs = 3_600_000

export function runHook(
  context: Context,
  pod: Pod,
  container: Container,
  containerId: string,
  hook: LifecycleHandler,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  return act(hook, actionTarget(context, pod, container, containerId), Math.min(timeoutMs, longestMs), signal)
}

export function actionTarget(
  { runtime, view, settings }: Pick<Context, 'runtime' | 'view' | 'settings'>,
  pod: Pod,
  container: Container,
  containerId: string,
): Target {
  return {
    podIp:
      (pod.spec.hostNetwork ? settings.hostIps() : currentSandbox(view.observed(pod.metadata.uid))?.ips)?.[0] ?? '',
    namedPorts: new Map((container.ports ?? []).map(({ name = '', containerPort }) => [name, containerPort])),
    async exec(command, timeoutMs, signal) {
      const seconds = Math.ceil(timeoutMs / 1000)
      try {
        const answer = await runtime.execSync({ containerId, cmd: [...command], timeout: seconds }, { signal })
        // Bytes that were not sent read as an empty array.
        const output = Buffer.concat([Buffer.from(answer.stdout ?? []), Buffer.from(answer.stderr ?? [])]).toString()
        return { ok: (answer.exitCode ?? 0) === 0, output }
      } catch (error) {
        if (!(error instanceof RuntimeError && error.code === 'DEADLINE_EXCEEDED')) throw error
        return { ok: false, output: `command ${JSON.stringify(command.join(' '))} timed out after ${seconds}s` }
      }
    },
  }
}
