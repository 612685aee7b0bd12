// Lifecycle hooks (pkg/kubelet/lifecycle): what they do, and in which words they fail. Those words may hold what the
// hook's server or command said, so events never carry them.
// https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { ExecAction, HTTPGetAction, LifecycleHandler } from '../../../api/kinds/core-v1/probes.ts'
import { sleep } from '../../../lib/abort.ts'
import { goQuote } from '../../../lib/go-quote.ts'
import { type GetOptions, get } from '../../probes/http/client.ts'
import { type GetRequest, getRequest } from '../../probes/http/request.ts'
import { gaveHttp } from '../../probes/http/tls.ts'
import { containerPort } from '../../probes/port.ts'
import type { Pod } from '../planning/situation.ts'
import type { Context } from './context.ts'
import { podIp, runIn } from './probe-target.ts'
import { messageOf } from './step-error.ts'

/**
 * Runs a hook, for as long as it takes.
 * @param signal aborts when the container is gone: a hook that asks something of it has failed then, one that only
 *   waits has not
 * @returns why it failed; undefined: it did not
 */
export async function runHook(
  context: Context,
  pod: Pod,
  container: Container,
  containerId: string,
  hook: LifecycleHandler,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { exec, httpGet, sleep: pause } = hook
  const { name, namespace = '', uid } = pod.metadata
  const where = `for Container ${goQuote(container.name)} in Pod ${goQuote(`${name}_${namespace}(${uid})`)}`
  if (exec) {
    const failure = await runCommand(context, containerId, exec, signal)
    return failure && `Exec lifecycle hook ([${(exec.command ?? []).join(' ')}]) ${where} failed - ${failure}`
  }
  if (httpGet) {
    const failure = await getHttp(context, pod, container, httpGet, signal)
    return failure && `HTTP lifecycle hook (${httpGet.path ?? ''}) ${where} failed - ${failure}`
  }
  if (pause) {
    await sleep(pause.seconds * 1000, signal)
    return undefined
  }
  return 'Cannot run handler: invalid handler'
}

async function runCommand(
  context: Context,
  containerId: string,
  { command = [] }: ExecAction,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { exitCode, stdout, stderr } = await runIn(context, containerId)(command, undefined, signal)
    if (exitCode === 0) return undefined
    const output = Buffer.concat([stdout, stderr]).toString()
    const why = `command '${command.join(' ')}' exited with ${exitCode}: ${stderr.toString()}`
    return `error: ${why}, message: ${goQuote(output)}`
  } catch (error) {
    return `error: ${messageOf(error)}, message: ""`
  }
}

/** As much of a response as is read: it is of no interest, but its server should be able to finish. */
const mostBodyBytes = 10 * 1024

/** Any response is a success, whatever its status. */
async function getHttp(
  context: Context,
  pod: Pod,
  container: Container,
  action: HTTPGetAction,
  signal: AbortSignal,
): Promise<string | undefined> {
  const options: GetOptions = { timeoutMs: undefined, signal, close: false, gzip: true }
  const send = (request: GetRequest): Promise<void> =>
    get(request, options, async response => {
      await response.body(mostBodyBytes).catch(() => {})
    })
  const address = podIp(context, pod)
  if (!action.host && address === '') return 'error: failed to find networking container'
  try {
    const request = getRequest(action, containerPort(action.port, container), address, 'lifecycle')
    try {
      await send(request)
    } catch (error) {
      if (!messageOf(error).includes(gaveHttp) || !(await succeeds(send(inTheClear(request))))) throw error
      const message = `request to HTTPS lifecycle hook ${request.url.host} got HTTP response, retry with HTTP succeeded`
      context.events.record(pod, 'Warning', 'LifecycleHTTPFallback', message)
    }
    return undefined
  } catch (error) {
    return `error: ${messageOf(error)}`
  }
}

/** Hooks for HTTPS were once sent over HTTP, so there are servers that expect just that. */
function inTheClear(request: GetRequest): GetRequest {
  const header = request.header.clone()
  header.delete('Authorization')
  return { ...request, url: { ...request.url, scheme: 'http' }, header }
}

const succeeds = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
