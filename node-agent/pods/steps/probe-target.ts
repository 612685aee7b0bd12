// What probes and hooks act on: a command in the container, or the pod's address.
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import { RuntimeError } from '../../../client/runtime.ts'
import { longestTimerMs } from '../../../lib/clock.ts'
import { CommandTimeout, type RunCommand } from '../../probes/exec.ts'
import type { ProbeTarget } from '../../probes/prober.ts'
import { currentSandbox } from '../observation/observation.ts'
import type { Pod } from '../planning/situation.ts'
import type { Context } from './context.ts'

export const probeTarget = (
  context: Pick<Context, 'runtime' | 'view' | 'settings'>,
  pod: Pod,
  container: Container,
  containerId: string,
): ProbeTarget => ({ run: runIn(context, containerId), podIp: podIp(context, pod), container })

/** Empty: it has none yet. */
export function podIp({ view, settings }: Pick<Context, 'view' | 'settings'>, pod: Pod): string {
  const ips = pod.spec.hostNetwork ? settings.hostIps() : currentSandbox(view.observed(pod.metadata.uid))?.ips
  return ips?.[0] ?? ''
}

export function runIn({ runtime }: Pick<Context, 'runtime'>, containerId: string): RunCommand {
  return async (command, timeoutMs, signal) => {
    const timeout = timeoutMs === undefined ? 0 : Math.ceil(timeoutMs / 1000)
    const options = { signal, ...(timeoutMs === undefined && { timeoutMs: longestTimerMs }) }
    try {
      const {
        exitCode = 0,
        stdout,
        stderr,
      } = await runtime.execSync({ containerId, cmd: [...command], timeout }, options)
      return { exitCode, stdout: Buffer.from(stdout ?? []), stderr: Buffer.from(stderr ?? []) }
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error
      if (error.code === 'DEADLINE_EXCEEDED') throw new CommandTimeout(command, timeoutMs ?? longestTimerMs)
      throw new Error(`rpc error: code = ${goCode(error.code)} desc = ${error.message}`, { cause: error })
    }
  }
}

/** `NOT_FOUND` as Go spells it: NotFound. */
const goCode = (code: string): string =>
  code === 'CANCELLED'
    ? 'Canceled'
    : code.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
